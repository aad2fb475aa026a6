"""Which ticks a fleet needs: pure, from the fleet file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillhouse_orchestrator.connections import place_of
from stillhouse_orchestrator.scheduling import Tick, Work

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from stillhouse_config import Fleet, FleetFile, TargetDeclaration

ALERT_SECONDS = 10.0  # how soon a notification that has become due is sent
RETENTION_SECONDS = 86_400.0


def ticks_of(file: FleetFile, fleet: Fleet, silent: Collection[str] = ()) -> set[Tick]:
    """Return the ticks of a fleet.

    Targets that share an interval share a tick. Those of a server, or of a database, that does not answer have one of their
    own, so that nobody waits for it, and so has each source of targets.

    Args:
        file: the fleet file.
        fleet: the targets.
        silent: servers and databases that do not answer.
    """
    return {
        Tick(Work.ALERTS, ALERT_SECONDS),
        Tick(Work.RETENTION, RETENTION_SECONDS),
        *_discoveries(file),
        *(tick for target in fleet.targets.values() for tick in _target_ticks(target, silent)),
    }


def due_targets(fleet: Fleet, tick: Tick, silent: Collection[str] = ()) -> tuple[TargetDeclaration, ...]:
    """Return the targets that a census or drift tick is for."""
    return tuple(target for target in fleet.targets.values() if tick in _target_ticks(target, silent))


def _target_ticks(target: TargetDeclaration, silent: Collection[str]) -> Iterator[Tick]:
    only = next((place for place in (target.server, place_of(target)) if place in silent), None) if silent else None
    yield Tick(Work.CENSUS, target.census_every.total_seconds(), only)
    if target.drift.every is not None:
        yield Tick(Work.DRIFT, target.drift.every.total_seconds(), only)


def _discoveries(file: FleetFile) -> Iterator[Tick]:
    for name, database in file.model.databases.items():
        if database.for_each is not None and database.for_each.items is None:
            yield Tick(Work.DISCOVERY, database.for_each.every.total_seconds(), name)
