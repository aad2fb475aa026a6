"""Opening a migrating session in one round trip, on asyncpg: limits, lock, proxy check and a look for the version table."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from stillhouse_engine.runtime.asking import ask_number, literal
from stillhouse_engine.runtime.journal_table import journal_table
from stillhouse_engine.runtime.locks import PG_KEY
from stillhouse_engine.runtime.poolers import announced_backend
from stillhouse_engine.runtime.waiting import driver_connection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Table

    from stillhouse_engine.runtime.locks import LockName


class Opened(Enum):
    """What came of opening a session at once."""

    NOT = "the lock is held, or a proxy is in between: go on step by step"
    WITHOUT_TABLE = "open; there is no version table"
    WITH_TABLE = "open; the version table is there"
    JOURNAL_WITHOUT_TABLE = "open; there is a journal and no version table"
    JOURNAL_WITH_TABLE = "open; the version table and a journal are there"

    @property
    def has_table(self) -> bool:
        """Whether the version table is there."""
        return self in {Opened.WITH_TABLE, Opened.JOURNAL_WITH_TABLE}

    @property
    def has_journal(self) -> bool:
        """Whether a journal is there, which an interrupted run may have written to."""
        return self in {Opened.JOURNAL_WITHOUT_TABLE, Opened.JOURNAL_WITH_TABLE}


ANSWERS = {
    1: Opened.WITHOUT_TABLE,
    2: Opened.WITH_TABLE,
    3: Opened.JOURNAL_WITHOUT_TABLE,
    4: Opened.JOURNAL_WITH_TABLE,
}


def open_at_once(
    connection: Connection, name: LockName, table: Table, limits: Mapping[str, str], *, lock: bool
) -> Opened:
    """Set limits, take the lock and look for the version table and the journal.

    Args:
        connection: an asyncpg connection in no transaction.
        name: what the lock protects.
        table: the version table.
        limits: settings of the session by name.
        lock: take the lock at all.
    """
    key = PG_KEY.replace(":schema", literal(name.schema)).replace(":version_table", literal(name.table))
    locked = f"pg_try_advisory_lock({key})" if lock else "true"
    written = connection.dialect.identifier_preparer
    table_name = literal(written.format_table(table))
    journal = literal(written.format_table(journal_table(table.schema)))
    backend = announced_backend(driver_connection(connection)) or -1
    settings = ", ".join(f"set_config('{setting}', {literal(value)}, false)" for setting, value in limits.items())
    answer = f"""CASE WHEN pg_backend_pid() <> {backend} THEN -9
    WHEN NOT {locked} THEN -9 WHEN to_regclass({table_name}) IS NULL THEN 1 ELSE 2 END
    + CASE WHEN to_regclass({journal}) IS NULL THEN 0 ELSE 2 END"""
    return ANSWERS.get(ask_number(connection, answer, f"SELECT {settings};" if settings else ""), Opened.NOT)
