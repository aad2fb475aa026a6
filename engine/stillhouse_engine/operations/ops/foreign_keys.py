"""Foreign keys as operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stillhouse_engine.operations.ops.constraints import AddConstraintOp, constraint_name, table_of
from stillhouse_engine.operations.schema_objects import SchemaObjects

if TYPE_CHECKING:
    from sqlalchemy import Constraint, ForeignKeyConstraint

    from stillhouse_engine.operations.ops.base import BatchInvoker, Invoker


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
        names = ("onupdate", "ondelete", "initially", "deferrable", "use_alter", "match")
        rules = {name: getattr(constraint, name) for name in names}
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
