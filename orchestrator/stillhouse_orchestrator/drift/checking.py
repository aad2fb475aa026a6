"""The drift check: looks at targets, comes to a verdict, keeps it, and says when drift appears, changes or goes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from stillhouse_orchestrator import census
from stillhouse_orchestrator.alerts.findings import look_for_drift
from stillhouse_orchestrator.drift.judging import Round
from stillhouse_orchestrator.drift.known import Known
from stillhouse_orchestrator.drift.looking import Look, Looks, Scope
from stillhouse_orchestrator.errors import ConnectionFailedError
from stillhouse_orchestrator.events import Event, EventName, now
from stillhouse_orchestrator.values import DriftReport, DriftStatus
from stillhouse_orchestrator.visiting import Visits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stillhouse_config import Fleet, ProjectDeclaration, TargetDeclaration
    from stillhouse_engine.schema import Snapshot
    from stillhouse_orchestrator.alerts.service import AlertService
    from stillhouse_orchestrator.connections import Connections
    from stillhouse_orchestrator.drift.expecting import Expectations
    from stillhouse_orchestrator.projects import Description, Projects
    from stillhouse_orchestrator.store import Session, Store

DETAILED = 20  # changes named in one event
AT_A_TIME = 250  # targets whose schemas are held in memory at once


class DriftCheck:
    """Checks targets for drift.

    Args:
        store: where reports, states and events are kept.
        connections: the daemon's way to databases.
        projects: describes what revisions mean.
        alerts: hears of every report.
        expectations: derives baselines for targets that have none; without it nothing is derived.
    """

    def __init__(
        self,
        store: Store,
        connections: Connections,
        projects: Projects,
        alerts: AlertService,
        expectations: Expectations | None = None,
    ) -> None:
        self._store = store
        self._connections = connections
        self._projects = projects
        self._alerts = alerts
        self._expectations = expectations

    async def run(self, fleet: Fleet, targets: Sequence[TargetDeclaration]) -> list[DriftReport]:
        """Check some targets, keep the reports and return them in the order of the targets."""
        reports: list[DriftReport] = []
        if not targets:
            return reports
        known, projects = await asyncio.gather(self._known(), self._projects.describe(targets))
        looks = Looks(known.held(targets), known.expected(targets))
        for start in range(0, len(targets), AT_A_TIME):
            reports += await self._some(fleet, targets[start : start + AT_A_TIME], known, looks, projects)
        if self._store.ownership is not None:
            moment = now()
            labels = {target.name: target.labels for target in targets}
            await self._alerts.observe([look_for_drift(report, moment, labels[report.target]) for report in reports])
        return reports

    async def _some(
        self,
        fleet: Fleet,
        targets: Sequence[TargetDeclaration],
        known: Known,
        looks: Looks,
        projects: Mapping[ProjectDeclaration, Description],
    ) -> list[DriftReport]:
        found = await self._look(targets, looks)
        round_ = Round(fleet, known, found, projects, now())
        wanted = round_.wanted()
        if self._expectations is not None and wanted:
            round_.take(await self._expectations.derive(wanted))
        async with self._store.read() as session:
            reports = await round_.reports(session, self._fetch)
        if self._store.ownership is not None:
            async with self._store.write() as session:
                await keep(session, reports, known.reports, round_)
        return reports

    async def _look(self, targets: Sequence[TargetDeclaration], looks: Looks) -> dict[str, Look]:
        visits = Visits(
            self._connections,
            looks.at,
            lambda _: Look(census.ABSENT, error="its database file does not exist yet"),
            lambda target, error: Look(census.refused(target, error), error=str(error)),
        )
        found = await visits.all(targets)
        return {target.name: found[target.name] for target in targets}

    async def _fetch(self, target: TargetDeclaration) -> Snapshot | None:
        """Take the snapshot of one target; None when it cannot be had."""
        try:
            async with self._connections.connect(target.url.reveal()) as connection:
                return await connection.run_sync(Scope.of(target).snapshot)
        except ConnectionFailedError:
            return None

    async def _known(self) -> Known:
        async with self._store.read() as session:
            return Known.of(
                await session.targets.all(),
                await session.drift_reports.all(),
                await session.baselines.all(),
                await session.ignore_rules.live(now()),
            )


async def keep(
    session: Session, reports: Sequence[DriftReport], before: Mapping[str, DriftReport], round_: Round
) -> None:
    """Store reports with what follows from them: states, derived baselines, events."""
    await session.baselines.save(round_.derived)
    await session.drift_reports.save(reports)
    await session.targets.save(round_.states.values())
    for baseline in round_.derived:
        facts = {
            "applied": list(baseline.applied),
            "fingerprint": baseline.fingerprint,
            "source": baseline.source,
        }
        await session.record(Event(EventName.BASELINE_RECORDED, baseline.taken_at, target=baseline.target, facts=facts))
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
