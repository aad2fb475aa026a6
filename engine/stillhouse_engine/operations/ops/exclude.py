"""PostgreSQL's exclusion constraints as operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Table, text
from sqlalchemy.sql.elements import ColumnClause
from sqlalchemy.types import NULLTYPE

from stillhouse_engine.operations.ops.constraints import AddConstraintOp, constraint_name, table_of
from stillhouse_engine.operations.schema_objects import SchemaObjects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Constraint, TextClause
    from sqlalchemy.dialects.postgresql import ExcludeConstraint
    from sqlalchemy.sql.elements import ColumnElement

    from stillhouse_engine.operations.ops.base import BatchInvoker, Invoker


@AddConstraintOp.register_add_constraint("exclude_constraint")
class CreateExcludeConstraintOp(AddConstraintOp):
    """Adds an exclusion constraint."""

    constraint_type = "exclude"

    def __init__(
        self,
        constraint_name: str | None,
        table_name: str,
        elements: Sequence[tuple[Any, str]],
        where: ColumnElement[Any] | TextClause | str | None = None,
        schema: str | None = None,
        _orig_constraint: ExcludeConstraint | None = None,
        **kw: Any,
    ) -> None:
        self.constraint_name = constraint_name
        self.table_name = table_name
        self.elements = elements
        self.where = where
        self.schema = schema
        self._orig_constraint = _orig_constraint
        self.kw = kw

    @classmethod
    def from_constraint(cls, constraint: Constraint) -> CreateExcludeConstraintOp:
        """Make the operation that adds a given exclusion constraint."""
        exclude: Any = constraint
        table = table_of(constraint)
        return cls(
            constraint_name(constraint),
            table.name,
            [(expression, operator) for expression, _, operator in exclude._render_exprs],  # noqa: SLF001 - not public
            where=exclude.where,
            schema=table.schema,
            _orig_constraint=exclude,
            deferrable=constraint.deferrable,
            initially=constraint.initially,
            using=exclude.using,
        )

    def to_constraint(self, migration_context: Any = None) -> ExcludeConstraint:
        """Return the exclusion constraint as SQLAlchemy holds it."""
        from sqlalchemy.dialects.postgresql import ExcludeConstraint

        if self._orig_constraint is not None:
            return self._orig_constraint
        table = Table(self.table_name, SchemaObjects(migration_context).metadata(), schema=self.schema)
        elements = [(self._element(table, expression), operator) for expression, operator in self.elements]
        where = text(self.where) if isinstance(self.where, str) else self.where
        constraint = ExcludeConstraint(*elements, name=self.constraint_name, where=where, **self.kw)
        table.append_constraint(constraint)
        return constraint

    def _element(self, table: Table, expression: Any) -> Any:
        """Return a column of the stand-in table for a name, an expression as it is."""
        name = expression if isinstance(expression, str) else getattr(expression, "name", None)
        if isinstance(expression, str | ColumnClause) and name and name not in table.c:
            table.append_column(Column(name, NULLTYPE))
        return table.c[expression] if isinstance(expression, str) else expression

    @classmethod
    def create_exclude_constraint(
        cls, operations: Invoker, /, constraint_name: str, table_name: str, *elements: Any, **kw: Any
    ) -> Table | None:
        """Add an exclusion constraint (PostgreSQL).

        Args:
            operations: filled in by ``op``.
            constraint_name: its name.
            table_name: the table that gets it.
            *elements: pairs of a column or expression and an operator.
            **kw: ``where``, ``schema``, ``using``, ``deferrable``, ``initially``.
        """
        operations.invoke(cls(constraint_name, table_name, elements, **kw))
        return None

    @classmethod
    def batch_create_exclude_constraint(
        cls, operations: BatchInvoker, /, constraint_name: str, *elements: Any, **kw: Any
    ) -> Table | None:
        """Add an exclusion constraint to the batch's table (PostgreSQL)."""
        kw["schema"] = operations.impl.schema
        operations.invoke(cls(constraint_name, operations.impl.table_name, elements, **kw))
        return None
