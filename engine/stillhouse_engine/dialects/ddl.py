"""Statements that SQLAlchemy has no construct for: changes to existing tables and columns.

Each element says what changes; how a dialect writes it is a compilation rule, here for the standard's wording and in
each dialect's own module where it differs. A third-party dialect adds its own rules with ``sqlalchemy.ext.compiler``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Column
from sqlalchemy.exc import CompileError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import ExecutableDDLElement
from sqlalchemy.sql.elements import quoted_name

from stillhouse_engine.dialects.wording import (
    add_column,
    alter_column,
    alter_table,
    drop_column,
    format_column_name,
    format_server_default,
    format_table_name,
    format_type,
)

if TYPE_CHECKING:
    from sqlalchemy import Computed, Identity
    from sqlalchemy.sql.compiler import DDLCompiler
    from sqlalchemy.types import TypeEngine

COMPUTED = 'Adding or removing a "computed" construct, e.g. GENERATED ALWAYS AS, to or from an existing column is not supported.'
IDENTITY = (
    'Adding, removing or modifying an "identity" construct, e.g. GENERATED AS IDENTITY, '
    "to or from an existing column is not supported in this dialect."
)


class AlterTable(ExecutableDDLElement):
    """A change to an existing table."""

    def __init__(self, table_name: str, schema: str | None = None) -> None:
        self.table_name = table_name
        self.schema = schema


class RenameTable(AlterTable):
    """Gives a table another name."""

    def __init__(self, old_table_name: str, new_table_name: str, schema: str | None = None) -> None:
        super().__init__(old_table_name, schema=schema)
        self.new_table_name = new_table_name


class AddColumn(AlterTable):
    """Adds a column."""

    def __init__(  # noqa: PLR0917 - Alembic's signature
        self,
        name: str,
        column: Column[Any],
        schema: str | None = None,
        if_not_exists: bool | None = None,
        inline_references: bool | None = None,
        inline_primary_key: bool | None = None,
    ) -> None:
        super().__init__(name, schema=schema)
        self.column = column
        self.if_not_exists = if_not_exists
        self.inline_references = inline_references
        self.inline_primary_key = inline_primary_key


class DropColumn(AlterTable):
    """Drops a column."""

    def __init__(
        self, name: str, column: Column[Any], schema: str | None = None, if_exists: bool | None = None
    ) -> None:
        super().__init__(name, schema=schema)
        self.column = column
        self.if_exists = if_exists


class AlterColumn(AlterTable):
    """A change to an existing column, with what is known of its present state."""

    def __init__(  # noqa: PLR0917 - Alembic's signature
        self,
        name: str,
        column_name: str,
        schema: str | None = None,
        existing_type: TypeEngine[Any] | type[TypeEngine[Any]] | None = None,
        existing_nullable: bool | None = None,
        existing_server_default: Any = None,
        existing_comment: str | None = None,
    ) -> None:
        super().__init__(name, schema=schema)
        self.column_name = column_name
        self.existing_type = type_instance(existing_type) if existing_type is not None else None
        self.existing_nullable = existing_nullable
        self.existing_server_default = existing_server_default
        self.existing_comment = existing_comment


class ColumnNullable(AlterColumn):
    """Allows or forbids NULL."""

    def __init__(self, name: str, column_name: str, nullable: bool, **kw: Any) -> None:
        super().__init__(name, column_name, **kw)
        self.nullable = nullable


class ColumnType(AlterColumn):
    """Gives a column another type."""

    def __init__(self, name: str, column_name: str, type_: TypeEngine[Any] | type[TypeEngine[Any]], **kw: Any) -> None:
        super().__init__(name, column_name, **kw)
        self.type_ = type_instance(type_)


class ColumnName(AlterColumn):
    """Gives a column another name."""

    def __init__(self, name: str, column_name: str, newname: str, **kw: Any) -> None:
        super().__init__(name, column_name, **kw)
        self.newname = newname


class ColumnDefault(AlterColumn):
    """Sets or removes a server default."""

    def __init__(self, name: str, column_name: str, default: Any, **kw: Any) -> None:
        super().__init__(name, column_name, **kw)
        self.default = default


class ComputedColumnDefault(AlterColumn):
    """Makes a column computed, or plain again."""

    def __init__(self, name: str, column_name: str, default: Computed | None, **kw: Any) -> None:
        super().__init__(name, column_name, **kw)
        self.default = default


class IdentityColumnDefault(AlterColumn):
    """Makes a column an identity, changes it, or makes it plain again."""

    def __init__(self, name: str, column_name: str, default: Identity | None, impl: Any, **kw: Any) -> None:
        super().__init__(name, column_name, **kw)
        self.default = default
        self.impl = impl


class ColumnComment(AlterColumn):
    """Sets or removes a column's comment."""

    def __init__(self, name: str, column_name: str, comment: str | None, **kw: Any) -> None:
        super().__init__(name, column_name, **kw)
        self.comment = comment


def type_instance(type_: TypeEngine[Any] | type[TypeEngine[Any]]) -> TypeEngine[Any]:
    """Return a type, where a class was given an instance of it."""
    return Column("c", type_).type


@compiles(RenameTable)
def visit_rename_table(element: RenameTable, compiler: DDLCompiler, **_: Any) -> str:
    """Write ``ALTER TABLE … RENAME TO …``, the new name in the same schema."""
    new_name = format_table_name(compiler, element.new_table_name, element.schema)
    return f"{alter_table(compiler, element.table_name, element.schema)} RENAME TO {new_name}"


@compiles(AddColumn)
def visit_add_column(element: AddColumn, compiler: DDLCompiler, **kw: Any) -> str:
    """Write ``ALTER TABLE … ADD COLUMN …``."""
    table = alter_table(compiler, element.table_name, element.schema)
    clause = add_column(
        compiler,
        element.column,
        if_not_exists=element.if_not_exists,
        inline_references=element.inline_references,
        inline_primary_key=element.inline_primary_key,
        **kw,
    )
    return f"{table} {clause}"


@compiles(DropColumn)
def visit_drop_column(element: DropColumn, compiler: DDLCompiler, **kw: Any) -> str:
    """Write ``ALTER TABLE … DROP COLUMN …``."""
    table = alter_table(compiler, element.table_name, element.schema)
    return f"{table} {drop_column(compiler, element.column.name, if_exists=element.if_exists, **kw)}"


@compiles(ColumnNullable)
def visit_column_nullable(element: ColumnNullable, compiler: DDLCompiler, **_: Any) -> str:
    """Write ``ALTER COLUMN … SET NOT NULL`` or ``DROP NOT NULL``."""
    verb = "DROP NOT NULL" if element.nullable else "SET NOT NULL"
    return f"{altered(element, compiler)} {verb}"


@compiles(ColumnType)
def visit_column_type(element: ColumnType, compiler: DDLCompiler, **_: Any) -> str:
    """Write ``ALTER COLUMN … TYPE …``."""
    return f"{altered(element, compiler)} TYPE {format_type(compiler, element.type_)}"


@compiles(ColumnName)
def visit_column_name(element: ColumnName, compiler: DDLCompiler, **_: Any) -> str:
    """Write ``ALTER TABLE … RENAME … TO …``."""
    table = alter_table(compiler, element.table_name, element.schema)
    old, new = (format_column_name(compiler, name) for name in (element.column_name, element.newname))
    return f"{table} RENAME {old} TO {new}"


@compiles(ColumnDefault)
def visit_column_default(element: ColumnDefault, compiler: DDLCompiler, **_: Any) -> str:
    """Write ``ALTER COLUMN … SET DEFAULT …`` or ``DROP DEFAULT``."""
    if element.default is None:
        return f"{altered(element, compiler)} DROP DEFAULT"
    return f"{altered(element, compiler)} SET DEFAULT {format_server_default(compiler, element.default)}"


@compiles(ComputedColumnDefault)
def visit_computed_column(_element: ComputedColumnDefault, _compiler: DDLCompiler, **_: Any) -> str:
    """Refuse: no database changes what a column is computed from."""
    raise CompileError(COMPUTED)


@compiles(IdentityColumnDefault)
def visit_identity_column(_element: IdentityColumnDefault, _compiler: DDLCompiler, **_: Any) -> str:
    """Refuse: only some databases change an identity."""
    raise CompileError(IDENTITY)


def altered(element: AlterColumn, compiler: DDLCompiler) -> str:
    """Return ``ALTER TABLE … ALTER COLUMN …``."""
    table = alter_table(compiler, element.table_name, element.schema)
    return f"{table} {alter_column(compiler, element.column_name)}"


def add_bare(element: AddColumn, compiler: DDLCompiler, **kw: Any) -> str:
    """Return ``ADD …`` for databases that do not say COLUMN, and know no IF NOT EXISTS there."""
    clause = add_column(
        compiler,
        element.column,
        inline_references=element.inline_references,
        inline_primary_key=element.inline_primary_key,
        **kw,
    )
    return f"ADD {clause.removeprefix('ADD COLUMN ')}"


__all__ = [
    "AddColumn",
    "AlterColumn",
    "AlterTable",
    "ColumnComment",
    "ColumnDefault",
    "ColumnName",
    "ColumnNullable",
    "ColumnType",
    "ComputedColumnDefault",
    "DropColumn",
    "IdentityColumnDefault",
    "RenameTable",
    "add_bare",
    "add_column",
    "alter_column",
    "alter_table",
    "altered",
    "drop_column",
    "format_column_name",
    "format_server_default",
    "format_table_name",
    "format_type",
    "quoted_name",
]
