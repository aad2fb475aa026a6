"""The drift check: looks at targets, comes to a verdict, keeps it, and says when drift appears, changes or goes."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stillhouse_orchestrator import readings
from stillhouse_orchestrator.ahead import ahead
from stillhouse_orchestrator.alerts.findings import look_for_drift
from stillhouse_orchestrator.drift.judging import Round
from stillhouse_orchestrator.drift.keeping import keep
from stillhouse_orchestrator.drift.known import Known
from stillhouse_orchestrator.drift.looking import Look, Looks, Scope, Seen
from stillhouse_orchestrator.drift.marks import Marks
from stillhouse_orchestrator.errors import ConnectionFailedError
from stillhouse_orchestrator.events import now
from stillhouse_orchestrator.visiting import Visits, batched, spread

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from stillhouse_config import Fleet, ProjectDeclaration, TargetDeclaration
    from stillhouse_engine.schema import Snapshot
    from stillhouse_orchestrator.alerts.service import AlertService
    from stillhouse_orchestrator.connections import Connections
    from stillhouse_orchestrator.drift.expecting import Expectations
    from stillhouse_orchestrator.projects import Description, Projects
    from stillhouse_orchestrator.store import Store
    from stillhouse_orchestrator.values import Baseline, DriftReport, Sighting

AT_A_TIME = 500  # targets whose schemas are held in memory, and whose results are kept in one transaction


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
        reports = {report.target: report async for some in self.sweep(fleet, targets) for report in some}
        return [reports[target.name] for target in targets]

    async def sweep(
        self, fleet: Fleet, targets: Sequence[TargetDeclaration]
    ) -> AsyncGenerator[list[DriftReport], None]:
        """Check some targets, and yield the reports as they are kept; the next targets are looked at meanwhile."""
        if not targets:
            return
        sweep = Sweep(self._store, self._connections, fleet)
        describing = asyncio.create_task(self._projects.describe(targets))
        try:
            async with self._connections.keeping(), aclosing(ahead(self._looks(sweep, targets))) as looks:
                async for known, found in looks:
                    sweep.projects = await describing
                    yield await self._judge(sweep, known, found)
        finally:
            describing.cancel()
            await asyncio.wait([describing])

    async def _looks(
        self, sweep: Sweep, targets: Sequence[TargetDeclaration]
    ) -> AsyncGenerator[tuple[Known, dict[str, Look]], None]:
        for some in batched(spread(targets), AT_A_TIME):
            known = await self.known(some)
            async with aclosing(sweep.look(some, known)) as arrivals:
                async for found in arrivals:
                    yield known, {target.name: found[target.name] for target in some if target.name in found}

    async def _judge(self, sweep: Sweep, known: Known, found: Mapping[str, Look]) -> list[DriftReport]:
        round_ = Round(sweep.fleet, known, found, sweep.projects, now())
        wanted = round_.wanted()
        if self._expectations is not None and wanted:
            round_.take(await self._expectations.derive(wanted))
        reports = await round_.reports(sweep)
        if self._store.ownership is not None:
            looks = [look_for_drift(report, round_.at, round_.labels[report.target]) for report in reports]
            async with self._store.write() as session:
                await keep(session, reports, known, round_)
                await self._alerts.observe_in(session, looks)
        return reports

    async def known(self, targets: Sequence[TargetDeclaration]) -> Known:
        """Return what the store knows about some targets."""
        names = [target.name for target in targets]
        async with self._store.read() as session:
            last = await session.looks.last(names, now())
        rules = [last.rules[key] for key in sorted(last.rules)]
        return Known.of(last.states, last.reports, filter(self._stands, last.baselines), rules)

    def _stands(self, baseline: Baseline) -> bool:
        return self._expectations is None or self._expectations.stands(baseline)


@dataclass
class Sweep:
    """One run over many targets, some at a time, and what it finds out on the way.

    Attributes:
        fleet: for its rules, and for the siblings of the targets.
        projects: the projects of all targets, from the first look on.
    """

    store: Store
    connections: Connections
    fleet: Fleet
    projects: Mapping[ProjectDeclaration, Description] = field(default_factory=dict)
    _seen: Seen = field(default_factory=dict)
    _marks: Marks = field(default_factory=Marks)
    _sightings: dict[str, Sighting] | None = None

    def look(self, targets: Sequence[TargetDeclaration], known: Known) -> AsyncGenerator[dict[str, Look], None]:
        """Look at some targets, and yield what was seen as it comes in."""
        looks = Looks(known.held(targets), known.expected(targets), self._seen, self._marks)
        visits = Visits(
            self.connections,
            looks.at,
            lambda _: Look(readings.ABSENT, error="its database file does not exist yet"),
            lambda target, error: Look(readings.refused(target, error), error=str(error)),
            lambda target: target.drift.timeout,
        )
        return visits.arrivals(targets)

    async def recorded(self, target: str, applied: Sequence[str]) -> Baseline | None:
        """Return a baseline with its snapshot."""
        async with self.store.read() as session:
            return await session.baselines.get(target, applied)

    async def fetch(self, target: TargetDeclaration) -> Snapshot | None:
        """Take the snapshot of one target; None when it cannot be had."""
        try:
            seconds = target.drift.timeout.total_seconds()
            async with self.connections.connect(target.url.reveal(), seconds=seconds) as connection:
                return await connection.run_sync(Scope.of(target).snapshot)
        except (ConnectionFailedError, TimeoutError):
            return None

    async def sightings(self) -> Mapping[str, Sighting]:
        """Return which schema every target of the fleet had when it was last looked at, by name."""
        if self._sightings is None:
            async with self.store.read() as session:
                self._sightings = await session.drift_reports.sightings()
        return self._sightings
