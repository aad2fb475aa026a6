"""Columns as Python source: in CREATE TABLE, added, dropped, altered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Identity

from stillhouse_engine.autogenerate.render.expressions import server_default, stands_by_itself
from stillhouse_engine.autogenerate.render.registry import (
    call,
    default_renderers,
    directive_prefix,
    in_batch,
    keywords,
    plain,
    schema_argument,
    sqlalchemy_prefix,
    table_argument,
    user_rendering,
)
from stillhouse_engine.autogenerate.render.types import type_source
from stillhouse_engine.operations import ops

if TYPE_CHECKING:
    from sqlalchemy import Column

    from stillhouse_engine.autogenerate.context import AutogenContext

INDENT = " " * 11
"""What stands before the arguments of ``alter_column``."""


def column_source(column: Column[Any], autogen_context: AutogenContext) -> Any:
    """Return a column as Python source; None or an empty text where ``render_item`` leaves it out."""
    rendered = user_rendering("column", column, autogen_context)
    if rendered is not False:
        return rendered
    arguments, options = [], []
    default = column.server_default
    if default is not None and (source := server_default(default, autogen_context)):
        if stands_by_itself(default):
            arguments.append(source)
        else:
            options.append(f"server_default={source}")
    if column.autoincrement != "auto":
        options.append(f"autoincrement={column.autoincrement!r}")
    if column.nullable is not None:
        options.append(f"nullable={column.nullable}")
    if column.system:
        options.append(f"system={column.system}")
    if column.comment is not None:
        options.append(f"comment={column.comment!r}")
    options += keywords(column.dialect_kwargs)
    type_ = type_source(column.type, autogen_context)
    parts = ", ".join([repr(plain(column.name)), type_, *arguments, *options])
    return f"{sqlalchemy_prefix(autogen_context)}Column({parts})"


def existence(name: str, value: bool | None) -> list[str]:
    """Return ``if_exists`` or ``if_not_exists`` as an argument, where it is said."""
    return [] if value is None else keywords({name: value})


GUESS = (
    "# A guess: the new column has the type and the place of the old one. If it is another column,",
    "# write add_column() and drop_column() instead.",
)


@default_renderers.dispatch_for(ops.AddColumnOp)
def add_column(autogen_context: AutogenContext, op: ops.AddColumnOp) -> str:
    """Render ``add_column``."""
    table = table_argument(autogen_context, op.table_name)
    schema = schema_argument(autogen_context, op.schema)
    options = [] if in_batch(autogen_context) else existence("if_not_exists", op.if_not_exists)
    return call(
        autogen_context, "add_column", *table, str(column_source(op.column, autogen_context)), *schema, *options
    )


@default_renderers.dispatch_for(ops.DropColumnOp)
def drop_column(autogen_context: AutogenContext, op: ops.DropColumnOp) -> str:
    """Render ``drop_column``."""
    table = table_argument(autogen_context, op.table_name)
    schema = schema_argument(autogen_context, op.schema)
    options = [] if in_batch(autogen_context) else existence("if_exists", op.if_exists)
    return call(autogen_context, "drop_column", *table, repr(plain(op.column_name)), *schema, *options)


@default_renderers.dispatch_for(ops.AlterColumnOp)
def alter_column(autogen_context: AutogenContext, op: ops.AlterColumnOp) -> str:
    """Render ``alter_column``, an argument a line."""
    start = f"{directive_prefix(autogen_context)}alter_column("
    names = [*table_argument(autogen_context, op.table_name), repr(plain(op.column_name))]
    lines = [", ".join(names), *alterations(autogen_context, op), *remaining(autogen_context, op)]
    return start + f",\n{INDENT}".join(lines) + ")"


@default_renderers.dispatch_for(ops.RenameColumnOp)
def rename_column(autogen_context: AutogenContext, op: ops.RenameColumnOp) -> list[str]:
    """Render ``alter_column`` with a new name, and what to look at where it is a guess."""
    return [*(GUESS if op.guessed else ()), *alter_column(autogen_context, op).split("\n")]


def alterations(autogen_context: AutogenContext, op: ops.AlterColumnOp) -> list[str]:
    """Return the present type, and what changes."""
    lines = []
    if op.existing_type is not None:
        lines.append(f"existing_type={type_source(op.existing_type, autogen_context)}")
    if op.modify_server_default is not False:
        lines.append(f"server_default={server_default(op.modify_server_default, autogen_context)}")
    if op.modify_name is not None:
        lines.append(f"new_column_name={plain(op.modify_name)!r}")
    if op.modify_type is not None:
        lines.append(f"type_={type_source(op.modify_type, autogen_context)}")
    if op.modify_nullable is not None:
        lines.append(f"nullable={op.modify_nullable!r}")
    if op.modify_comment is not False:
        lines.append(f"comment={op.modify_comment!r}")
    return lines


def remaining(autogen_context: AutogenContext, op: ops.AlterColumnOp) -> list[str]:
    """Return what stays as it is, which some databases must be told."""
    lines = []
    if op.existing_comment is not None:
        lines.append(f"existing_comment={op.existing_comment!r}")
    if op.modify_nullable is None and op.existing_nullable is not None:
        lines.append(f"existing_nullable={op.existing_nullable!r}")
    if (autoincrement := op.kw.get("autoincrement")) is not None:
        lines.append(f"autoincrement={autoincrement!r}")
    # An identity cannot be changed or dropped by whoever does not know that there is one.
    defaults = (op.modify_server_default, op.existing_server_default)
    told = op.modify_server_default is False or any(isinstance(each, Identity) for each in defaults)
    if told and op.existing_server_default:
        lines.append(f"existing_server_default={server_default(op.existing_server_default, autogen_context)}")
    if op.schema and not in_batch(autogen_context):
        lines.append(f"schema={plain(op.schema)!r}")
    return lines
