"""Many statements in one call of SQLite's driver: aiosqlite passes each one from thread to thread and back."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stillhouse_engine.runtime.waiting import driver_connection, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Connection

PATIENCE_SECONDS = 0.05
_turn = threading.Lock()


@dataclass(frozen=True, slots=True)
class Call:
    """A statement as the driver takes it.

    Attributes:
        text: its text.
        parameters: its parameters; a list of them when there are ``many``.
        many: to be sent once for each of several rows.
        check: raises when the number of rows that it matched is wrong.
    """

    text: str
    parameters: Any = None
    many: bool = False
    check: Callable[[int], None] | None = None


def run_calls(connection: Connection, calls: Sequence[Call]) -> int:
    """Run statements on the driver's own connection, and return how many went well before the first that did not."""
    driver = driver_connection(connection)
    if isinstance(driver, sqlite3.Connection):
        return run_all(driver, calls)
    run, inner = getattr(driver, "_execute", None), getattr(driver, "_conn", None)
    if not callable(run) or not isinstance(inner, sqlite3.Connection):
        return 0  # another driver, or another version of aiosqlite
    done: int = wait_for(run(run_all, inner, calls))
    return done


def run_all(connection: sqlite3.Connection, calls: Sequence[Call]) -> int:
    """Run statements one after the other, and return how many went well."""
    cursor = connection.cursor()
    try:
        with _in_turn():
            for number, call in enumerate(calls):
                try:
                    if call.many:
                        cursor.executemany(call.text, call.parameters)
                    else:
                        cursor.execute(call.text, call.parameters or ())
                except sqlite3.Error:
                    return number
                if call.check is not None and cursor.rowcount != 1:
                    return number
            return len(calls)
    finally:
        cursor.close()


@contextmanager
def _in_turn() -> Iterator[None]:
    """Let threads go one after the other as long as none takes long.

    Side by side each would wait for Python's global lock after every short statement: together they take longer.
    """
    mine = _turn.acquire(timeout=PATIENCE_SECONDS)
    try:
        yield
    finally:
        if mine:
            _turn.release()
