"""New columns and dropped ones as operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.types import NULLTYPE

from stillhouse_engine.operations.ops.base import AlterTableOp, BatchInvoker, Invoker
from stillhouse_engine.operations.schema_objects import SchemaObjects

if TYPE_CHECKING:
    from sqlalchemy import Column, Computed, Identity, TextClause
    from sqlalchemy.sql.elements import ColumnElement
    from sqlalchemy.types import TypeEngine

    ServerDefault = str | bool | Identity | Computed | TextClause | ColumnElement[Any] | None
    Type = TypeEngine[Any] | type[TypeEngine[Any]]


class AddColumnOp(AlterTableOp):
    """Adds a column."""

    def __init__(
        self,
        table_name: str,
        column: Column[Any],
        *,
        schema: str | None = None,
        if_not_exists: bool | None = None,
        inline_references: bool | None = None,
        inline_primary_key: bool | None = None,
        **kw: Any,
    ) -> None:
        super().__init__(table_name, schema=schema)
        self.column = column
        self.if_not_exists = if_not_exists
        self.inline_references = inline_references
        self.inline_primary_key = inline_primary_key
        self.kw = kw

    def reverse(self) -> DropColumnOp:
        """Return the operation that drops the column."""
        drop = DropColumnOp.from_column_and_tablename(self.schema, self.table_name, self.column)
        drop.if_exists = self.if_not_exists
        return drop

    def to_diff_tuple(self) -> tuple[str, str | None, str, Column[Any]]:
        """Return ``("add_column", schema, table name, Column)``."""
        return ("add_column", self.schema, self.table_name, self.column)

    def to_column(self) -> Column[Any]:
        """Return the column."""
        return self.column

    @classmethod
    def from_column(cls, col: Column[Any]) -> AddColumnOp:
        """Make the operation that adds a column of a table."""
        return cls(col.table.name, col, schema=col.table.schema)

    @classmethod
    def from_column_and_tablename(cls, schema: str | None, tname: str, col: Column[Any]) -> AddColumnOp:
        """Make the operation that adds a column to a named table."""
        return cls(tname, col, schema=schema)

    @classmethod
    def add_column(
        cls,
        operations: Invoker,
        /,
        table_name: str,
        column: Column[Any],
        *,
        schema: str | None = None,
        if_not_exists: bool | None = None,
        inline_references: bool | None = None,
        inline_primary_key: bool | None = None,
    ) -> None:
        """Add a column, with the constraints, index and comment that it brings.

        Args:
            operations: filled in by ``op``.
            table_name: name of the table.
            column: the column.
            schema: schema of the table.
            if_not_exists: add ``IF NOT EXISTS``.
            inline_references: write a one-column foreign key as ``REFERENCES`` inside the column.
            inline_primary_key: write ``PRIMARY KEY`` inside the column.
        """
        operations.invoke(
            cls(
                table_name,
                column,
                schema=schema,
                if_not_exists=if_not_exists,
                inline_references=inline_references,
                inline_primary_key=inline_primary_key,
            )
        )

    @classmethod
    def batch_add_column(
        cls,
        operations: BatchInvoker,
        /,
        column: Column[Any],
        *,
        insert_before: str | None = None,
        insert_after: str | None = None,
        if_not_exists: bool | None = None,
        inline_references: bool | None = None,
        inline_primary_key: bool | None = None,
    ) -> None:
        """Add a column to the batch's table.

        Args:
            operations: filled in by the batch.
            column: the column.
            insert_before: the column that it goes in front of, where the table is made anew.
            insert_after: the column that it goes behind, where the table is made anew.
            if_not_exists: add ``IF NOT EXISTS``.
            inline_references: write a one-column foreign key as ``REFERENCES`` inside the column.
            inline_primary_key: write ``PRIMARY KEY`` inside the column.
        """
        places = {"insert_before": insert_before, "insert_after": insert_after}
        operations.invoke(
            cls(
                operations.impl.table_name,
                column,
                schema=operations.impl.schema,
                if_not_exists=if_not_exists,
                inline_references=inline_references,
                inline_primary_key=inline_primary_key,
                **{name: place for name, place in places.items() if place},
            )
        )


class DropColumnOp(AlterTableOp):
    """Drops a column."""

    def __init__(
        self,
        table_name: str,
        column_name: str,
        *,
        schema: str | None = None,
        if_exists: bool | None = None,
        _reverse: AddColumnOp | None = None,
        **kw: Any,
    ) -> None:
        super().__init__(table_name, schema=schema)
        self.column_name = column_name
        self.kw = kw
        self.if_exists = if_exists
        self._reverse = _reverse

    def to_diff_tuple(self) -> tuple[str, str | None, str, Column[Any]]:
        """Return ``("remove_column", schema, table name, Column)``."""
        return ("remove_column", self.schema, self.table_name, self.to_column())

    def reverse(self) -> AddColumnOp:
        """Return the operation that adds the column again.

        Raises:
            ValueError: the column is known by its name only.
        """
        if self._reverse is None:
            raise ValueError("operation is not reversible; original column is not present")
        add = AddColumnOp.from_column_and_tablename(self.schema, self.table_name, self._reverse.column)
        add.if_not_exists = self.if_exists
        return add

    @classmethod
    def from_column_and_tablename(cls, schema: str | None, tname: str, col: Column[Any]) -> DropColumnOp:
        """Make the operation that drops a column, and knows how to add it again."""
        reverse = AddColumnOp.from_column_and_tablename(schema, tname, col)
        return cls(tname, col.name, schema=schema, _reverse=reverse)

    def to_column(self, migration_context: Any = None) -> Column[Any]:
        """Return the column, without its type where only the name is known."""
        if self._reverse is not None:
            return self._reverse.column
        return SchemaObjects(migration_context).column(self.column_name, NULLTYPE)

    @classmethod
    def drop_column(
        cls,
        operations: Invoker,
        /,
        table_name: str,
        column_name: str,
        *,
        schema: str | None = None,
        **kw: Any,
    ) -> None:
        """Drop a column.

        Args:
            operations: filled in by ``op``.
            table_name: name of the table.
            column_name: name of the column.
            schema: schema of the table.
            **kw: ``if_exists``; ``mssql_drop_check``, ``mssql_drop_default``, ``mssql_drop_foreign_key`` drop first
                what SQL Server hangs on the column.
        """
        operations.invoke(cls(table_name, column_name, schema=schema, **kw))

    @classmethod
    def batch_drop_column(cls, operations: BatchInvoker, /, column_name: str, **kw: Any) -> None:
        """Drop a column of the batch's table."""
        table = operations.impl
        operations.invoke(cls(table.table_name, column_name, schema=table.schema, **kw))
