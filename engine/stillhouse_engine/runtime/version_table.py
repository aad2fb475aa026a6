"""The version table: which revisions a database stands at, and the guarded writes that move it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect, literal_column, select

from stillhouse_engine.errors import CommandError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Delete, Insert, Table, Update

    from stillhouse_engine.script.steps import RowChange


def version_table_exists(connection: Connection, table: Table) -> bool:
    """Look whether the version table is there."""
    return inspect(connection).has_table(table.name, schema=table.schema)


def read_heads(connection: Connection, table: Table) -> tuple[str, ...]:
    """Read the rows of an existing version table."""
    return tuple(connection.scalars(select(table.c.version_num)))


def quoted(version: str) -> Any:
    """Render a version as an inline literal, the same text online and offline."""
    return literal_column("'{}'".format(version.replace("'", "''")))


@dataclass(frozen=True, slots=True)
class RowWrite:
    """One write to the version table.

    Attributes:
        statement: the statement to execute.
        counts: whether the database tells how many rows it matched, and it must be one.
        says: what the write does, for the error.
    """

    statement: Insert | Update | Delete
    counts: bool
    says: str


def row_write(table: Table, change: RowChange) -> RowWrite:
    """Turn a planned change of the version table into the statement that makes it."""
    column = table.c.version_num
    if change.remove is None and change.add is not None:
        return RowWrite(
            table.insert().values(version_num=quoted(change.add)), counts=False, says=f"inserting '{change.add}'"
        )
    if change.add is None and change.remove is not None:
        statement = table.delete().where(column == quoted(change.remove))
        return RowWrite(statement, counts=True, says=f"deleting '{change.remove}'")
    if change.add is None or change.remove is None:
        raise ValueError("a change of the version table must add or remove a row")
    update = table.update().values(version_num=quoted(change.add)).where(column == quoted(change.remove))
    return RowWrite(update, counts=True, says=f"updating '{change.remove}' to '{change.add}'")


def check_row_count(table: Table, write: RowWrite, matched: int) -> None:
    """Make sure that a write met exactly the row it was meant for.

    Raises:
        CommandError: it met none, or several: another runner has been here, or the table was edited by hand.
    """
    if matched != 1:
        raise CommandError(
            f"Online migration expected to match one row when {write.says} in '{table.fullname}'; {matched} found"
        )
