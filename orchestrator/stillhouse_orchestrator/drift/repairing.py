"""Repair: the SQL that brings a drifted schema back, shown first, then run under the migration lock, then verified."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from stillhouse_engine.runtime.failures import is_lock_conflict
from stillhouse_engine.runtime.locks import LockName, release_quietly, session_lock
from stillhouse_engine.schema import Snapshot, diff, repair
from stillhouse_orchestrator.drift.looking import Scope
from stillhouse_orchestrator.drift.verdict import worst_risk
from stillhouse_orchestrator.errors import AnswerError
from stillhouse_orchestrator.jobs import version_table

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection

    from stillhouse_config import TargetDeclaration
    from stillhouse_engine.schema import Change, RepairStep
    from stillhouse_orchestrator.values import RepairRisk

COMMITS_EACH = frozenset({"mysql", "mariadb"})
"""Databases that commit with each statement of DDL."""
SESSION = ("USE ", "SET ")
"""How statements begin that change nothing but the session."""
AS_IT_IS = {"no_parameters": True}
"""A repair's ``%`` is no placeholder."""


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
        AnswerError: the lock is held, the schema is no longer the one that was planned for, or drift is left.
    """
    name, schema = version_table(target)
    lock = session_lock(connection, LockName(schema, name))
    if lock is not None and not lock.try_acquire():
        raise AnswerError(
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
        raise AnswerError(
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
            _outside(connection, target, [sql for step in steps for sql in step.sql])


def _check_unchanged(connection: Connection, target: TargetDeclaration, planned: RepairPlan) -> None:
    found = Scope.of(target).snapshot(connection)
    connection.rollback()
    if found != planned.actual:
        raise AnswerError(
            target.name, "its schema has changed since the repair was planned", "look at it again, and decide again"
        )


def _in_transaction(connection: Connection, target: TargetDeclaration, sql: Sequence[str]) -> None:
    begin = (
        ["BEGIN IMMEDIATE"] if connection.dialect.name == "sqlite" else []
    )  # its driver would begin too late for DDL
    ran, statement = list[str](), ""
    try:
        for statement in (*begin, *sql):
            connection.exec_driver_sql(statement, execution_options=AS_IT_IS)
            ran.append(statement)
        connection.commit()
    except DBAPIError as error:
        connection.rollback()
        raise _refused(target, error, statement, ran if connection.dialect.name in COMMITS_EACH else ()) from error


def _refused(target: TargetDeclaration, error: DBAPIError, statement: str, committed: Sequence[str]) -> AnswerError:
    kept = [each for each in committed if not each.startswith(SESSION)]
    what = f"what ran before it is kept ({len(kept)})" if kept else "nothing of this was kept"
    hint = "somebody holds a lock on it: wait until that has ended, and try again" if is_lock_conflict(error) else None
    return AnswerError(target.name, f"the database refused: {error.orig}; {what}\n  {statement}", hint)


def _outside(connection: Connection, target: TargetDeclaration, sql: Sequence[str]) -> None:
    """Run statements one by one, each committed by itself."""
    outside = connection.execution_options(isolation_level="AUTOCOMMIT")
    ran, statement = list[str](), ""
    try:
        for statement in sql:
            outside.exec_driver_sql(statement, execution_options=AS_IT_IS)
            ran.append(statement)
    except DBAPIError as error:
        raise _refused(target, error, statement, ran) from error
    finally:
        outside.rollback()
        outside.execution_options(isolation_level=outside.default_isolation_level)
