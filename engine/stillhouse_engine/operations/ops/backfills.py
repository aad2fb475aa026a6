"""The operation that changes rows in chunks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import column, table, true

from stillhouse_engine.operations.ops.base import Invoker, MigrateOperation
from stillhouse_engine.operations.schema_objects import as_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, TableClause, Update

CHUNK = 1000


class BackfillOp(MigrateOperation):
    """Updates a table's rows in chunks along a key."""

    def __init__(
        self,
        table_name: str,
        values: Mapping[str, Any],
        *,
        key: str = "id",
        where: str | ColumnElement[bool] | None = None,
        chunk: int = CHUNK,
        schema: str | None = None,
    ) -> None:
        if chunk < 1:
            raise ValueError(f"a chunk needs at least one row, not {chunk}")
        if key in values:
            raise ValueError(f"a backfill walks along '{key}', and cannot change it")
        self.table_name = table_name
        self.values = dict(values)
        self.key = key
        self.where = where
        self.chunk = chunk
        self.schema = schema

    @classmethod
    def backfill(
        cls,
        operations: Invoker,
        /,
        table_name: str,
        values: Mapping[str, Any],
        *,
        key: str = "id",
        where: str | ColumnElement[bool] | None = None,
        chunk: int = CHUNK,
        schema: str | None = None,
    ) -> None:
        """Update a table's rows in chunks, each of which commits by itself; a run that was interrupted goes on after the last.

        Args:
            operations: filled in by ``op``.
            table_name: name of the table.
            values: new values by column: plain ones, or SQL expressions as ``sqlalchemy.text("lower(name)")``.
            key: a column to walk along: unique, not null, and of integers, text or UUIDs.
            where: condition that the rows meet.
            chunk: rows to look at in one transaction.
            schema: schema of the table.

        Raises:
            ValueError: a chunk has no rows, or the key is among the values.
            CommandError: the key is of another type.
        """
        operations.invoke(cls(table_name, values, key=key, where=where, chunk=chunk, schema=schema))

    @property
    def condition(self) -> Any:
        """The rows' condition; true where there is none."""
        return true() if self.where is None else as_text(self.where)

    def to_table(self) -> TableClause:
        """Return the table with the columns that the operation names."""
        names = dict.fromkeys([self.key, *self.values])
        return table(self.table_name, *(column(name) for name in names), schema=self.schema)

    def to_update(self) -> Update:
        """Return the statement that would update all rows at once."""
        return self.to_table().update().where(self.condition).values(self.values)
