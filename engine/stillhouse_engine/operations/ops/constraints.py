"""Operations on constraints: what adding and dropping any of them have in common, and the four common kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from stillhouse_engine.operations.ops.base import BatchInvoker, Invoker, MigrateOperation
from stillhouse_engine.operations.schema_objects import SchemaObjects

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import CheckConstraint, Constraint, ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint
    from sqlalchemy.sql.elements import ColumnElement, TextClause

    Condition = str | ColumnElement[Any] | TextClause

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


@AddConstraintOp.register_add_constraint("foreign_key_constraint")
class CreateForeignKeyOp(AddConstraintOp):
    """Adds a foreign key."""

    constraint_type = "foreignkey"

    def __init__(
        self,
        constraint_name: str | None,
        source_table: str,
        referent_table: str,
        local_cols: list[str],
        remote_cols: list[str],
        **kw: Any,
    ) -> None:
        self.constraint_name = constraint_name
        self.source_table = source_table
        self.referent_table = referent_table
        self.local_cols = local_cols
        self.remote_cols = remote_cols
        self.kw = kw

    def to_diff_tuple(self) -> tuple[str, ForeignKeyConstraint]:
        """Return ``("add_fk", ForeignKeyConstraint)``."""
        return ("add_fk", self.to_constraint())

    @classmethod
    def from_constraint(cls, constraint: Constraint) -> CreateForeignKeyOp:
        """Make the operation that adds a given foreign key."""
        table = table_of(constraint)
        elements = constraint.elements  # type: ignore[attr-defined]
        referent = elements[0].column.table
        rules = {
            name: getattr(constraint, name) for name in ("onupdate", "ondelete", "initially", "deferrable", "match")
        }
        kw = {name: value for name, value in rules.items() if value}
        return cls(
            constraint_name(constraint),
            table.name,
            referent.name,
            [element.parent.name for element in elements],
            [element.column.name for element in elements],
            source_schema=table.schema,
            referent_schema=referent.schema,
            **kw,
            **constraint.dialect_kwargs,
        )

    def to_constraint(self, migration_context: Any = None) -> ForeignKeyConstraint:
        """Return the foreign key as SQLAlchemy holds it."""
        return SchemaObjects(migration_context).foreign_key_constraint(
            self.constraint_name,
            self.source_table,
            self.referent_table,
            self.local_cols,
            self.remote_cols,
            **self.kw,
        )

    @classmethod
    def create_foreign_key(  # noqa: PLR0917 - Alembic's signature
        cls,
        operations: Invoker,
        /,
        constraint_name: str | None,
        source_table: str,
        referent_table: str,
        local_cols: list[str],
        remote_cols: list[str],
        *,
        onupdate: str | None = None,
        ondelete: str | None = None,
        deferrable: bool | None = None,
        initially: str | None = None,
        match: str | None = None,
        source_schema: str | None = None,
        referent_schema: str | None = None,
        **dialect_kw: Any,
    ) -> None:
        """Add a foreign key.

        Args:
            operations: filled in by ``op``.
            constraint_name: its name; None leaves it to the naming convention or the database.
            source_table: the table that gets it.
            referent_table: the table that it points to.
            local_cols: columns of the first.
            remote_cols: columns of the second, in the same order.
            onupdate: what an update there does here.
            ondelete: what a delete there does here.
            deferrable: whether it may be checked at the transaction's end.
            initially: ``DEFERRED`` or ``IMMEDIATE``.
            match: ``FULL``, ``PARTIAL`` or ``SIMPLE``.
            source_schema: schema of the first table.
            referent_schema: schema of the second table.
            **dialect_kw: the dialects' keywords (``postgresql_not_valid``).
        """
        operations.invoke(
            cls(
                constraint_name,
                source_table,
                referent_table,
                local_cols,
                remote_cols,
                onupdate=onupdate,
                ondelete=ondelete,
                deferrable=deferrable,
                source_schema=source_schema,
                referent_schema=referent_schema,
                initially=initially,
                match=match,
                **dialect_kw,
            )
        )

    @classmethod
    def batch_create_foreign_key(
        cls,
        operations: BatchInvoker,
        /,
        constraint_name: str | None,
        referent_table: str,
        local_cols: list[str],
        remote_cols: list[str],
        *,
        referent_schema: str | None = None,
        onupdate: str | None = None,
        ondelete: str | None = None,
        deferrable: bool | None = None,
        initially: str | None = None,
        match: str | None = None,
        **dialect_kw: Any,
    ) -> None:
        """Add a foreign key to the batch's table; the arguments are those of ``create_foreign_key``."""
        operations.invoke(
            cls(
                constraint_name,
                operations.impl.table_name,
                referent_table,
                local_cols,
                remote_cols,
                onupdate=onupdate,
                ondelete=ondelete,
                deferrable=deferrable,
                source_schema=operations.impl.schema,
                referent_schema=referent_schema,
                initially=initially,
                match=match,
                **dialect_kw,
            )
        )
