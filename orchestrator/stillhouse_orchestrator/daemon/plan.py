"""Which ticks a fleet needs: pure, from the fleet file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillhouse_orchestrator.scheduling import Tick, Work

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stillhouse_config import Fleet, FleetFile, TargetDeclaration

ALERT_SECONDS = 10.0  # how soon a notification that has become due is sent
RETENTION_SECONDS = 86_400.0


def ticks_of(file: FleetFile, fleet: Fleet) -> set[Tick]:
    """Return the ticks of a fleet; targets that share an interval share a tick."""
    return {
        Tick(Work.ALERTS, ALERT_SECONDS),
        Tick(Work.RETENTION, RETENTION_SECONDS),
        *(Tick(Work.DISCOVERY, seconds) for seconds in _discovery_intervals(file)),
        *(tick for target in fleet.targets.values() for tick in _target_ticks(target)),
    }


def due_targets(fleet: Fleet, tick: Tick) -> tuple[TargetDeclaration, ...]:
    """Return the targets that a census or drift tick is for."""
    return tuple(target for target in fleet.targets.values() if tick in _target_ticks(target))


def _target_ticks(target: TargetDeclaration) -> Iterator[Tick]:
    yield Tick(Work.CENSUS, target.census_every.total_seconds())
    if target.drift.every is not None:
        yield Tick(Work.DRIFT, target.drift.every.total_seconds())


def _discovery_intervals(file: FleetFile) -> Iterator[float]:
    for database in file.model.databases.values():
        if database.for_each is not None and database.for_each.items is None:
            yield database.for_each.every.total_seconds()
