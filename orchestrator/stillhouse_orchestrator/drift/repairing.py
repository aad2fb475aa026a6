"""Repair: the SQL that brings a drifted schema back, shown first, then run under the migration lock, then verified."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from stillhouse_engine.runtime.locks import LockName, release_quietly, session_lock
from stillhouse_engine.schema import Snapshot, diff, repair
from stillhouse_orchestrator.drift.looking import Scope
from stillhouse_orchestrator.drift.verdict import worst_risk
from stillhouse_orchestrator.errors import StillhouseError
from stillhouse_orchestrator.jobs import version_table

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection

    from stillhouse_config import TargetDeclaration
    from stillhouse_engine.schema import Change, RepairStep
    from stillhouse_orchestrator.values import RepairRisk

AS_IT_IS = {"no_parameters": True}
"""A repair's ``%`` is no placeholder."""


class RepairError(StillhouseError):
    """A repair that was not made, or did not do what it should.

    Attributes:
        target: whose.
    """

    def __init__(self, target: str, reason: str, hint: str | None = None) -> None:
        self.target = target
        self.hint = hint
        super().__init__(f"{target}: {reason}")


@dataclass(frozen=True, slots=True)
class RepairPlan:
    """What would be run.

    Attributes:
        changes: the drift that it answers.
        steps: the statements in their order; a step without statements says why its change must be repaired by hand.
        expected: what the schema is to be.
        actual: what it was when the plan was made; a repair refuses to run when it is something else by then.
    """

    target: str
    changes: tuple[Change, ...]
    steps: tuple[RepairStep, ...]
    expected: Snapshot
    actual: Snapshot

    @property
    def sql(self) -> tuple[str, ...]:
        """All statements in their order."""
        return tuple(statement for step in self.steps for statement in step.sql)

    @property
    def risk(self) -> RepairRisk:
        """The worst of its steps."""
        return worst_risk(self.steps)

    @property
    def by_hand(self) -> tuple[RepairStep, ...]:
        """The steps that no statement answers."""
        return tuple(step for step in self.steps if step.change_ids and not step.sql)


def plan(target: str, expected: Snapshot, actual: Snapshot, ignored: Collection[str] = ()) -> RepairPlan:
    """Plan the repair of everything that differs and is not ignored."""
    changes = tuple(change for change in diff(expected, actual) if change.id not in ignored)
    return RepairPlan(target, changes, repair(changes, expected, actual), expected, actual)


def apply(connection: Connection, target: TargetDeclaration, planned: RepairPlan) -> None:
    """Run a plan on a connection of its own, under the target's migration lock, and verify what it left.

    Raises:
        RepairError: the lock is held, the schema is no longer the one that was planned for, or drift is left.
    """
    name, schema = version_table(target)
    lock = session_lock(connection, LockName(schema, name))
    if lock is not None and not lock.try_acquire():
        raise RepairError(
            target.name, f"somebody migrates it: {lock.holder() or 'unknown'}", "wait until that has ended"
        )
    connection.commit()  # a session lock outlives the transaction; an open snapshot would block others
    try:
        _limit_waiting(connection, target)
        _run(connection, target, planned)
        left = {change.id for change in diff(planned.expected, Scope.of(target).snapshot(connection))}
        connection.rollback()
    finally:
        if lock is not None:
            release_quietly(lock)
    wanted = {change.id for change in planned.changes} - {
        ident for step in planned.by_hand for ident in step.change_ids
    }
    if left & wanted:
        raise RepairError(
            target.name,
            f"{len(left & wanted)} of {len(wanted)} changes are still there after the repair",
            "see `drift show`",
        )


def _limit_waiting(connection: Connection, target: TargetDeclaration) -> None:
    """Let no statement wait for a lock longer than a migration's would."""
    milliseconds = int(target.lock_timeout.total_seconds() * 1000)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET lock_timeout = '{milliseconds}ms'")
    elif connection.dialect.name in {"mysql", "mariadb"}:
        connection.exec_driver_sql(f"SET SESSION lock_wait_timeout = {max(1, milliseconds // 1000)}")
    connection.commit()


def _run(connection: Connection, target: TargetDeclaration, planned: RepairPlan) -> None:
    _check_unchanged(connection, target, planned)
    for transactional, steps in itertools.groupby(planned.steps, key=lambda step: step.transactional):
        if transactional:
            _in_transaction(connection, target, [sql for step in steps for sql in step.sql])
        else:
            _outside(connection, [sql for step in steps for sql in step.sql])


def _check_unchanged(connection: Connection, target: TargetDeclaration, planned: RepairPlan) -> None:
    found = Scope.of(target).snapshot(connection)
    connection.rollback()
    if found != planned.actual:
        raise RepairError(
            target.name, "its schema has changed since the repair was planned", "look at it again, and decide again"
        )


def _in_transaction(connection: Connection, target: TargetDeclaration, sql: Sequence[str]) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # the driver itself would begin too late for DDL
    try:
        for statement in sql:
            connection.exec_driver_sql(statement, execution_options=AS_IT_IS)
        connection.commit()
    except DBAPIError as error:
        connection.rollback()
        raise RepairError(
            target.name, f"the database refused: {error.orig}; nothing of this was kept\n  {statement}"
        ) from error


def _outside(connection: Connection, sql: Sequence[str]) -> None:
    """Run statements one by one, each committed by itself."""
    outside = connection.execution_options(isolation_level="AUTOCOMMIT")
    try:
        for statement in sql:
            outside.exec_driver_sql(statement, execution_options=AS_IT_IS)
    finally:
        outside.rollback()
        outside.execution_options(isolation_level=outside.default_isolation_level)
