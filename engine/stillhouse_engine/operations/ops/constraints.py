"""Operations on constraints: what adding and dropping any of them have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from stillhouse_engine.operations.ops.base import BatchInvoker, Invoker, MigrateOperation

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Constraint


AddConstraint = TypeVar("AddConstraint", bound="type[AddConstraintOp]")


class AddConstraintOp(MigrateOperation):
    """Adds a constraint."""

    add_constraint_ops: ClassVar[dict[str, type[AddConstraintOp]]] = {}
    """Operation classes by the name that SQLAlchemy's visitors know a constraint by."""

    constraint_name: str | None
    schema: str | None

    @property
    def constraint_type(self) -> str:
        """The kind of constraint, as Alembic names it."""
        raise NotImplementedError

    @classmethod
    def register_add_constraint(cls, type_: str) -> Callable[[AddConstraint], AddConstraint]:
        """Let a subclass add the constraints of one kind.

        Args:
            type_: SQLAlchemy's visit name of the constraint.
        """

        def register(subclass: AddConstraint) -> AddConstraint:
            cls.add_constraint_ops[type_] = subclass
            return subclass

        return register

    @classmethod
    def from_constraint(cls, constraint: Constraint) -> AddConstraintOp:
        """Make the operation that adds a given constraint.

        Raises:
            ValueError: no operation adds this kind of constraint.
        """
        kind = constraint.__visit_name__
        if kind not in cls.add_constraint_ops:
            raise ValueError(f"no dispatch function for object: {kind}")
        return cls.add_constraint_ops[kind].from_constraint(constraint)

    def reverse(self) -> DropConstraintOp:
        """Return the operation that drops the constraint."""
        return DropConstraintOp.from_constraint(self.to_constraint())

    def to_diff_tuple(self) -> tuple[str, Constraint]:
        """Return ``("add_constraint", Constraint)``."""
        return ("add_constraint", self.to_constraint())

    def to_constraint(self, migration_context: Any = None) -> Constraint:
        """Return the constraint as SQLAlchemy holds it."""
        raise NotImplementedError


class DropConstraintOp(MigrateOperation):
    """Drops a constraint."""

    def __init__(
        self,
        constraint_name: str | None,
        table_name: str,
        type_: str | None = None,
        *,
        schema: str | None = None,
        if_exists: bool | None = None,
        _reverse: AddConstraintOp | None = None,
    ) -> None:
        self.constraint_name = constraint_name
        self.table_name = table_name
        self.constraint_type = type_
        self.schema = schema
        self.if_exists = if_exists
        self._reverse = _reverse

    def reverse(self) -> AddConstraintOp:
        """Return the operation that adds the constraint again.

        Raises:
            ValueError: the constraint is known by its name only.
        """
        return AddConstraintOp.from_constraint(self.to_constraint())

    def to_diff_tuple(self) -> tuple[str, Constraint]:
        """Return ``("remove_constraint", Constraint)``, or ``remove_fk`` for a foreign key."""
        kind = "remove_fk" if self.constraint_type == "foreignkey" else "remove_constraint"
        return (kind, self.to_constraint())

    @classmethod
    def from_constraint(cls, constraint: Constraint) -> DropConstraintOp:
        """Make the operation that drops a given constraint, and knows how to add it again."""
        table = table_of(constraint)
        return cls(
            constraint_name(constraint),
            table.name,
            schema=table.schema,
            type_=DROP_TYPES.get(constraint.__visit_name__),
            _reverse=AddConstraintOp.from_constraint(constraint),
        )

    def to_constraint(self) -> Constraint:
        """Return the constraint as SQLAlchemy holds it.

        Raises:
            ValueError: the constraint is known by its name only.
        """
        if self._reverse is None:
            raise ValueError("constraint cannot be produced; original constraint is not present")
        constraint = self._reverse.to_constraint()
        constraint.name = self.constraint_name
        table_of(constraint).name = self.table_name
        table_of(constraint).schema = self.schema
        return constraint

    @classmethod
    def drop_constraint(
        cls,
        operations: Invoker,
        /,
        constraint_name: str,
        table_name: str,
        type_: str | None = None,
        *,
        schema: str | None = None,
        if_exists: bool | None = None,
    ) -> None:
        """Drop a constraint.

        Args:
            operations: filled in by ``op``.
            constraint_name: name of the constraint.
            table_name: the table that has it.
            type_: ``foreignkey``, ``primary``, ``unique`` or ``check``; MySQL needs it.
            schema: schema of the table.
            if_exists: add ``IF EXISTS``.

        Raises:
            TypeError: there is no such kind of constraint.
        """
        operations.invoke(cls(constraint_name, table_name, type_=type_, schema=schema, if_exists=if_exists))

    @classmethod
    def batch_drop_constraint(cls, operations: BatchInvoker, /, constraint_name: str, type_: str | None = None) -> None:
        """Drop a constraint of the batch's table."""
        table = operations.impl
        operations.invoke(cls(constraint_name, table.table_name, type_=type_, schema=table.schema))


DROP_TYPES = {
    "unique_constraint": "unique",
    "foreign_key_constraint": "foreignkey",
    "primary_key_constraint": "primary",
    "check_constraint": "check",
    "table_or_column_check_constraint": "check",
    "column_check_constraint": "check",
}


def table_of(constraint: Constraint) -> Any:
    """Return the table that a constraint belongs to."""
    table = getattr(constraint, "table", None)
    if table is None:
        raise ValueError(f"constraint {constraint.name!r} belongs to no table")
    return table


def constraint_name(constraint: Constraint) -> Any:
    """Return a constraint's name; None where a naming convention will make it."""
    return constraint.name if isinstance(constraint.name, str) else None


def timing(constraint: Constraint) -> dict[str, Any]:
    """Return deferrability as keywords, where there is something to say."""
    said = {"deferrable": constraint.deferrable, "initially": constraint.initially}
    return {name: value for name, value in said.items() if value}
