"""SQLAlchemy engines for the store: SQLite in WAL mode with immediate write transactions, or PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import StaticPool

from stillhouse_engine.runtime.sqlite_cursors import cross_once
from stillhouse_orchestrator.store.errors import StoreUnavailableError

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection
    from sqlalchemy.ext.asyncio import AsyncEngine
    from sqlalchemy.pool import PoolResetState

BUSY_SECONDS = 15
POOL_SIZE = 4
CONNECT_SECONDS = 10
ANSWER_SECONDS = 60
"""How long a PostgreSQL store may take for a statement; ``command_timeout`` in the URL says otherwise."""
DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
WRITES = "stillhouse_writes"


def parse(state_url: str) -> URL:
    """Return the store's URL with an asynchronous driver.

    Raises:
        StoreUnavailableError: it is not a URL of SQLite or PostgreSQL.
    """
    try:
        url = make_url(state_url)
    except Exception as error:
        raise StoreUnavailableError("state_url", "it is not a database URL") from error
    backend = url.get_backend_name()
    if backend not in DRIVERS:
        hint = "write sqlite+aiosqlite:///PATH or postgresql+asyncpg://USER@HOST/DATABASE"
        raise StoreUnavailableError(shown(url), f"the store runs on SQLite or PostgreSQL, not on {backend}", hint)
    return url.set(drivername=DRIVERS[backend])


def shown(url: URL) -> str:
    """Return a URL as it may be shown: no password, no query."""
    return url.set(query={}).render_as_string(hide_password=True)


def file_of(url: URL) -> Path | None:
    """Return the file of an SQLite store; ``None`` for one in memory or on a server."""
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    return Path(str(url.database))


def make(url: URL) -> AsyncEngine:
    """Return an engine; nothing is connected yet."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    return create_async_engine(
        url.update_query_dict({"command_timeout": str(ANSWER_SECONDS), **url.query}),
        pool_size=POOL_SIZE,
        pool_pre_ping=True,
        connect_args={"server_settings": {"application_name": "stillhouse"}, "timeout": CONNECT_SECONDS},
    )


def _sqlite(url: URL) -> AsyncEngine:
    in_memory = file_of(url) is None
    pool: dict[str, Any] = {"poolclass": StaticPool} if in_memory else {"pool_size": POOL_SIZE}
    engine = create_async_engine(url, pool_reset_on_return=None, **pool)
    cross_once(engine.sync_engine)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    event.listen(engine.sync_engine, "reset", _reset_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    """Take transactions into our own hands: the driver would begin them late, and never immediately."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")  # what is acted on must have reached the disk
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _reset_sqlite(connection: Any, _record: object, state: PoolResetState) -> None:
    """Roll back what a cancelled task left open; to find nothing would cost a way through the driver's thread."""
    if not state.terminate_only and connection.driver_connection.in_transaction:
        connection.rollback()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
