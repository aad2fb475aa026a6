"""Operations on indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stillhouse_engine.operations.ops.base import BatchInvoker, Invoker, MigrateOperation
from stillhouse_engine.operations.schema_objects import SchemaObjects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Index, TextClause
    from sqlalchemy.sql.elements import ColumnElement


class CreateIndexOp(MigrateOperation):
    """Creates an index."""

    def __init__(
        self,
        index_name: str | None,
        table_name: str,
        columns: Sequence[str | TextClause | ColumnElement[Any]],
        *,
        schema: str | None = None,
        unique: bool = False,
        if_not_exists: bool | None = None,
        **kw: Any,
    ) -> None:
        self.index_name = index_name
        self.table_name = table_name
        self.columns = columns
        self.schema = schema
        self.unique = unique
        self.if_not_exists = if_not_exists
        self.kw = kw

    def reverse(self) -> DropIndexOp:
        """Return the operation that drops the index."""
        return DropIndexOp.from_index(self.to_index())

    def to_diff_tuple(self) -> tuple[str, Index]:
        """Return ``("add_index", Index)``."""
        return ("add_index", self.to_index())

    @classmethod
    def from_index(cls, index: Index) -> CreateIndexOp:
        """Make the operation that creates a given index."""
        return cls(index.name, **index_facts(index), columns=list(index.expressions), **index_options(index))

    def to_index(self, migration_context: Any = None) -> Index:
        """Return the index as SQLAlchemy holds it."""
        return SchemaObjects(migration_context).index(
            self.index_name, self.table_name, self.columns, schema=self.schema, unique=self.unique, **self.kw
        )

    @classmethod
    def create_index(
        cls,
        operations: Invoker,
        /,
        index_name: str | None,
        table_name: str,
        columns: Sequence[str | TextClause | ColumnElement[Any]],
        *,
        schema: str | None = None,
        unique: bool = False,
        if_not_exists: bool | None = None,
        **kw: Any,
    ) -> None:
        """Create an index.

        Args:
            operations: filled in by ``op``.
            index_name: its name; None leaves it to the naming convention.
            table_name: the table that it is on.
            columns: names of columns, ``sqlalchemy.text(…)``, expressions.
            schema: schema of the table.
            unique: whether its entries are unique.
            if_not_exists: add ``IF NOT EXISTS``.
            **kw: the dialects' keywords (``postgresql_concurrently``, ``postgresql_where``, ``mysql_length`` …).
        """
        operations.invoke(
            cls(index_name, table_name, columns, schema=schema, unique=unique, if_not_exists=if_not_exists, **kw)
        )

    @classmethod
    def batch_create_index(
        cls,
        operations: BatchInvoker,
        /,
        index_name: str,
        columns: Sequence[str | TextClause | ColumnElement[Any]],
        **kw: Any,
    ) -> None:
        """Create an index on the batch's table."""
        table = operations.impl
        operations.invoke(cls(index_name, table.table_name, columns, schema=table.schema, **kw))


class DropIndexOp(MigrateOperation):
    """Drops an index."""

    def __init__(
        self,
        index_name: str,
        table_name: str | None = None,
        *,
        schema: str | None = None,
        if_exists: bool | None = None,
        _reverse: CreateIndexOp | None = None,
        **kw: Any,
    ) -> None:
        self.index_name = index_name
        self.table_name = table_name
        self.schema = schema
        self.if_exists = if_exists
        self._reverse = _reverse
        self.kw = kw

    def to_diff_tuple(self) -> tuple[str, Index]:
        """Return ``("remove_index", Index)``."""
        return ("remove_index", self.to_index())

    def reverse(self) -> CreateIndexOp:
        """Return the operation that creates the index again."""
        return CreateIndexOp.from_index(self.to_index())

    @classmethod
    def from_index(cls, index: Index) -> DropIndexOp:
        """Make the operation that drops a given index, and knows how to create it again."""
        options = index_options(index)
        return cls(index.name or "", **index_facts(index), _reverse=CreateIndexOp.from_index(index), **options)

    def to_index(self, migration_context: Any = None) -> Index:
        """Return the index as SQLAlchemy holds it; where its columns are not known, with one that stands for them."""
        columns = self._reverse.columns if self._reverse is not None else ["x"]
        return SchemaObjects(migration_context).index(
            self.index_name, self.table_name, columns, schema=self.schema, **self.kw
        )

    @classmethod
    def drop_index(
        cls,
        operations: Invoker,
        /,
        index_name: str,
        table_name: str | None = None,
        *,
        schema: str | None = None,
        if_exists: bool | None = None,
        **kw: Any,
    ) -> None:
        """Drop an index.

        Args:
            operations: filled in by ``op``.
            index_name: name of the index.
            table_name: the table that it is on; MySQL and SQL Server need it.
            schema: schema of the table.
            if_exists: add ``IF EXISTS``.
            **kw: the dialects' keywords (``postgresql_concurrently``).
        """
        operations.invoke(cls(index_name, table_name, schema=schema, if_exists=if_exists, **kw))

    @classmethod
    def batch_drop_index(cls, operations: BatchInvoker, /, index_name: str, **kw: Any) -> None:
        """Drop an index of the batch's table."""
        table = operations.impl
        operations.invoke(cls(index_name, table.table_name, schema=table.schema, **kw))


def index_facts(index: Index) -> dict[str, Any]:
    """Return the table's name and schema as operations take them."""
    if index.table is None:
        raise ValueError(f"index {index.name!r} belongs to no table")
    return {"table_name": index.table.name, "schema": index.table.schema}


def index_options(index: Index) -> dict[str, Any]:
    """Return uniqueness and the dialects' options of an index as keywords."""
    return {"unique": bool(index.unique), **index.kwargs}
