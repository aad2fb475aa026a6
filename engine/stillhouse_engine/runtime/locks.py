"""Session locks that keep two runners off one database, and die with the connection that holds them.

One small class per family of databases. SQLite has none here: its transactions begin ``IMMEDIATE`` and look at the
version row again inside.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import exc, text

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class LockName:
    """What a migration lock protects.

    Attributes:
        schema: the version table's schema; None is the session's own.
        table: the version table.
    """

    schema: str | None
    table: str

    def __str__(self) -> str:
        """Say it for people."""
        return f"{self.schema}.{self.table}" if self.schema else self.table


class SessionLock(Protocol):
    """A lock that belongs to a database session."""

    def try_acquire(self) -> bool:
        """Take the lock if it is free; never wait."""
        ...

    def holder(self) -> str | None:
        """Say who holds it, as far as the server tells."""
        ...

    def release(self) -> None:
        """Let it go."""
        ...


# The key's 64 bits: database + schema + version table, hashed by the server, which alone knows the current schema.
# All who take the lock ask the same server; md5 would make each new session load OpenSSL.
PG_KEY = """hashtextextended('stillhouse/' || current_database() || '/' ||
    coalesce(CAST(:schema AS text), current_schema(), '') || '/' || CAST(:version_table AS text), 0)"""
PG_HOLDER = f"""
WITH key AS (SELECT {PG_KEY} AS k)
SELECT a.pid, extract(epoch FROM now() - a.backend_start)::int, a.state, left(a.query, 200), a.application_name
FROM key, pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.classid::bigint = ((k >> 32) & 4294967295) AND l.objid::bigint = (k & 4294967295)"""


class PostgresLock:
    """An advisory lock of the session; of the transaction where somebody else decides when it ends."""

    def __init__(self, connection: Connection, name: LockName, *, transactional: bool = False) -> None:
        self.connection = connection
        self.values = {"schema": name.schema, "version_table": name.table}
        self.function = "pg_try_advisory_xact_lock" if transactional else "pg_try_advisory_lock"
        self.transactional = transactional

    def try_acquire(self) -> bool:
        """Take the lock if it is free."""
        return bool(self.connection.scalar(text(f"SELECT {self.function}({PG_KEY})"), self.values))

    def holder(self) -> str | None:
        """Name the session that holds the lock."""
        row = self.connection.execute(text(PG_HOLDER), self.values).first()
        if row is None:
            return None
        pid, age, state, query, application = row
        return (
            f"pid {pid}{', ' + application if application else ''}, connected {age} s ago, {state}, last query: {query}"
        )

    def release(self) -> None:
        """Let the lock go; the end of the transaction does it for a transaction's lock."""
        if not self.transactional:
            self.connection.execute(text(f"SELECT pg_advisory_unlock({PG_KEY})"), self.values)


class MySQLLock:
    """A named lock of the session (``GET_LOCK``)."""

    def __init__(self, connection: Connection, name: LockName, *, transactional: bool = False) -> None:
        del transactional  # MySQL has no lock that ends with a transaction
        self.connection = connection
        database = connection.scalar(text("SELECT DATABASE()"))
        digest = hashlib.sha256(f"{database}/{name.schema or database}/{name.table}".encode()).hexdigest()
        self.values = {"name": f"stillhouse/{digest[:48]}"}

    def try_acquire(self) -> bool:
        """Take the lock if it is free."""
        return bool(self.connection.scalar(text("SELECT GET_LOCK(:name, 0)"), self.values))

    def holder(self) -> str | None:
        """Name the session that holds the lock."""
        pid = self.connection.scalar(text("SELECT IS_USED_LOCK(:name)"), self.values)
        if pid is None:
            return None
        query = text("SELECT user, time, command, state FROM information_schema.processlist WHERE id = :pid")
        row = self.connection.execute(query, {"pid": pid}).first()
        return (
            f"connection {pid}" if row is None else f"connection {pid} of {row[0]}, {row[2]} for {row[1]} s, {row[3]}"
        )

    def release(self) -> None:
        """Let the lock go."""
        self.connection.execute(text("SELECT RELEASE_LOCK(:name)"), self.values)


LOCKS: dict[str, Any] = {"postgresql": PostgresLock, "mysql": MySQLLock, "mariadb": MySQLLock}


def session_lock(connection: Connection, name: LockName, *, transactional: bool = False) -> SessionLock | None:
    """Return the lock of a database, or None where there is no such thing."""
    kind = LOCKS.get(connection.dialect.name)
    lock: SessionLock | None = kind(connection, name, transactional=transactional) if kind else None
    return lock


def release_quietly(lock: SessionLock) -> None:
    """Release a lock at the end of a run; a connection that broke has released it already."""
    try:
        lock.release()
    except (exc.DBAPIError, exc.InvalidRequestError, exc.ResourceClosedError):
        return
