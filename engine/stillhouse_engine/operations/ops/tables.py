"""Operations on whole tables: create, drop, rename, comment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stillhouse_engine.operations.ops.base import AlterTableOp, BatchInvoker, Invoker, MigrateOperation
from stillhouse_engine.operations.schema_objects import SchemaObjects, all_constraints

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence

    from sqlalchemy import MetaData, Table
    from sqlalchemy.schema import SchemaItem


class CreateTableOp(MigrateOperation):
    """Creates a table."""

    def __init__(
        self,
        table_name: str,
        columns: Sequence[SchemaItem],
        *,
        schema: str | None = None,
        if_not_exists: bool | None = None,
        _namespace_metadata: MetaData | None = None,
        _constraints_included: bool = False,
        **kw: Any,
    ) -> None:
        self.table_name = table_name
        self.columns = columns
        self.schema = schema
        self.if_not_exists = if_not_exists
        self.info = kw.pop("info", {})
        self.comment = kw.pop("comment", None)
        self.prefixes = kw.pop("prefixes", None)
        self.kw = kw
        self._namespace_metadata = _namespace_metadata
        self._constraints_included = _constraints_included

    def reverse(self) -> DropTableOp:
        """Return the operation that drops the table."""
        return DropTableOp.from_table(self.to_table(), _namespace_metadata=self._namespace_metadata)

    def to_diff_tuple(self) -> tuple[str, Table]:
        """Return ``("add_table", Table)``."""
        return ("add_table", self.to_table())

    @classmethod
    def from_table(cls, table: Table, *, _namespace_metadata: MetaData | None = None) -> CreateTableOp:
        """Make the operation that creates a given table."""
        return cls(
            table.name,
            [*table.c, *all_constraints(table)],
            schema=table.schema,
            _namespace_metadata=table.metadata if _namespace_metadata is None else _namespace_metadata,
            # Which constraints are there is already known; those that types and columns imply must not be made twice.
            _constraints_included=True,
            comment=table.comment,
            info=dict(table.info),
            prefixes=list(table._prefixes),  # noqa: SLF001 - SQLAlchemy offers no other way to read them
            **table.kwargs,
        )

    def to_table(self, migration_context: Any = None) -> Table:
        """Return the table as SQLAlchemy holds it."""
        return SchemaObjects(migration_context).table(
            self.table_name,
            *self.columns,
            schema=self.schema,
            prefixes=list(self.prefixes) if self.prefixes else [],
            comment=self.comment,
            info=dict(self.info) if self.info else {},
            _constraints_included=self._constraints_included,
            **self.kw,
        )

    @classmethod
    def create_table(
        cls,
        operations: Invoker,
        /,
        table_name: str,
        *columns: SchemaItem,
        if_not_exists: bool | None = None,
        **kw: Any,
    ) -> Table:
        """Create a table.

        Args:
            operations: filled in by ``op``.
            table_name: name of the table.
            *columns: columns and constraints.
            if_not_exists: add ``IF NOT EXISTS``.
            **kw: ``schema``, ``comment``, ``info``, ``prefixes`` and the dialects' keywords (``mysql_engine=…``).

        Returns:
            The table, for use in ``bulk_insert`` and other statements.
        """
        table: Table = operations.invoke(cls(table_name, columns, if_not_exists=if_not_exists, **kw))
        return table


class DropTableOp(MigrateOperation):
    """Drops a table."""

    def __init__(
        self,
        table_name: str,
        *,
        schema: str | None = None,
        if_exists: bool | None = None,
        table_kw: MutableMapping[Any, Any] | None = None,
        _reverse: CreateTableOp | None = None,
    ) -> None:
        self.table_name = table_name
        self.schema = schema
        self.if_exists = if_exists
        self.table_kw = {} if table_kw is None else dict(table_kw)
        self.comment = self.table_kw.pop("comment", None)
        self.info = self.table_kw.pop("info", None)
        self.prefixes = self.table_kw.pop("prefixes", None)
        self._reverse = _reverse

    def to_diff_tuple(self) -> tuple[str, Table]:
        """Return ``("remove_table", Table)``."""
        return ("remove_table", self.to_table())

    def reverse(self) -> CreateTableOp:
        """Return the operation that creates the table again."""
        return CreateTableOp.from_table(self.to_table())

    @classmethod
    def from_table(cls, table: Table, *, _namespace_metadata: MetaData | None = None) -> DropTableOp:
        """Make the operation that drops a given table, and knows how to create it again."""
        return cls(
            table.name,
            schema=table.schema,
            table_kw={
                "comment": table.comment,
                "info": dict(table.info),
                "prefixes": list(table._prefixes),  # noqa: SLF001 - SQLAlchemy offers no other way to read them
                **table.kwargs,
            },
            _reverse=CreateTableOp.from_table(table, _namespace_metadata=_namespace_metadata),
        )

    def to_table(self, migration_context: Any = None) -> Table:
        """Return the table as SQLAlchemy holds it, with its columns where they are known."""
        known = self._reverse
        return SchemaObjects(migration_context).table(
            self.table_name,
            *(known.columns if known else ()),
            comment=self.comment,
            info=dict(self.info) if self.info else {},
            prefixes=list(self.prefixes) if self.prefixes else [],
            schema=self.schema,
            _constraints_included=known is not None,
            **self.table_kw,
        )

    @classmethod
    def drop_table(
        cls,
        operations: Invoker,
        /,
        table_name: str,
        *,
        schema: str | None = None,
        if_exists: bool | None = None,
        **kw: Any,
    ) -> None:
        """Drop a table.

        Args:
            operations: filled in by ``op``.
            table_name: name of the table.
            schema: schema of the table.
            if_exists: add ``IF EXISTS``.
            **kw: the dialects' keywords.
        """
        operations.invoke(cls(table_name, schema=schema, if_exists=if_exists, table_kw=kw))


class RenameTableOp(AlterTableOp):
    """Renames a table."""

    def __init__(self, old_table_name: str, new_table_name: str, *, schema: str | None = None) -> None:
        super().__init__(old_table_name, schema=schema)
        self.new_table_name = new_table_name

    @classmethod
    def rename_table(
        cls,
        operations: Invoker,
        /,
        old_table_name: str,
        new_table_name: str,
        *,
        schema: str | None = None,
    ) -> None:
        """Rename a table.

        Args:
            operations: filled in by ``op``.
            old_table_name: the name it has.
            new_table_name: the name it gets.
            schema: schema of the table.
        """
        operations.invoke(cls(old_table_name, new_table_name, schema=schema))


class CreateTableCommentOp(AlterTableOp):
    """Sets the comment of a table."""

    def __init__(
        self,
        table_name: str,
        comment: str | None,
        *,
        schema: str | None = None,
        existing_comment: str | None = None,
    ) -> None:
        super().__init__(table_name, schema=schema)
        self.comment = comment
        self.existing_comment = existing_comment

    @classmethod
    def create_table_comment(
        cls,
        operations: Invoker,
        /,
        table_name: str,
        comment: str | None,
        *,
        existing_comment: str | None = None,
        schema: str | None = None,
    ) -> None:
        """Set the comment of a table.

        Args:
            operations: filled in by ``op``.
            table_name: name of the table.
            comment: the comment.
            existing_comment: the comment that it has, so that the operation can be undone.
            schema: schema of the table.
        """
        operations.invoke(cls(table_name, comment, existing_comment=existing_comment, schema=schema))

    @classmethod
    def batch_create_table_comment(
        cls,
        operations: BatchInvoker,
        /,
        comment: str | None,
        *,
        existing_comment: str | None = None,
    ) -> None:
        """Set the comment of the batch's table."""
        table = operations.impl
        operations.invoke(cls(table.table_name, comment, existing_comment=existing_comment, schema=table.schema))

    def reverse(self) -> CreateTableCommentOp | DropTableCommentOp:
        """Return the operation that brings the earlier comment back."""
        if self.existing_comment is None:
            return DropTableCommentOp(self.table_name, existing_comment=self.comment, schema=self.schema)
        return CreateTableCommentOp(
            self.table_name, self.existing_comment, existing_comment=self.comment, schema=self.schema
        )

    def to_table(self, migration_context: Any = None) -> Table:
        """Return a table that has the comment and nothing else."""
        return SchemaObjects(migration_context).table(self.table_name, schema=self.schema, comment=self.comment)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return ``("add_table_comment", Table, existing comment)``."""
        return ("add_table_comment", self.to_table(), self.existing_comment)


class DropTableCommentOp(AlterTableOp):
    """Removes the comment of a table."""

    def __init__(self, table_name: str, *, schema: str | None = None, existing_comment: str | None = None) -> None:
        super().__init__(table_name, schema=schema)
        self.existing_comment = existing_comment

    @classmethod
    def drop_table_comment(
        cls,
        operations: Invoker,
        /,
        table_name: str,
        *,
        existing_comment: str | None = None,
        schema: str | None = None,
    ) -> None:
        """Remove the comment of a table.

        Args:
            operations: filled in by ``op``.
            table_name: name of the table.
            existing_comment: the comment that it has, so that the operation can be undone.
            schema: schema of the table.
        """
        operations.invoke(cls(table_name, existing_comment=existing_comment, schema=schema))

    @classmethod
    def batch_drop_table_comment(cls, operations: BatchInvoker, /, *, existing_comment: str | None = None) -> None:
        """Remove the comment of the batch's table."""
        table = operations.impl
        operations.invoke(cls(table.table_name, existing_comment=existing_comment, schema=table.schema))

    def reverse(self) -> CreateTableCommentOp:
        """Return the operation that brings the comment back."""
        return CreateTableCommentOp(self.table_name, self.existing_comment, schema=self.schema)

    def to_table(self, migration_context: Any = None) -> Table:
        """Return the bare table."""
        return SchemaObjects(migration_context).table(self.table_name, schema=self.schema)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return ``("remove_table_comment", Table)``."""
        return ("remove_table_comment", self.to_table())
