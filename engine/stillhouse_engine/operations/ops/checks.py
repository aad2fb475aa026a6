"""Check constraints as operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stillhouse_engine.operations.ops.constraints import AddConstraintOp, constraint_name, table_of, timing
from stillhouse_engine.operations.schema_objects import SchemaObjects

if TYPE_CHECKING:
    from sqlalchemy import CheckConstraint, Constraint, TextClause
    from sqlalchemy.sql.elements import ColumnElement

    Condition = str | ColumnElement[Any] | TextClause

    from stillhouse_engine.operations.ops.base import BatchInvoker, Invoker


@AddConstraintOp.register_add_constraint("check_constraint")
@AddConstraintOp.register_add_constraint("table_or_column_check_constraint")
@AddConstraintOp.register_add_constraint("column_check_constraint")
class CreateCheckConstraintOp(AddConstraintOp):
    """Adds a check constraint."""

    constraint_type = "check"

    def __init__(
        self,
        constraint_name: str | None,
        table_name: str,
        condition: Condition,
        *,
        schema: str | None = None,
        **kw: Any,
    ) -> None:
        self.constraint_name = constraint_name
        self.table_name = table_name
        self.condition = condition
        self.schema = schema
        self.kw = kw

    @classmethod
    def from_constraint(cls, constraint: Constraint) -> CreateCheckConstraintOp:
        """Make the operation that adds a given check constraint."""
        table = table_of(constraint)
        condition = constraint.sqltext  # type: ignore[attr-defined]
        options = {**timing(constraint), **constraint.dialect_kwargs}
        return cls(constraint_name(constraint), table.name, condition, schema=table.schema, **options)

    def to_constraint(self, migration_context: Any = None) -> CheckConstraint:
        """Return the check constraint as SQLAlchemy holds it."""
        return SchemaObjects(migration_context).check_constraint(
            self.constraint_name, self.table_name, self.condition, schema=self.schema, **self.kw
        )

    @classmethod
    def create_check_constraint(
        cls,
        operations: Invoker,
        /,
        constraint_name: str | None,
        table_name: str,
        condition: Condition,
        *,
        schema: str | None = None,
        **kw: Any,
    ) -> None:
        """Add a check constraint.

        Args:
            operations: filled in by ``op``.
            constraint_name: its name; None leaves it to the database.
            table_name: the table that gets it.
            condition: what must hold, as text or as an expression.
            schema: schema of the table.
            **kw: ``deferrable``, ``initially`` and the dialects' keywords (``postgresql_not_valid``).
        """
        operations.invoke(cls(constraint_name, table_name, condition, schema=schema, **kw))

    @classmethod
    def batch_create_check_constraint(
        cls, operations: BatchInvoker, /, constraint_name: str, condition: Condition, **kw: Any
    ) -> None:
        """Add a check constraint to the batch's table."""
        table = operations.impl
        operations.invoke(cls(constraint_name, table.table_name, condition, schema=table.schema, **kw))
