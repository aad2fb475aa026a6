"""The journal's table in the target, beside the version table: one row for each statement that was sent or meant to be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Column,
    DateTime,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateTable

from stillhouse_engine.runtime.journal_statements import MYSQL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Delete, Insert, Update
    from sqlalchemy.sql.elements import ColumnElement

NAME = "stillhouse_journal"
INTENT, DONE = "intent", "done"
NO_SUCH_TABLE = 1146
"""What MySQL says of a table that is not there."""
STATEMENT_LENGTH = 8000
"""Characters of a statement that are kept, for people and for a look at what it made."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the journal.

    Attributes:
        revision: the revision that the statement belongs to.
        direction: ``upgrade`` or ``downgrade``.
        position: its number in the revision, from 1.
        state: ``intent`` or ``done``.
        hash: of the statement with its bound values.
        shape: of the statement without them.
        file: of the revision's file.
        statement: its text without bound values.
        before: what the catalogue showed before it was sent, where it could be asked.
    """

    revision: str
    direction: str
    position: int
    state: str
    hash: str
    shape: str
    file: str
    statement: str
    before: str | None = None


COLUMNS = ("revision", "direction", "position", "state", "hash", "shape", "file", "statement", "before")


@lru_cache
def journal_table(schema: str | None) -> Table:
    """Return the table."""
    return Table(
        NAME,
        MetaData(),
        Column("version_table", String(128), primary_key=True),
        Column("revision", String(128), primary_key=True),
        Column("direction", String(10), primary_key=True),
        Column("position", Integer, primary_key=True, autoincrement=False),
        Column("state", String(10), nullable=False),
        Column("hash", String(32), nullable=False),
        Column("shape", String(32), nullable=False),
        Column("file", String(32), nullable=False),
        Column("statement", Text, nullable=False),
        Column("before_state", String(64), key="before"),
        Column("written_at", DateTime, server_default=func.now(), nullable=False),
        schema=schema,
    )


@lru_cache
def inserting(table: Table) -> Insert:
    """Return the statement that adds a row. Each is built once: it is sent for every statement of every revision."""
    return insert(table)


@lru_cache
def adding_after(table: Table) -> Insert:
    """Return MySQL's statement that adds a row, or changes the state of one that is there."""
    from sqlalchemy.dialects.mysql import insert as upsert

    statement = upsert(table)
    return statement.on_duplicate_key_update(state=statement.inserted.state)


@lru_cache
def changing(table: Table) -> Update:
    """Return the statement that changes one row."""
    return update(table).where(*_is_the_row(table))


@lru_cache
def removing(table: Table) -> Delete:
    """Return the statement that removes one row."""
    return delete(table).where(*_is_the_row(table))


def _is_the_row(table: Table) -> list[ColumnElement[bool]]:
    return [column == bindparam(f"its_{column.name}") for column in table.primary_key]


class JournalTable:
    """Reads and writes the journal of one version table.

    Args:
        connection: the connection that migrates.
        schema: the version table's schema.
        version_table: its name.
        found: whether the table is there; None when nobody has looked.
    """

    def __init__(self, connection: Connection, schema: str | None, version_table: str, *, found: bool | None) -> None:
        self.connection = connection
        self.table = journal_table(schema)
        self.version_table = version_table
        self.found = found

    def load(self) -> list[Entry]:
        """Read what is there, oldest first."""
        if self.found is None and self.connection.dialect.name not in MYSQL:
            self.found = self._look()
        if self.found is False:
            return []
        table = self.table
        query = select(*(table.c[name] for name in COLUMNS)).where(table.c.version_table == self.version_table)
        try:
            rows: Sequence[Any] = self.connection.execute(query.order_by(table.c.revision, table.c.position)).all()
        except DBAPIError as error:
            if not _says_missing(error):
                raise
            self.found = False
            return []
        self.found = True
        return [Entry(*row) for row in rows]

    def create(self) -> None:
        """Make the table, unless it is there. On MySQL that commits what is open."""
        if not self.found or self.connection.dialect.name == "sqlite":  # there a rollback may have taken it away again
            self.connection.execute(CreateTable(self.table, if_not_exists=True))
            self.found = True

    def add(self, entries: Sequence[Entry]) -> None:
        """Write new rows."""
        rows = [{"version_table": self.version_table, **_values(entry)} for entry in entries]
        self.connection.execute(inserting(self.table), rows[0] if len(rows) == 1 else rows)

    def add_after(self, done: Entry, entry: Entry) -> None:
        """Write a new row, and say of another one that its statement was carried out (MySQL and MariaDB)."""
        rows = [replace(done, state=DONE), entry]
        self.connection.execute(
            adding_after(self.table), [{"version_table": self.version_table, **_values(row)} for row in rows]
        )

    def replace(self, entry: Entry) -> None:
        """Write a row that is there already."""
        self.connection.execute(changing(self.table), {**_values(entry), **self._key(entry)})

    def mark_done(self, entry: Entry) -> None:
        """Say that a statement was carried out."""
        self.connection.execute(changing(self.table), {"state": DONE, **self._key(entry)})

    def remove(self, entry: Entry) -> None:
        """Forget one statement."""
        self.connection.execute(removing(self.table), self._key(entry))

    def clear(self, entries: Sequence[Entry]) -> None:
        """Forget statements, each by its whole key.

        With a condition on a part of the key, MySQL locks the gaps between its rows as well, in which runs of other version
        tables write theirs: an env.py that commits several at the end would wait for itself.
        """
        if self.connection.dialect.name not in MYSQL and not self._look():
            self.found = False  # made in a transaction that was rolled back, and its rows with it
        else:
            keys = [self._key(entry) for entry in entries]
            self.connection.execute(removing(self.table), keys[0] if len(keys) == 1 else keys)

    def _key(self, entry: Entry) -> dict[str, Any]:
        key = (self.version_table, entry.revision, entry.direction, entry.position)
        return {f"its_{column.name}": value for column, value in zip(self.table.primary_key, key, strict=True)}

    def _look(self) -> bool:
        if self.connection.dialect.name == "sqlite":
            query = text("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = :name")
            return self.connection.execute(query, {"name": NAME}).scalar() is not None
        name = self.connection.dialect.identifier_preparer.format_table(self.table)
        return bool(
            self.connection.execute(
                text("SELECT to_regclass(CAST(:name AS text)) IS NOT NULL"), {"name": name}
            ).scalar_one()
        )


def _values(entry: Entry) -> dict[str, Any]:
    values = {name: getattr(entry, name) for name in COLUMNS}
    return {**values, "statement": entry.statement[:STATEMENT_LENGTH]}


def _says_missing(error: DBAPIError) -> bool:
    arguments: Sequence[Any] = getattr(error.orig, "args", ())
    return bool(arguments) and arguments[0] == NO_SUCH_TABLE
