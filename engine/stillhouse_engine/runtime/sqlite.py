"""Transactions on SQLite that hold a revision's statements and its version row together.

Python's sqlite3 begins a transaction before writes but not before DDL, so each CREATE TABLE would commit by itself. Here
a revision's transaction begins explicitly, with ``BEGIN IMMEDIATE`` (which also keeps other writers out), and lazily:
``PRAGMA foreign_keys`` does nothing inside a transaction, and migrations start with it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from stillhouse_engine.errors import HoldError, LockBusyError
from stillhouse_engine.runtime.failures import is_sqlite_busy
from stillhouse_engine.runtime.settings import current_settings
from stillhouse_engine.runtime.waiting import driver_connection

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

COMMENTS = re.compile(r"\s+|--[^\n]*(?:\n|$)|/\*.*?\*/", re.DOTALL)
READS = frozenset({"SELECT", "EXPLAIN", "VALUES", "PRAGMA"})
OUTSIDE = frozenset({"VACUUM", "ATTACH", "DETACH"})
CONTROL = frozenset({"BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE"})
FOREIGN_KEYS = re.compile(r"PRAGMA\s+(?:\w+\.)?foreign_keys\s*(?:=|\()\s*['\"]?(\w+)", re.IGNORECASE)
TRUE_WORDS = frozenset({"1", "ON", "TRUE", "YES"})


def first_word(statement: str) -> str:
    """Return a statement's first keyword in capitals, past blanks and comments."""
    position = 0
    while match := COMMENTS.match(statement, position):
        position = match.end()
    word = re.match(r"\w+", statement[position:])
    return word.group().upper() if word else ""


def begins_transaction(statement: str) -> bool:
    """Tell whether a statement writes, so that a transaction must be open before it."""
    return first_word(statement) not in READS | OUTSIDE | CONTROL


def foreign_keys_wanted(statement: str) -> bool | None:
    """Return what a ``PRAGMA foreign_keys = …`` asks for; None for any other statement."""
    if first_word(statement) != "PRAGMA" or (match := FOREIGN_KEYS.search(statement)) is None:
        return None
    return match.group(1).upper() in TRUE_WORDS


class LazyTransaction:
    """Begins a SQLite transaction right before the first statement that writes.

    Args:
        connection: the connection that migrates.
        began: called inside the new transaction; raises when the database is not as the run expects.
        ending: called before a commit in the middle of a revision.
    """

    def __init__(self, connection: Connection, began: Callable[[], None], ending: Callable[[], None]) -> None:
        self.connection = connection
        self.began = began
        self.ending = ending
        event.listen(connection, "before_cursor_execute", self._before)

    def close(self) -> None:
        """Stop watching the connection."""
        event.remove(self.connection, "before_cursor_execute", self._before)

    def open_now(self) -> None:
        """Begin the transaction, unless one is open."""
        if not in_transaction(self.connection):
            self._run("BEGIN IMMEDIATE")
            self.began()

    def _before(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if begins_transaction(statement):
            self.open_now()
        elif in_transaction(self.connection) and self._fails_inside(statement):
            if current_settings().hold:
                raise HoldError(f"SQLite runs {statement.strip()!r} outside of transactions only")
            # As far as here the revision has committed in Alembic, too, where DDL commits by itself.
            self.ending()
            self._run("COMMIT")

    def _fails_inside(self, statement: str) -> bool:
        wanted = foreign_keys_wanted(statement)
        if wanted is None:
            return first_word(statement) in OUTSIDE
        return wanted is not self._foreign_keys()

    def _foreign_keys(self) -> bool:
        cursor = self.connection.connection.cursor()
        try:
            cursor.execute("PRAGMA foreign_keys")
            row = cursor.fetchone()
        finally:
            cursor.close()
        return row is not None and bool(row[0])

    def _run(self, statement: str) -> None:
        try:
            run_aside(self.connection, statement)
        except Exception as error:
            if is_sqlite_busy(error):
                raise LockBusyError(f"database {self.connection.engine.url.database}") from error
            raise


class OutsideTransactions:
    """Keeps a connection outside of SQLite's transactions within a ``with`` block, whatever a program's hooks begin.

    SQLAlchemy's recipe for SQLite has programs send BEGIN from its ``begin`` event; it comes in autocommit mode, too.

    Args:
        connection: the connection that migrates, in autocommit mode.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._begun = False

    def __enter__(self) -> None:
        event.listen(self.connection, "begin", self._begin)
        event.listen(self.connection, "before_cursor_execute", self._before)

    def __exit__(self, *_: object) -> None:
        event.remove(self.connection, "begin", self._begin)
        event.remove(self.connection, "before_cursor_execute", self._before)

    def _begin(self, _connection: Connection) -> None:
        self._begun = True  # a connection's listeners are called before its engine's

    def _before(self, connection: Connection, *_: Any) -> None:
        if not self._begun or not connection.in_transaction():
            return  # what the hooks themselves send comes before SQLAlchemy's transaction is there
        self._begun = False
        if in_transaction(connection):
            run_aside(connection, "COMMIT")


def run_aside(connection: Connection, statement: str) -> None:
    """Run a statement on the driver's connection, past SQLAlchemy's transaction."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(statement)
    finally:
        cursor.close()


def in_transaction(connection: Connection) -> bool:
    """Ask the driver whether SQLite has a transaction open."""
    return bool(driver_connection(connection).in_transaction)
