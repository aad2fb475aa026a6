"""Opens connections for the daemon's own queries, with its own drivers, and says what is wrong when one cannot be opened.

One SQLAlchemy engine without a pool serves all databases of one server and driver: an engine holds the dialect with
what it has learnt about the server, and is too heavy (7 MB) to have one per target. Which database a connection goes
to is a context variable, read when the driver connects.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from stillhouse_engine.runtime.sqlite_cursors import cross_once
from stillhouse_engine.worker.diagnosis import HINTS, diagnose
from stillhouse_engine.worker.scrub import scrub, secrets_of
from stillhouse_orchestrator.connections.servers import OWN_DRIVERS, address, own_url, server_of
from stillhouse_orchestrator.errors import ConnectionFailedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from sqlalchemy.engine import URL, Dialect
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

CLOSE_SECONDS = 5.0
PING_SECONDS = 2.0
HANGING_UP = {"asyncpg": "terminate", "asyncmy": "close"}
"""What the drivers call closing a socket, rather than a session."""


@dataclass(slots=True)
class Attempt:
    """One attempt to connect.

    Attributes:
        url: where to.
        made: the driver's connection, once it has made one; SQLAlchemy may still ask its server what it is.
    """

    url: URL
    made: DBAPIConnection | None = None

    def hang_up(self) -> None:
        """Close the connection's socket, if there is one."""
        if self.made is not None:
            _hang_up(self.made.driver_connection)


_attempt: ContextVar[Attempt] = ContextVar("stillhouse_connecting")


class Opener:
    """Opens and closes connections; whether there may be one more is not its business.

    Args:
        timeout: seconds until a server that does not answer counts as unreachable.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._engines: dict[tuple[str, str], AsyncEngine] = {}

    async def open(self, url: URL | str, *, read_only: bool, seconds: float = math.inf) -> AsyncConnection:
        """Open a connection.

        Args:
            url: the target's URL; the driver in it may be any.
            read_only: let the database refuse to write; an SQLite file is not made when it is missing.
            seconds: how long it may take, where that is less than for all.

        Raises:
            ConnectionFailedError: it cannot be opened.
        """
        chosen, seconds = daemon_url(url, read_only=read_only), min(seconds, self._timeout)
        if read_only:
            await _check_file(sa.make_url(url))
        attempt = Attempt(chosen)
        token = _attempt.set(attempt)
        try:
            async with patience(seconds, attempt.hang_up):
                connection = await self._engine(chosen).connect()
        except TimeoutError as error:
            raise unanswered(chosen, seconds) from error
        except (sa.exc.SQLAlchemyError, OSError) as error:
            raise failed(chosen, error) from error
        except Exception as error:
            if diagnose(error) is None:
                raise
            raise failed(chosen, error) from error  # SQLAlchemy 2.0 hands on what asyncpg raises while connecting
        finally:
            _attempt.reset(token)
        if read_only and chosen.get_backend_name() == "postgresql":
            return await connection.execution_options(postgresql_readonly=True)
        return connection

    async def aclose(self) -> None:
        """Forget the engines."""
        engines, self._engines = list(self._engines.values()), {}
        for engine in engines:
            await engine.dispose()

    def _engine(self, url: URL) -> AsyncEngine:
        key = (url.drivername, server_of(url))
        if key not in self._engines:
            try:
                engine = create_async_engine(url, poolclass=NullPool)
            except ImportError as error:
                raise ConnectionFailedError(
                    "missing_driver",
                    address(url),
                    f"the driver is not installed: {error}",
                    hint="install 'stillhouse[mysql]'",
                ) from error
            sa.event.listen(engine.sync_engine, "do_connect", _aim)
            if engine.dialect.driver == "aiosqlite":
                cross_once(engine.sync_engine)
            self._engines[key] = engine
        return self._engines[key]


@contextlib.asynccontextmanager
async def patience(seconds: float | None, hang_up: Callable[[], None]) -> AsyncIterator[None]:
    """Give a block that talks to a server some seconds, all of them without None; then hang up on the server.

    To be cancelled is not enough: what is cancelled cleans up, and may ask the server that does not answer once more.

    Raises:
        TimeoutError: the time is over.
    """
    try:
        async with asyncio.timeout(seconds) as limit:
            late = None if seconds is None else asyncio.get_running_loop().call_later(seconds, hang_up)
            try:
                yield
            finally:
                if late is not None:
                    late.cancel()
    except (sa.exc.SQLAlchemyError, OSError) as error:
        if limit.expired():
            raise TimeoutError from error
        raise


def hang_up(connection: AsyncConnection) -> None:
    """Close a connection's socket: whatever waits for its server fails, and so does all that follows."""
    inner = connection.sync_connection
    if inner is not None and not inner.closed and not inner.invalidated:
        _hang_up(inner.connection.driver_connection)


def _hang_up(driver: Any) -> None:
    close_socket = getattr(driver, HANGING_UP.get(type(driver).__module__.partition(".")[0], ""), None)
    if close_socket is not None:
        close_socket()


async def close(connection: AsyncConnection) -> None:
    """Close a connection; the server drops what we cannot close."""
    with contextlib.suppress(TimeoutError, OSError, sa.exc.DBAPIError):
        async with patience(CLOSE_SECONDS, partial(hang_up, connection)):
            await connection.close()


async def abort(connection: AsyncConnection) -> None:
    """Drop a connection that may be in the middle of something, without waiting for its server."""
    if connection.dialect.driver in HANGING_UP:
        hang_up(connection)
        with contextlib.suppress(TimeoutError, OSError, sa.exc.SQLAlchemyError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await connection.invalidate()
    await close(connection)


async def lives(connection: AsyncConnection) -> bool:
    """Tell whether a connection that was idle can still be used: one round trip, without a transaction."""
    try:
        async with patience(PING_SECONDS, partial(hang_up, connection)):
            return bool(await connection.run_sync(_ping))
    except (TimeoutError, OSError, sa.exc.SQLAlchemyError, connection.dialect.loaded_dbapi.Error):
        return False


def _ping(connection: sa.Connection) -> bool:
    raw = connection.connection.dbapi_connection
    return raw is not None and connection.dialect.do_ping(raw)


def daemon_url(url: URL | str, *, read_only: bool) -> URL:
    """Return the URL by which the daemon reaches a target.

    Raises:
        ConnectionFailedError: the daemon has no driver for this kind of database.
    """
    try:
        chosen = own_url(url)
    except LookupError:
        known = ", ".join(OWN_DRIVERS)
        raise ConnectionFailedError(
            "unsupported",
            address(url),
            f"the daemon has no driver for {sa.make_url(url).get_backend_name()} databases",
            hint=f"it reads {known}; migrations in a worker use the project's own driver",
        ) from None
    if read_only and chosen.get_backend_name() == "sqlite" and chosen.database not in (None, "", ":memory:"):
        if not str(chosen.database).startswith("file:"):
            chosen = chosen.set(database=f"file:{chosen.database}")
        chosen = chosen.update_query_dict({"mode": "ro", "uri": "true"})
    return chosen


def _aim(dialect: Dialect, _record: Any, *_: Any) -> DBAPIConnection:
    """Connect an engine that many databases share to the one that is asked for now (SQLAlchemy's ``do_connect``)."""
    attempt = _attempt.get()
    args, keywords = dialect.create_connect_args(attempt.url)
    attempt.made = dialect.connect(*args, **keywords)
    return attempt.made


async def _check_file(url: URL) -> None:
    """Notice a missing SQLite file before the driver does, whose thread then outlives the attempt."""
    path = url.database
    if url.get_backend_name() != "sqlite" or not path or path == ":memory:" or path.startswith("file:"):
        return
    if not await asyncio.to_thread(Path(path).is_file):
        raise ConnectionFailedError("missing_file", address(url), f"no such file: {path}", hint=HINTS["missing_file"])


def unanswered(url: URL | str, seconds: float) -> ConnectionFailedError:
    """Return the error of a database that has let somebody wait for too long."""
    hint = HINTS["timeout"]
    return ConnectionFailedError("timeout", address(url), f"no answer within {seconds:g} seconds", hint=hint)


def failed(url: URL | str, error: BaseException) -> ConnectionFailedError:
    """Turn whatever a driver or a database raised into one clear error."""
    found = diagnose(error)
    secrets = secrets_of(sa.make_url(url).render_as_string(hide_password=False))
    if found is None:
        return ConnectionFailedError("failed", address(url), scrub(f"{type(error).__name__}: {error}", secrets))
    return ConnectionFailedError(found.kind, address(url), scrub(found.message, secrets), hint=HINTS.get(found.kind))
