"""The database session that migrates: its limits set and its lock taken before the first transaction, undone at the end."""

from __future__ import annotations

import logging
import random
import time
from typing import TYPE_CHECKING

from sqlalchemy import exc, text
from sqlalchemy.pool import NullPool

from stillhouse_engine.errors import LockBusyError
from stillhouse_engine.runtime.asking import takes_scripts
from stillhouse_engine.runtime.journal_table import NAME as JOURNAL
from stillhouse_engine.runtime.journal_table import journal_table
from stillhouse_engine.runtime.limits import SessionLimits
from stillhouse_engine.runtime.locks import LockName, SessionLock, release_quietly, session_lock
from stillhouse_engine.runtime.opening import Opened, open_at_once
from stillhouse_engine.runtime.poolers import refuse_transaction_pooling
from stillhouse_engine.runtime.waiting import pause

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

    from stillhouse_engine.runtime.settings import RunSettings

log = logging.getLogger("alembic.runtime.session")

BACKEND_AND_JOURNAL = text("SELECT pg_backend_pid(), to_regclass(CAST(:journal AS text)) IS NOT NULL")
SQLITE_TABLE_AND_JOURNAL = """
SELECT EXISTS (SELECT 1 FROM pragma_table_info(:name, coalesce(:schema, 'main')))
       OR EXISTS (SELECT 1 FROM pragma_table_info(:name, coalesce(:schema, 'temp'))),
       EXISTS (SELECT 1 FROM main.sqlite_master WHERE type = 'table' AND name = :journal)"""
FIRST_POLL_SECONDS = 0.05
LONGEST_POLL_SECONDS = 1.0


class MigrationSession:
    """A connection made ready for migrating.

    Args:
        connection: the connection.
        name: what the lock protects.
        settings: limits, and how long to wait for the lock.
        in_transaction: somebody else's transaction is open; neither commit it nor outlive it.
    """

    def __init__(self, connection: Connection, name: LockName, settings: RunSettings, *, in_transaction: bool) -> None:
        self.connection = connection
        self.name = name
        self.settings = settings
        self.in_transaction = in_transaction
        self.limits = SessionLimits(connection, settings)
        self.lock: SessionLock | None = None
        self.journal: bool | None = None  # whether there is a journal; None when nobody looked
        self.lasting = not isinstance(connection.engine.pool, NullPool)

    def open(self, table: Table | None = None) -> bool | None:
        """Set the limits and take the lock, and look for the tables of ours, in one round trip where that can be.

        Args:
            table: the version table to look for meanwhile.

        Returns:
            Whether that table is there; None when nobody looked.

        Raises:
            LockBusyError: another runner holds the lock, and went on holding it for as long as we may wait.
            CommandError: a transaction-pooling proxy is in between.
        """
        if table is not None and not self.in_transaction and not self.lasting and takes_scripts(self.connection):
            answer = open_at_once(self.connection, self.name, table, self.limits.limits, lock=self.settings.lock)
            if answer is not Opened.NOT:
                self.journal = answer.has_journal
                return answer.has_table
        self._open_step_by_step(table)
        if table is not None and not self.in_transaction and self.connection.dialect.name == "sqlite":
            values = {"name": table.name, "schema": table.schema, "journal": JOURNAL}
            has_table, has_journal = self.connection.exec_driver_sql(SQLITE_TABLE_AND_JOURNAL, values).one()
            self.journal = bool(has_journal)
            return bool(has_table)
        return None

    def _open_step_by_step(self, table: Table | None) -> None:
        self.limits.apply()
        lock = (
            session_lock(self.connection, self.name, transactional=self.in_transaction) if self.settings.lock else None
        )
        if lock is not None:
            self._wait_for(lock)
            self.lock = lock
            if self.connection.dialect.name == "postgresql" and not self.in_transaction:
                backend, self.journal = self._look(table)
                self._end_transaction()
                refuse_transaction_pooling(self.connection, backend)
        self._end_transaction()

    def _look(self, table: Table | None) -> tuple[int, bool]:
        """Ask which backend answers, and whether there is a journal."""
        journal = journal_table(table.schema if table is not None else None)
        name = self.connection.dialect.identifier_preparer.format_table(journal)
        backend, found = self.connection.execute(BACKEND_AND_JOURNAL, {"journal": name}).one()
        return int(backend), bool(found)

    def close(self) -> None:
        """Let the lock go and set the limits back, unless the connection's end has done both or is about to."""
        if not self.lasting or self.connection.closed or self.connection.invalidated:
            return
        lock, self.lock = self.lock, None
        if lock is not None:
            release_quietly(lock)
        try:
            self.limits.restore()
            self._end_transaction()
        except (exc.DBAPIError, exc.InvalidRequestError):
            return

    def _wait_for(self, lock: SessionLock) -> None:
        started, longest = time.monotonic(), FIRST_POLL_SECONDS
        while not lock.try_acquire():
            waited = time.monotonic() - started
            holder = lock.holder()
            # A snapshot kept open between polls would hold up the other runner's CREATE INDEX CONCURRENTLY.
            self._end_transaction()
            if waited >= self.settings.lock_wait:
                raise LockBusyError(self._protected(), holder)
            if longest == FIRST_POLL_SECONDS:
                log.warning("waiting for %s, which %s migrates", self._protected(), holder or "another runner")
            self.settings.tell("lock.waiting", lock=self._protected(), waited=round(waited, 3), holder=holder)
            pause(self.connection.dialect, random.uniform(longest / 2, longest))  # noqa: S311 - spreads the runners
            longest = min(longest * 2, LONGEST_POLL_SECONDS)

    def _protected(self) -> str:
        return f"database {self.connection.engine.url.database} ({self.name})"

    def _end_transaction(self) -> None:
        if not self.in_transaction and self.connection.in_transaction():
            self.connection.commit()
