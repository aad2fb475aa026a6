"""What the daemon does when a tick is due."""

from __future__ import annotations

from collections import Counter
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stillhouse_orchestrator.daemon.plan import due_targets
from stillhouse_orchestrator.scheduling import Tick, Work
from stillhouse_orchestrator.store import Retention
from stillhouse_orchestrator.values import DriftStatus, Health

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from stillhouse_config import FleetModel, TargetDeclaration
    from stillhouse_orchestrator.application import Application
    from stillhouse_orchestrator.daemon.upkeep import Upkeep


@dataclass(frozen=True, slots=True)
class Duties:
    """Does the work of a tick, once."""

    application: Application
    upkeep: Upkeep

    async def perform(self, tick: Tick) -> None:
        """Do it."""
        match tick.work:
            case Work.CENSUS:
                await self._census(tick)
            case Work.DRIFT:
                targets = self._targets(tick)
                async with aclosing(self.application.drift.sweep(self.application.fleet, targets)) as reports:
                    async for _ in reports:
                        pass  # kept already
            case Work.DISCOVERY:
                await self.application.discover(tick.only)
            case Work.ALERTS:
                await self.application.alerts.look_at_rollouts()
                await self.application.alerts.notify()
                await self.application.alerts.deliver()
            case Work.RETENTION:
                async with self.application.store.write() as session:
                    await session.prune(retention_of(self.application.file.model))

    async def _census(self, tick: Tick) -> None:
        application = self.application
        states = await application.census.take(self._targets(tick), application.alerts)
        await self.upkeep.run(states)

    def _targets(self, tick: Tick) -> Sequence[TargetDeclaration]:
        return due_targets(self.application.fleet, tick, self.application.connections.silent)

    async def summary(self) -> str:
        """Say in one line how the fleet is, for the service manager."""
        async with self.application.store.read() as session:
            states = [state for state in await session.targets.all() if state.health is not Health.VANISHED]
        found = Counter[str]()
        for state in states:
            found["pending"] += bool(state.pending)
            found["drifted"] += state.drift is DriftStatus.DRIFTED
            found["unreachable"] += state.health is Health.UNREACHABLE
        return f"{len(states)} targets, {found['pending']} pending, {found['drifted']} drifted, {found['unreachable']} unreachable"


def retention_of(model: FleetModel) -> Retention:
    """Return how long the store keeps what is over; what the fleet file keeps for ever is kept for longer than anyone lives."""
    declared, default = model.retention, Retention()

    def kept(duration: timedelta | None) -> timedelta:
        return duration if duration is not None else 100 * default.events

    return Retention(events=kept(declared.history), alerts=kept(declared.alerts), rollouts=kept(declared.rollouts))
