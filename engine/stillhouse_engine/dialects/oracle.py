"""Oracle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import String
from sqlalchemy.ext.compiler import compiles

from stillhouse_engine.dialects import ddl
from stillhouse_engine.dialects.comparing_oracle import OracleComparisons
from stillhouse_engine.dialects.identity import converted
from stillhouse_engine.dialects.impl import DefaultImpl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.dialects.oracle.base import OracleDDLCompiler


class OracleImpl(OracleComparisons, DefaultImpl):
    """Carries out operations on Oracle."""

    __dialect__ = "oracle"

    transactional_ddl = False
    batch_separator = "/"
    command_terminator = ""
    type_synonyms = (
        *DefaultImpl.type_synonyms,
        {"VARCHAR", "VARCHAR2"},
        {"BIGINT", "INTEGER", "SMALLINT", "DECIMAL", "NUMERIC", "NUMBER"},
        {"DOUBLE", "FLOAT", "DOUBLE_PRECISION"},
    )
    identity_attrs_ignore = ()

    def emit_begin(self) -> None:
        """Write the start of a transaction (offline)."""
        self._exec("SET TRANSACTION READ WRITE")

    def emit_commit(self) -> None:
        """Write the end of a transaction (offline)."""
        self._exec("COMMIT")

    def default_changes(
        self, table: str, column: str, default: Any, known: dict[str, Any]
    ) -> Sequence[ddl.AlterColumn]:
        """Return what changes a server default."""
        return converted(super().default_changes(table, column, default, known), default, known)


def modified(element: ddl.AlterColumn, compiler: OracleDDLCompiler) -> str:
    """Return ``ALTER TABLE … MODIFY …``."""
    table = ddl.alter_table(compiler, element.table_name, element.schema)
    return f"{table} MODIFY {ddl.format_column_name(compiler, element.column_name)}"


@compiles(ddl.AddColumn, "oracle")
def visit_add_column(element: ddl.AddColumn, compiler: OracleDDLCompiler, **kw: Any) -> str:
    """Write ``ALTER TABLE … ADD …``, without the word COLUMN."""
    return f"{ddl.alter_table(compiler, element.table_name, element.schema)} {ddl.add_bare(element, compiler, **kw)}"


@compiles(ddl.ColumnNullable, "oracle")
def visit_column_nullable(element: ddl.ColumnNullable, compiler: OracleDDLCompiler, **_: Any) -> str:
    """Write ``MODIFY … NULL`` or ``NOT NULL``."""
    return f"{modified(element, compiler)} {'NULL' if element.nullable else 'NOT NULL'}"


@compiles(ddl.ColumnType, "oracle")
def visit_column_type(element: ddl.ColumnType, compiler: OracleDDLCompiler, **_: Any) -> str:
    """Write ``MODIFY`` with the type."""
    return f"{modified(element, compiler)} {ddl.format_type(compiler, element.type_)}"


@compiles(ddl.ColumnName, "oracle")
def visit_column_name(element: ddl.ColumnName, compiler: OracleDDLCompiler, **_: Any) -> str:
    """Write ``RENAME COLUMN … TO …``."""
    table = ddl.alter_table(compiler, element.table_name, element.schema)
    old, new = (ddl.format_column_name(compiler, name) for name in (element.column_name, element.newname))
    return f"{table} RENAME COLUMN {old} TO {new}"


@compiles(ddl.ColumnDefault, "oracle")
def visit_column_default(element: ddl.ColumnDefault, compiler: OracleDDLCompiler, **_: Any) -> str:
    """Write ``MODIFY … DEFAULT …``."""
    default = "NULL" if element.default is None else ddl.format_server_default(compiler, element.default)
    return f"{modified(element, compiler)} DEFAULT {default}"


@compiles(ddl.ColumnComment, "oracle")
def visit_column_comment(element: ddl.ColumnComment, compiler: OracleDDLCompiler, **_: Any) -> str:
    """Write ``COMMENT ON COLUMN …``; an empty comment is none."""
    table = ddl.format_table_name(compiler, element.table_name, element.schema)
    comment = compiler.sql_compiler.render_literal_value(element.comment or "", String())
    return f"COMMENT ON COLUMN {table}.{ddl.format_column_name(compiler, element.column_name)} IS {comment}"


@compiles(ddl.RenameTable, "oracle")
def visit_rename_table(element: ddl.RenameTable, compiler: OracleDDLCompiler, **_: Any) -> str:
    """Write ``ALTER TABLE … RENAME TO …``; the new name has no schema."""
    table = ddl.alter_table(compiler, element.table_name, element.schema)
    return f"{table} RENAME TO {ddl.format_table_name(compiler, element.new_table_name, None)}"


@compiles(ddl.IdentityColumnDefault, "oracle")
def visit_identity_column(element: ddl.IdentityColumnDefault, compiler: OracleDDLCompiler, **_: Any) -> str:
    """Write ``MODIFY`` with the identity, or ``DROP IDENTITY``."""
    if element.default is None:
        return f"{modified(element, compiler)} DROP IDENTITY"
    return f"{modified(element, compiler)} {compiler.visit_identity_column(element.default)}"  # type: ignore[no-untyped-call]
