"""The version table: which revisions a database stands at, and the guarded writes that move it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import literal_column, select

from stillhouse_engine.errors import CommandError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Delete, Dialect, Insert, Table, Update

    from stillhouse_engine.script.version_rows import RowChange


def read_heads(connection: Connection, table: Table) -> tuple[str, ...]:
    """Read the rows of an existing version table."""
    return tuple(connection.scalars(select(table.c.version_num)))


def literal(version: str) -> str:
    """Return a version as an SQL literal."""
    return "'{}'".format(version.replace("'", "''"))


def quoted(version: str) -> Any:
    """Render a version as an inline literal, the same text online and offline."""
    return literal_column(literal(version))


@dataclass(frozen=True)
class RowWrite:
    """One write to the version table.

    Attributes:
        table: the version table.
        change: what changes in it.

    Raises:
        ValueError: nothing does.
    """

    table: Table
    change: RowChange

    def __post_init__(self) -> None:
        """Make sure that there is something to write."""
        if self.change.add is None and self.change.remove is None:
            raise ValueError("a change of the version table must add or remove a row")

    @property
    def counts(self) -> bool:
        """Whether the database tells how many rows it matched, and it must be one."""
        return self.change.remove is not None

    @property
    def says(self) -> str:
        """What the write does, for the error."""
        add, remove = self.change.add, self.change.remove
        if remove is None:
            return f"inserting '{add}'"
        return f"deleting '{remove}'" if add is None else f"updating '{remove}' to '{add}'"

    @cached_property
    def statement(self) -> Insert | Update | Delete:
        """The statement to execute."""
        add, remove, column = self.change.add, self.change.remove, self.table.c.version_num
        if remove is None:
            return self.table.insert().values(version_num=quoted(str(add)))
        if add is None:
            return self.table.delete().where(column == quoted(remove))
        return self.table.update().values(version_num=quoted(add)).where(column == quoted(remove))

    def text(self, dialect: Dialect, schema: str | None) -> str:
        """Return the statement as text, which takes SQLAlchemy's compiler a hundred times longer.

        Args:
            dialect: says how names are quoted.
            schema: the version table's schema.
        """
        preparer = dialect.identifier_preparer
        table, column = preparer.quote(self.table.name), preparer.quote(self.table.c.version_num.name)
        if schema is not None:
            table = f"{preparer.quote_schema(schema)}.{table}"
        add, remove = self.change.add, self.change.remove
        where = "" if remove is None else f" WHERE {column} = {literal(remove)}"
        if add is None:
            return f"DELETE FROM {table}{where}"
        if remove is None:
            return f"INSERT INTO {table} ({column}) VALUES ({literal(add)})"
        return f"UPDATE {table} SET {column}={literal(add)}{where}"


def check_row_count(table: Table, write: RowWrite, matched: int) -> None:
    """Make sure that a write met exactly the row it was meant for.

    Raises:
        CommandError: it met none, or several: another runner has been here, or the table was edited by hand.
    """
    if matched != 1:
        raise CommandError(f"{expected(table, write)}{matched} found")


def expected(table: Table, write: RowWrite) -> str:
    """Return what a write that met another number of rows than one says before that number."""
    return f"Online migration expected to match one row when {write.says} in '{table.fullname}'; "
