"""The answers to drift: repair it, adopt it as a revision, accept it as right, ignore it by rule."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from stillhouse_config import FleetValueError
from stillhouse_config.drift import parse_kind
from stillhouse_engine.schema import Snapshot, diff
from stillhouse_engine.schema.bodies import between
from stillhouse_orchestrator.abbreviations import meant
from stillhouse_orchestrator.connections import Priority
from stillhouse_orchestrator.drift import repairing
from stillhouse_orchestrator.drift.adopting import Adoption, adoptable, without
from stillhouse_orchestrator.drift.baselines import baseline_of
from stillhouse_orchestrator.drift.looking import Scope
from stillhouse_orchestrator.errors import AnswerError
from stillhouse_orchestrator.events import Event, EventName, now
from stillhouse_orchestrator.jobs import job_for
from stillhouse_orchestrator.readings import read_one
from stillhouse_orchestrator.values import Baseline, DriftReport, DriftStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stillhouse_config import Fleet, TargetDeclaration
    from stillhouse_orchestrator.connections import Connections
    from stillhouse_orchestrator.drift.repairing import RepairPlan
    from stillhouse_orchestrator.store import Store
    from stillhouse_orchestrator.values import IgnoreRule
    from stillhouse_orchestrator.workers.executor import Executor, Job, Outcome


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers drift on a fleet; each answer is an event with the name of the person who gave it."""

    store: Store
    connections: Connections
    executor: Executor | None = None

    async def plan_repair(self, target: TargetDeclaration, report: DriftReport) -> RepairPlan:
        """Plan the repair of a target from its last report.

        Raises:
            AnswerError: there is no drift to repair.
            ConnectionFailedError: it cannot be reached.
        """
        if report.status is not DriftStatus.DRIFTED:
            raise AnswerError(target.name, f"there is no drift to repair: {report.error or report.status.value}")
        async with self.store.read() as session:
            baseline = await session.baselines.get(target.name, report.applied)
        if baseline is None:
            raise AnswerError(target.name, "nothing is known about the schema that it should have")
        async with self.connections.connect(target.url.reveal(), priority=Priority.COMMAND) as connection:
            actual = await connection.run_sync(Scope.of(target).snapshot)
        ignored = {change.id for change in report.changes if change.ignored_by}
        return repairing.plan(target.name, Snapshot.from_json(baseline.snapshot), actual, ignored)

    async def repair(self, target: TargetDeclaration, planned: RepairPlan, actor: str) -> None:
        """Run a repair and verify it; the next check resolves the alert.

        Raises:
            AnswerError: it was not made, or left drift.
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

    async def plan_adoption(self, fleet: Fleet, target: TargetDeclaration, report: DriftReport) -> Adoption:
        """Plan the revision that adopts a target's drift, from its last report.

        Raises:
            AnswerError: there is no drift to adopt, it stands below the head, or no statements lead to its schema.
            ConnectionFailedError: it cannot be reached.
        """
        head = head_of(report)
        async with self.store.read() as session:
            baseline = await session.baselines.get(target.name, report.applied)
            others = await session.drift_reports.all()
        if baseline is None:
            raise AnswerError(target.name, "nothing is known about the schema that it should have")
        if target.schema is None and target.drift.schemas and target.url.dialect == "postgresql":
            raise AnswerError(
                target.name, "its drift spans several schemas", "write the revision by hand, then `drift accept`"
            )
        actual = await self._snapshot(target)
        expected = Snapshot.from_json(baseline.snapshot)
        ignored = {change.id for change in report.changes if change.ignored_by}
        adopted = without(actual, expected, [change for change in diff(expected, actual) if change.id in ignored])
        steps = between(expected, adopted)
        adoptable(target.name, steps, diff(adopted, expected))
        return Adoption(
            target=target.name,
            also=tuple(like(report, others, fleet)),
            drift_id=report.drift_id or "",
            applied=head,
            revision=secrets.token_hex(6),
            actual=actual,
            adopted=adopted,
            steps=steps,
            back=between(adopted, expected),
        )

    async def adopt(self, fleet: Fleet, planned: Adoption, message: str, actor: str) -> str:
        """Write the revision, and record it on every target that has its schema already; return the file's path.

        Raises:
            AnswerError: the schema has changed since the plan, the revision cannot be written, or a target cannot be stamped.
            ConnectionFailedError: a target cannot be reached.
        """
        target = fleet.targets[planned.target]
        if await self._snapshot(target) != planned.actual:
            raise AnswerError(
                target.name, "its schema has changed since the plan", "look at it again, and decide again"
            )
        written = await self._run(
            job_for(
                target, "adopt", revision=planned.revision, head=planned.applied, message=message,
                upgrades=planned.upgrades, downgrades=planned.downgrades,
            )
        )  # fmt: skip
        for name in (planned.target, *planned.also):
            await self._stamp(fleet.targets[name], planned, actor, written.written)
        return str(written.written)

    async def _stamp(self, target: TargetDeclaration, planned: Adoption, actor: str, path: str | None) -> None:
        await self._run(job_for(target, "stamp", planned.revision))
        moment = now()
        baseline = baseline_of(
            target.name, (planned.revision,), planned.adopted.to_json(), source="adopted", at=moment, by=actor
        )
        facts = {"revision": planned.revision, "drift_id": planned.drift_id, "file": path, "sql": list(planned.sql)}
        async with self.store.write() as session:
            await session.baselines.save([baseline])
            await session.record(Event(EventName.DRIFT_ADOPTED, moment, actor, target.name, facts=facts))

    async def _run(self, job: Job) -> Outcome:
        assert self.executor is not None  # noqa: S101 - whoever adopts was given one
        async with self.connections.hold(job.database.url, Priority.COMMAND):
            outcome = await self.executor.run(job)
        if not outcome.ok:
            hint = (
                f"`stillhouse alembic stamp {job.revision}` on it once that is mended" if job.verb == "stamp" else None
            )
            raise AnswerError(job.target, f"{job.verb} failed: {outcome.problem or outcome.state}", hint)
        return outcome

    async def _snapshot(self, target: TargetDeclaration) -> Snapshot:
        async with self.connections.connect(target.url.reveal(), priority=Priority.COMMAND) as connection:
            return await connection.run_sync(Scope.of(target).snapshot)

    async def accept(self, target: TargetDeclaration, actor: str) -> Baseline:
        """Take the live schema of a target as the one that it should have.

        Raises:
            ConnectionFailedError: it cannot be reached.
        """
        async with self.connections.connect(target.url.reveal(), priority=Priority.COMMAND) as connection:
            reading = await read_one(connection, target)
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

    async def unignore(self, rule_id: str, actor: str) -> str:
        """End a rule, so that what it covered counts again, and return its whole id.

        Raises:
            NotFoundError: there is none that begins like this.
            AmbiguousError: several begin like this.
        """
        async with self.store.write() as session:
            known = [rule.id for rule in await session.ignore_rules.live(now())]
            found = meant("rule", rule_id, known, "`stillhouse drift rules` lists them")
            await session.ignore_rules.forget(found)
            facts = {"rule": found, "ended": True}
            await session.record(Event(EventName.DRIFT_IGNORED, now(), actor, facts=facts))
        return found

    async def ignore(self, rule: IgnoreRule, actor: str) -> IgnoreRule:
        """Keep a rule and return it with its id.

        Raises:
            FleetValueError: it would cover nothing: its kind does not exist, or its last day has passed.
        """
        if rule.kind is not None:
            parse_kind(rule.kind)
        if rule.until is not None and rule.until <= now():
            last = (rule.until - timedelta(seconds=1)).date()
            raise FleetValueError(f"a rule until {last} covers nothing any more", "give a day to come")
        kept = replace(rule, id=rule.id or f"rule-{secrets.token_hex(4)}")
        facts = {"rule": kept.id, "owner": kept.owner, "reason": kept.reason, "until": kept.until}
        async with self.store.write() as session:
            await session.ignore_rules.save(kept)
            await session.record(Event(EventName.DRIFT_IGNORED, now(), actor, kept.target, facts=facts))
        return kept


def head_of(report: DriftReport) -> str:
    """Return the revision on which one that adopts a drift would stand.

    Raises:
        AnswerError: there is no drift, or the target is not at its only head.
    """
    if report.status is not DriftStatus.DRIFTED:
        raise AnswerError(report.target, f"there is no drift to adopt: {report.error or report.status.value}")
    if len(report.head) != 1 or set(report.applied) != set(report.head):
        at, heads = ", ".join(report.applied) or "base", ", ".join(report.head) or "none"
        hint = "bring it there first, or repair the drift" if len(report.head) == 1 else "merge the heads first"
        raise AnswerError(report.target, f"it stands at {at}, and a new revision would stand on {heads}", hint)
    return report.head[0]


def like(report: DriftReport, others: Iterable[DriftReport], fleet: Fleet) -> Iterator[str]:
    """Yield the other targets of the project whose expected and live schemas are those of a report."""
    target = fleet.targets[report.target]
    for other in others:
        found = fleet.targets.get(other.target)
        if (
            found is not None
            and found.name != target.name
            and found.project == target.project
            and other.drift_id == report.drift_id
            and set(other.applied) == set(report.applied)
            and other.expected_fingerprint == report.expected_fingerprint
            and other.actual_fingerprint == report.actual_fingerprint
        ):
            yield found.name
