"""Repair: the statements that bring a drifted schema back to what was expected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from stillhouse_engine.schema.errors import UnsupportedDialectError
from stillhouse_engine.schema.mysql import planner as mysql
from stillhouse_engine.schema.postgresql import planner as postgresql
from stillhouse_engine.schema.sqlite import planner as sqlite

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stillhouse_engine.schema.actions import RepairStep
    from stillhouse_engine.schema.changes import Change
    from stillhouse_engine.schema.snapshot import Snapshot


class Repairer(Protocol):
    """What each dialect's repair module offers."""

    def plan(self, changes: Sequence[Change], expected: Snapshot, actual: Snapshot) -> tuple[RepairStep, ...]:
        """Return the steps that undo some changes."""


REPAIRERS: Mapping[str, Repairer] = {
    "postgresql": postgresql,
    "sqlite": sqlite,
    "mysql": mysql,
    "mariadb": mysql,
}


def repair(changes: Iterable[Change], expected: Snapshot, actual: Snapshot) -> tuple[RepairStep, ...]:
    """Return the steps, in order, that undo some or all of the changes between two snapshots.

    Run each step's statements on a connection of its own, one by one: transactional steps in one transaction, the
    others outside. The first step prepares the session, and answers no change.

    Raises:
        UnsupportedDialectError: there are no repairs for this kind of database.
    """
    chosen = tuple(changes)
    if not chosen:
        return ()
    if actual.dialect not in REPAIRERS:
        raise UnsupportedDialectError(actual.dialect)
    return REPAIRERS[actual.dialect].plan(chosen, expected, actual)
