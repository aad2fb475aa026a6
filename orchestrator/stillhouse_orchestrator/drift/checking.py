"""The drift check: looks at targets, comes to a verdict, keeps it, and says when drift appears, changes or goes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stillhouse_orchestrator import census
from stillhouse_orchestrator.alerts.findings import look_for_drift
from stillhouse_orchestrator.census import state_of
from stillhouse_orchestrator.drift.looking import Look, look
from stillhouse_orchestrator.drift.rules import rules_of
from stillhouse_orchestrator.drift.verdict import Seen, again, decide
from stillhouse_orchestrator.events import Event, EventName, now
from stillhouse_orchestrator.revisions import Reading
from stillhouse_orchestrator.values import DriftReport, DriftStatus
from stillhouse_orchestrator.visiting import Visits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from stillhouse_config import Fleet, TargetDeclaration
    from stillhouse_orchestrator.alerts.service import AlertService
    from stillhouse_orchestrator.connections import Connections
    from stillhouse_orchestrator.projects import Description, Projects
    from stillhouse_orchestrator.store import Session, Store
    from stillhouse_orchestrator.values import Baseline, IgnoreRule, TargetState

SETTLED = frozenset({DriftStatus.IN_SYNC, DriftStatus.DRIFTED, DriftStatus.PENDING_ONLY})
DETAILED = 20  # changes named in one event


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows before a check."""

    states: Mapping[str, TargetState]
    reports: Mapping[str, DriftReport]
    baselines: Mapping[tuple[str, tuple[str, ...]], Baseline]
    rules: Sequence[IgnoreRule]

    def holding(self) -> dict[str, DriftReport]:
        """Return the reports whose verdict holds while neither the schema nor the baseline changes."""
        return {
            name: report
            for name, report in self.reports.items()
            if report.status in SETTLED and self._fingerprint(report) == report.expected_fingerprint
        }

    def _fingerprint(self, report: DriftReport) -> str | None:
        baseline = self.baselines.get((report.target, tuple(sorted(report.applied))))
        return baseline.fingerprint if baseline else None


class DriftCheck:
    """Checks targets for drift.

    Args:
        store: where reports, states and events are kept.
        connections: the daemon's way to databases.
        projects: describes what revisions mean.
        alerts: hears of every report.
    """

    def __init__(self, store: Store, connections: Connections, projects: Projects, alerts: AlertService) -> None:
        self._store = store
        self._connections = connections
        self._projects = projects
        self._alerts = alerts

    async def run(self, fleet: Fleet, targets: Sequence[TargetDeclaration]) -> list[DriftReport]:
        """Check some targets, keep the reports and return them in the order of the targets."""
        if not targets:
            return []
        known = await self._known()
        holding = known.holding()
        visits = Visits(
            self._connections,
            lambda connection, target: look(connection, target, holding),
            lambda _: Look(Reading((), table_missing=True), error="its database file does not exist yet"),
            lambda target, error: Look(census.refused(target, error), error=str(error)),
        )
        looks, projects = await asyncio.gather(visits.all(targets), self._projects.describe(targets))
        moment = now()
        async with self._store.read() as session:
            round_ = Round(fleet, known, moment, session)
            reports = [await round_.judge(target, looks[target.name], projects[target.project]) for target in targets]
        if self._store.ownership is not None:
            async with self._store.write() as session:
                await keep(session, reports, known.reports, round_.states)
            labels = {state.target: state.labels for state in round_.states}
            await self._alerts.observe([look_for_drift(report, moment, labels[report.target]) for report in reports])
        return reports

    async def _known(self) -> Known:
        async with self._store.read() as session:
            return Known(
                states={state.target: state for state in await session.targets.all()},
                reports={report.target: report for report in await session.drift_reports.all()},
                baselines={(each.target, each.applied): each for each in await session.baselines.all()},
                rules=await session.ignore_rules.live(now()),
            )


class Round:
    """One round of verdicts.

    Attributes:
        states: what the look says about each target's revisions and health.
    """

    def __init__(self, fleet: Fleet, known: Known, at: datetime, session: Session) -> None:
        self._fleet = fleet
        self._known = known
        self._at = at
        self._session = session
        self.states: list[TargetState] = []

    async def judge(self, target: TargetDeclaration, look: Look, project: Description) -> DriftReport:
        """Come to a verdict on one target."""
        before = self._known.reports.get(target.name)
        state = state_of(target, look.reading, project, self._known.states.get(target.name), self._at)
        rules = [*rules_of(self._fleet, target), *self._known.rules]
        seen = Seen(
            target=target.name,
            at=self._at,
            applied=look.reading.revisions,
            head=state.head,
            pending=state.pending,
            snapshot=look.snapshot,
            error=look.reading.error or look.error,
        )
        if seen.error is None and look.snapshot is None and before is not None:
            report = again(seen, before, rules)
        else:
            report = decide(seen, await self._baseline(target.name, seen.applied), rules, before)
        report = replace(report, catalogue_hash=look.catalogue_hash)
        self.states.append(replace(state, drift=report.status))
        return report

    async def _baseline(self, target: str, applied: tuple[str, ...] | None) -> Baseline | None:
        """Return the baseline at some revisions; else the newest one, so that the verdict can say why it does not apply."""
        found = await self._session.baselines.get(target, applied) if applied is not None else None
        recorded = [each for (name, _), each in self._known.baselines.items() if name == target]
        return found or max(recorded, key=lambda each: each.taken_at, default=None)


async def keep(
    session: Session, reports: Sequence[DriftReport], before: Mapping[str, DriftReport], states: Sequence[TargetState]
) -> None:
    """Store reports with what follows from them: states and events."""
    await session.drift_reports.save(reports)
    await session.targets.save(states)
    await session.record(*(event for report in reports for event in events_of(before.get(report.target), report)))


def events_of(before: DriftReport | None, after: DriftReport) -> Iterator[Event]:
    """Yield what a report says that the one before did not. An unknown target is no news about its drift."""
    at = after.checked_at or now()
    old = before.drift_id if before else None
    if after.status is DriftStatus.DRIFTED and after.drift_id != old:
        objects = [f"{change.op} {change.kind} {change.object}" for change in after.counted]
        facts = {"drift_id": after.drift_id, "changes": len(objects), "objects": objects[:DETAILED]}
        yield Event(EventName.DRIFT_CHANGED if old else EventName.DRIFT_DETECTED, at, target=after.target, facts=facts)
    elif old and after.status in {DriftStatus.IN_SYNC, DriftStatus.PENDING_ONLY}:
        yield Event(EventName.DRIFT_CLEARED, at, target=after.target, facts={"drift_id": old})
