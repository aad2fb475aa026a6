"""Pieces of ALTER statements, under the names by which third-party dialects know them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Integer
from sqlalchemy.sql.elements import quoted_name

if TYPE_CHECKING:
    from sqlalchemy import ForeignKey
    from sqlalchemy.sql.compiler import Compiled, DDLCompiler
    from sqlalchemy.types import TypeEngine


def quote_dotted(name: str, quote: Any) -> str:
    """Quote each part of a dotted name; a name that says how it is quoted is one part."""
    if isinstance(name, quoted_name):
        return str(quote(name))
    return ".".join(quote(part) for part in name.split("."))


def format_table_name(compiler: Compiled, name: str, schema: str | None) -> str:
    """Return a table's name, quoted where needed, with its schema."""
    preparer = compiler.preparer
    if schema:
        return f"{quote_dotted(schema, preparer.quote)}.{preparer.quote(name)}"
    return str(preparer.quote(name))


def format_column_name(compiler: DDLCompiler, name: str) -> str:
    """Return a column's name, quoted where needed."""
    return compiler.preparer.quote(name)


def format_server_default(compiler: DDLCompiler, default: Any) -> str:
    """Return a server default as SQL."""
    rendered = compiler.get_column_default_string(Column("x", Integer, server_default=default))
    if rendered is None:
        raise ValueError(f"not a server default: {default!r}")
    return rendered


def format_type(compiler: DDLCompiler, type_: TypeEngine[Any]) -> str:
    """Return a type as SQL."""
    return compiler.dialect.type_compiler_instance.process(type_)


def alter_table(compiler: DDLCompiler, name: str, schema: str | None) -> str:
    """Return ``ALTER TABLE …``."""
    return f"ALTER TABLE {format_table_name(compiler, name, schema)}"


def alter_column(compiler: DDLCompiler, name: str) -> str:
    """Return ``ALTER COLUMN …``."""
    return f"ALTER COLUMN {format_column_name(compiler, name)}"


def add_column(
    compiler: DDLCompiler,
    column: Column[Any],
    if_not_exists: bool | None = None,
    inline_references: bool | None = None,
    inline_primary_key: bool | None = None,
    **kw: Any,
) -> str:
    """Return ``ADD COLUMN …``, with the constraints that belong to the column itself."""
    text = f"ADD COLUMN {'IF NOT EXISTS ' if if_not_exists else ''}{compiler.get_column_specification(column, **kw)}"
    if inline_primary_key and column.primary_key:
        text += " PRIMARY KEY"
    keys = list(column.foreign_keys)
    if inline_references and len(keys) == 1:
        text += references(compiler, keys[0])
    constraints = " ".join(compiler.process(constraint) for constraint in column.constraints)
    return f"{text} {constraints}" if constraints else text


def references(compiler: DDLCompiler, key: ForeignKey) -> str:
    """Return `` REFERENCES …`` with the rules of a one-column foreign key."""
    constraint = key.constraint
    if constraint is None:
        return ""
    referent = key.column
    table = format_table_name(compiler, referent.table.name, referent.table.schema)
    text = f" REFERENCES {table} ({format_column_name(compiler, referent.name)})"
    text += compiler.define_constraint_match(constraint)
    text += compiler.define_constraint_cascades(constraint)
    return text + compiler.define_constraint_deferrability(constraint)


def drop_column(compiler: DDLCompiler, name: str, if_exists: bool | None = None, **_: Any) -> str:
    """Return ``DROP COLUMN …``."""
    return f"DROP COLUMN {'IF EXISTS ' if if_exists else ''}{format_column_name(compiler, name)}"
