"""Repair: the statements that bring a drifted schema back to what was expected."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from stillhouse_engine.schema.errors import UnsupportedDialectError
from stillhouse_engine.schema.taking import PACKAGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stillhouse_engine.schema.actions import RepairStep
    from stillhouse_engine.schema.changes import Change
    from stillhouse_engine.schema.snapshot import Snapshot


class Repairer(Protocol):
    """What each dialect's repair module offers."""

    def plan(self, changes: Sequence[Change], expected: Snapshot, actual: Snapshot) -> tuple[RepairStep, ...]:
        """Return the steps that undo some changes."""


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
    if actual.dialect not in PACKAGES:
        raise UnsupportedDialectError(actual.dialect)
    planner = import_module(f"stillhouse_engine.schema.{PACKAGES[actual.dialect]}.planner")
    return cast("Repairer", planner).plan(chosen, expected, actual)
