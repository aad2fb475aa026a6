"""PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Identity, String
from sqlalchemy.ext.compiler import compiles

from stillhouse_engine.dialects import ddl
from stillhouse_engine.dialects.comparing_postgresql import PostgreSQLComparisons
from stillhouse_engine.dialects.identity import converted, identity_changes
from stillhouse_engine.dialects.impl import DefaultImpl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Table
    from sqlalchemy.dialects.postgresql.base import PGDDLCompiler
    from sqlalchemy.types import TypeEngine


class PostgresqlImpl(PostgreSQLComparisons, DefaultImpl):
    """Carries out operations on PostgreSQL."""

    __dialect__ = "postgresql"

    transactional_ddl = True
    type_synonyms = (*DefaultImpl.type_synonyms, {"FLOAT", "DOUBLE PRECISION"})

    def alter_column(
        self,
        table_name: str,
        column_name: str,
        *,
        type_: TypeEngine[Any] | type[TypeEngine[Any]] | None = None,
        schema: str | None = None,
        existing_type: TypeEngine[Any] | None = None,
        existing_server_default: Any = None,
        existing_nullable: bool | None = None,
        **kw: Any,
    ) -> None:
        """Change a column: the type first, with ``postgresql_using`` to convert what is there."""
        using = kw.pop("postgresql_using", None)
        known = {
            "schema": schema,
            "existing_type": existing_type,
            "existing_server_default": existing_server_default,
            "existing_nullable": existing_nullable,
        }
        if type_ is not None:
            self._exec(PostgresqlColumnType(table_name, column_name, type_, using=using, **known))
        super().alter_column(table_name, column_name, **known, **kw)

    def default_changes(
        self, table: str, column: str, default: Any, known: dict[str, Any]
    ) -> Sequence[ddl.AlterColumn]:
        """Return what changes a server default; nothing for an identity that stays as it is."""
        existing = known["existing_server_default"]
        if isinstance(default, Identity) and isinstance(existing, Identity) and not identity_changes(default, existing):
            return []
        return converted(super().default_changes(table, column, default, known), default, known)

    def prep_table_for_batch(self, batch_impl: Any, table: Table) -> None:
        """Drop the named constraints: their names are unique in the schema, and the new table needs them."""
        for constraint in sorted(table.constraints, key=lambda constraint: str(constraint.name)):
            if constraint.name is not None and constraint.name in batch_impl.named_constraints:
                self.drop_constraint(constraint)


class PostgresqlColumnType(ddl.AlterColumn):
    """Gives a column another type, converting its values."""

    def __init__(self, name: str, column_name: str, type_: Any, **kw: Any) -> None:
        using = kw.pop("using", None)
        super().__init__(name, column_name, **kw)
        self.type_ = ddl.type_instance(type_)
        self.using = using


@compiles(ddl.RenameTable, "postgresql")
def visit_rename_table(element: ddl.RenameTable, compiler: PGDDLCompiler, **_: Any) -> str:
    """Write ``ALTER TABLE … RENAME TO …``; the new name has no schema."""
    table = ddl.alter_table(compiler, element.table_name, element.schema)
    return f"{table} RENAME TO {ddl.format_table_name(compiler, element.new_table_name, None)}"


@compiles(PostgresqlColumnType, "postgresql")
def visit_column_type(element: PostgresqlColumnType, compiler: PGDDLCompiler, **_: Any) -> str:
    """Write ``ALTER COLUMN … TYPE … USING …``."""
    using = f" USING {element.using}" if element.using else ""
    return f"{ddl.altered(element, compiler)} TYPE {ddl.format_type(compiler, element.type_)}{using}"


@compiles(ddl.ColumnComment, "postgresql")
def visit_column_comment(element: ddl.ColumnComment, compiler: PGDDLCompiler, **_: Any) -> str:
    """Write ``COMMENT ON COLUMN …``."""
    table = ddl.format_table_name(compiler, element.table_name, element.schema)
    column = ddl.format_column_name(compiler, element.column_name)
    return f"COMMENT ON COLUMN {table}.{column} IS {comment_literal(element.comment, compiler)}"


def comment_literal(comment: str | None, compiler: Any) -> str:
    """Return a comment as SQL."""
    return "NULL" if comment is None else str(compiler.sql_compiler.render_literal_value(comment, String()))


@compiles(ddl.IdentityColumnDefault, "postgresql")
def visit_identity_column(element: ddl.IdentityColumnDefault, compiler: PGDDLCompiler, **_: Any) -> str:
    """Write ``ADD GENERATED … AS IDENTITY``, ``DROP IDENTITY`` or the attributes that change."""
    text = ddl.altered(element, compiler)
    if element.default is None:
        return f"{text} DROP IDENTITY"
    if not isinstance(element.existing_server_default, Identity):
        return f"{text} ADD {compiler.visit_identity_column(element.default)}"  # type: ignore[no-untyped-call]
    changes = identity_changes(element.default, element.existing_server_default)
    clauses = [f"SET {identity_clause(compiler, name, value)}" for name, value in changes]
    return " ".join([text, *clauses])


def identity_clause(compiler: Any, name: str, value: Any) -> str:
    """Return one attribute of an identity as SQL."""
    if name == "always":
        return f"GENERATED {'ALWAYS' if value else 'BY DEFAULT'}"
    return str(compiler.get_identity_options(Identity(**{name: value})))
