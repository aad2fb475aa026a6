"""The answers to drift: repair it, accept it as right, ignore it by rule."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stillhouse_engine.schema import Snapshot
from stillhouse_orchestrator.census import read
from stillhouse_orchestrator.connections import Priority
from stillhouse_orchestrator.drift import repairing
from stillhouse_orchestrator.drift.baselines import baseline_of
from stillhouse_orchestrator.drift.looking import Scope
from stillhouse_orchestrator.drift.repairing import RepairError, RepairPlan
from stillhouse_orchestrator.events import Event, EventName, now
from stillhouse_orchestrator.values import Baseline, DriftReport, DriftStatus

if TYPE_CHECKING:
    from stillhouse_config import TargetDeclaration
    from stillhouse_orchestrator.connections import Connections
    from stillhouse_orchestrator.store import Store
    from stillhouse_orchestrator.values import IgnoreRule


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers drift on a fleet; each answer is an event with the name of the person who gave it."""

    store: Store
    connections: Connections

    async def plan_repair(self, target: TargetDeclaration, report: DriftReport) -> RepairPlan:
        """Plan the repair of a target from its last report.

        Raises:
            RepairError: there is no drift to repair.
            ConnectionFailedError: it cannot be reached.
        """
        if report.status is not DriftStatus.DRIFTED:
            raise RepairError(target.name, f"there is no drift to repair: {report.error or report.status.value}")
        async with self.store.read() as session:
            baseline = await session.baselines.get(target.name, report.applied)
        if baseline is None:
            raise RepairError(target.name, "nothing is known about the schema that it should have")
        async with self.connections.connect(target.url.reveal(), priority=Priority.COMMAND) as connection:
            actual = await connection.run_sync(Scope.of(target).snapshot)
        ignored = {change.id for change in report.changes if change.ignored_by}
        return repairing.plan(target.name, Snapshot.from_json(baseline.snapshot), actual, ignored)

    async def repair(self, target: TargetDeclaration, planned: RepairPlan, actor: str) -> None:
        """Run a repair and verify it; the next check resolves the alert.

        Raises:
            RepairError: it was not made, or left drift.
            ConnectionFailedError: the database cannot be reached, or refused.
        """
        url = target.url.reveal()
        async with self.connections.connect(url, priority=Priority.COMMAND, read_only=False) as connection:
            await connection.run_sync(repairing.apply, target, planned)
        facts = {
            "sql": list(planned.sql),
            "risk": planned.risk.value,
            "changes": [change.id for change in planned.changes],
        }
        async with self.store.write() as session:
            await session.record(Event(EventName.DRIFT_REPAIRED, now(), actor, target.name, facts=facts))

    async def accept(self, target: TargetDeclaration, actor: str) -> Baseline:
        """Take the live schema of a target as the one that it should have.

        Raises:
            ConnectionFailedError: it cannot be reached.
        """
        async with self.connections.connect(target.url.reveal(), priority=Priority.COMMAND) as connection:
            reading = await read(connection, target)
            snapshot = await connection.run_sync(Scope.of(target).snapshot)
        moment = now()
        baseline = baseline_of(
            target.name, reading.revisions or (), snapshot.to_json(), source="accepted", at=moment, by=actor
        )
        async with self.store.write() as session:
            await session.baselines.save([baseline])
            facts = {"applied": list(baseline.applied), "fingerprint": baseline.fingerprint}
            await session.record(Event(EventName.BASELINE_ACCEPTED, moment, actor, target.name, facts=facts))
        return baseline

    async def ignore(self, rule: IgnoreRule, actor: str) -> IgnoreRule:
        """Keep a rule and return it with its id."""
        kept = replace(rule, id=rule.id or f"rule-{secrets.token_hex(4)}")
        facts = {"rule": kept.id, "owner": kept.owner, "reason": kept.reason, "until": kept.until}
        async with self.store.write() as session:
            await session.ignore_rules.save(kept)
            await session.record(Event(EventName.DRIFT_IGNORED, now(), actor, kept.target, facts=facts))
        return kept
