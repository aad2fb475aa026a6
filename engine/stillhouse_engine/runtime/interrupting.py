"""Stopping a run from outside: its statement is cancelled on the server, not only waited for no longer.

asyncpg does so by itself when its task is cancelled. A thread cannot be cancelled, so its driver is asked to break off, also
where aiosqlite has the thread; and the drivers of MySQL leave a statement running, so the server is told through a second
connection. A server that answers nothing any more does not hear of it, and cannot be asked for a rollback: it is hung up on.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sqlite3
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import exc, text

from stillhouse_engine.runtime.waiting import driver_connection

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from sqlalchemy import Connection, Engine

log = logging.getLogger("stillhouse.runtime.interrupting")

CLEAN_UP_SECONDS = 5.0
"""How long a run that is stopped may take to clean up; then its servers are hung up on."""
HANGING_UP = {"asyncpg": "terminate", "asyncmy": "close"}
"""What asynchronous drivers call closing a socket, rather than a session."""
MYSQL = frozenset({"mysql", "mariadb"})


class Interrupter:
    """Knows the connections of a run, and how to make them stop."""

    def __init__(self) -> None:
        self._stops: list[Callable[[], None]] = []
        self._kills: list[tuple[Engine, int]] = []
        self._ends: list[Callable[[], None]] = []
        self._kept = ExitStack()

    def watch(self, connection: Connection) -> None:
        """Remember a connection that migrates."""
        driver = driver_connection(connection)
        if (end := ending(driver, self._kept)) is not None:
            self._ends.append(end)
        if connection.dialect.name in MYSQL:
            number: Any = getattr(driver, "thread_id", None) or getattr(driver, "connection_id", None)
            self._kills.append((connection.engine, int(number() if callable(number) else number)))
        if connection.dialect.is_async:
            with suppress(RuntimeError):
                loop, task = asyncio.get_running_loop(), asyncio.current_task()
                if task is not None:
                    break_off = getattr(driver, "interrupt", None)
                    self._stops.append(lambda: stop_task(loop, task, break_off))
            return
        stop: Any = getattr(driver, "cancel", None) or getattr(driver, "interrupt", None)
        if callable(stop):
            self._stops.append(stop)

    def interrupt(self) -> None:
        """Make the drivers break off; safe to call from another thread."""
        for stop in self._stops:
            try:
                stop()
            except Exception:
                log.debug("connection had ended before it was interrupted", exc_info=True)

    def stop(self) -> None:
        """Make the drivers break off, and end what they leave running; on a thread of its own."""
        self.interrupt()
        self.kill()

    def kill(self) -> None:
        """End statements on servers whose drivers leave them running; needs a thread, or the greenlet bridge."""
        for engine, number in self._kills:
            with suppress(exc.DBAPIError), engine.connect() as connection:
                connection.execute(text(f"KILL QUERY {number}"))

    def hang_up(self) -> None:
        """Close the sockets of the run's connections: whatever still waits for a server fails."""
        for end in self._ends:
            try:
                end()
            except Exception:
                log.debug("connection had ended before it was hung up", exc_info=True)

    def close(self) -> None:
        """Let go of the sockets; the run is over."""
        self._kept.close()

    @property
    def must_kill(self) -> bool:
        """Whether a server has to be told through a second connection."""
        return bool(self._kills)


def ending(driver: Any, kept: ExitStack) -> Callable[[], None] | None:
    """Return what closes the socket of a driver's connection while another thread waits for it; None where nothing can.

    A database in a file has none; it is interrupted once more: between two statements there was nothing to break off.

    Args:
        driver: the driver's connection. mysqlclient tells its socket only to the thread that uses it, so it is asked at once.
        kept: lets go of the socket at the end; until then its number is given to no other one.
    """
    close: Any = getattr(driver, HANGING_UP.get(type(driver).__module__.partition(".")[0], ""), None)
    inner = getattr(driver, "_conn", driver)
    if close is not None:
        return close  # type: ignore[no-any-return]
    if isinstance(inner, sqlite3.Connection):
        return inner.interrupt
    number = getattr(driver, "fileno", None) or getattr(getattr(driver, "_sock", None), "fileno", None)
    if not callable(number):
        return None
    own = os.dup(number())
    kept.callback(os.close, own)
    return partial(shut_down, own)


def shut_down(number: int) -> None:
    """End a socket's conversation, whoever has it open."""
    with socket.socket(fileno=os.dup(number)) as end:
        end.shutdown(socket.SHUT_RDWR)


def stop_task(
    loop: asyncio.AbstractEventLoop, task: asyncio.Task[Any], break_off: Callable[[], Coroutine[Any, Any, None]] | None
) -> None:
    """Cancel a task of a loop, from any thread.

    Args:
        loop: the task's loop.
        task: the task.
        break_off: makes its driver end the statement that it is in; else the task's clean-up would wait for that.
    """
    if loop.is_closed():
        return
    if break_off is not None:
        asyncio.run_coroutine_threadsafe(break_off(), loop)
    loop.call_soon_threadsafe(lambda: task.cancelling() or task.cancel())


_current: ContextVar[Interrupter | None] = ContextVar("stillhouse_interrupter", default=None)


@contextmanager
def interruptible() -> Iterator[Interrupter]:
    """Collect the connections that a run in this block migrates."""
    interrupter = Interrupter()
    token = _current.set(interrupter)
    try:
        yield interrupter
    finally:
        _current.reset(token)


def watch_connection(connection: Connection) -> None:
    """Let whoever runs this migration stop it."""
    interrupter = _current.get()
    if interrupter is not None:
        interrupter.watch(connection)
