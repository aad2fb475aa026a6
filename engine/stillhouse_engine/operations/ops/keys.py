"""Primary keys and unique constraints as operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stillhouse_engine.operations.ops.constraints import (
    AddConstraintOp,
    DropConstraintOp,
    constraint_name,
    table_of,
    timing,
)
from stillhouse_engine.operations.schema_objects import SchemaObjects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Constraint, PrimaryKeyConstraint, UniqueConstraint

    from stillhouse_engine.operations.ops.base import BatchInvoker, Invoker


@AddConstraintOp.register_add_constraint("primary_key_constraint")
class CreatePrimaryKeyOp(AddConstraintOp):
    """Adds a primary key."""

    constraint_type = "primarykey"

    def __init__(
        self,
        constraint_name: str | None,
        table_name: str,
        columns: Sequence[str],
        *,
        schema: str | None = None,
        **kw: Any,
    ) -> None:
        self.constraint_name = constraint_name
        self.table_name = table_name
        self.columns = columns
        self.schema = schema
        self.kw = kw

    @classmethod
    def from_constraint(cls, constraint: Constraint) -> CreatePrimaryKeyOp:
        """Make the operation that adds a given primary key."""
        table = table_of(constraint)
        columns = [column.name for column in constraint.columns]  # type: ignore[attr-defined]
        return cls(constraint_name(constraint), table.name, columns, schema=table.schema, **constraint.dialect_kwargs)

    def to_constraint(self, migration_context: Any = None) -> PrimaryKeyConstraint:
        """Return the primary key as SQLAlchemy holds it."""
        return SchemaObjects(migration_context).primary_key_constraint(
            self.constraint_name, self.table_name, self.columns, schema=self.schema, **self.kw
        )

    @classmethod
    def create_primary_key(
        cls,
        operations: Invoker,
        /,
        constraint_name: str | None,
        table_name: str,
        columns: list[str],
        *,
        schema: str | None = None,
    ) -> None:
        """Add a primary key.

        Args:
            operations: filled in by ``op``.
            constraint_name: its name; None leaves it to the naming convention or the database.
            table_name: the table that gets it.
            columns: its columns.
            schema: schema of the table.
        """
        operations.invoke(cls(constraint_name, table_name, columns, schema=schema))

    @classmethod
    def batch_create_primary_key(
        cls, operations: BatchInvoker, /, constraint_name: str | None, columns: list[str]
    ) -> None:
        """Add a primary key to the batch's table."""
        table = operations.impl
        operations.invoke(cls(constraint_name, table.table_name, columns, schema=table.schema))


class ReplacedPrimaryKeyOp(DropConstraintOp):
    """Stands for a primary key without a name that another one is about to replace (SQLite).

    There is nothing to do; but it knows the way back.
    """


@AddConstraintOp.register_add_constraint("unique_constraint")
class CreateUniqueConstraintOp(AddConstraintOp):
    """Adds a unique constraint."""

    constraint_type = "unique"

    def __init__(
        self,
        constraint_name: str | None,
        table_name: str,
        columns: Sequence[str],
        *,
        schema: str | None = None,
        **kw: Any,
    ) -> None:
        self.constraint_name = constraint_name
        self.table_name = table_name
        self.columns = columns
        self.schema = schema
        self.kw = kw

    @classmethod
    def from_constraint(cls, constraint: Constraint) -> CreateUniqueConstraintOp:
        """Make the operation that adds a given unique constraint."""
        table = table_of(constraint)
        columns = [column.name for column in constraint.columns]  # type: ignore[attr-defined]
        options = {**timing(constraint), **constraint.dialect_kwargs}
        return cls(constraint_name(constraint), table.name, columns, schema=table.schema, **options)

    def to_constraint(self, migration_context: Any = None) -> UniqueConstraint:
        """Return the unique constraint as SQLAlchemy holds it."""
        return SchemaObjects(migration_context).unique_constraint(
            self.constraint_name, self.table_name, self.columns, schema=self.schema, **self.kw
        )

    @classmethod
    def create_unique_constraint(
        cls,
        operations: Invoker,
        /,
        constraint_name: str | None,
        table_name: str,
        columns: Sequence[str],
        *,
        schema: str | None = None,
        **kw: Any,
    ) -> Any:
        """Add a unique constraint.

        Args:
            operations: filled in by ``op``.
            constraint_name: its name; None leaves it to the naming convention or the database.
            table_name: the table that gets it.
            columns: its columns.
            schema: schema of the table.
            **kw: ``deferrable``, ``initially`` and the dialects' keywords.
        """
        return operations.invoke(cls(constraint_name, table_name, columns, schema=schema, **kw))

    @classmethod
    def batch_create_unique_constraint(
        cls, operations: BatchInvoker, /, constraint_name: str, columns: Sequence[str], **kw: Any
    ) -> Any:
        """Add a unique constraint to the batch's table."""
        kw["schema"] = operations.impl.schema
        return operations.invoke(cls(constraint_name, operations.impl.table_name, columns, **kw))
