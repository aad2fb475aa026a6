"""Tables and their comments as Python source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stillhouse_engine.autogenerate.render.columns import column_source
from stillhouse_engine.autogenerate.render.constraints import constraint_source
from stillhouse_engine.autogenerate.render.indexes import option_sources
from stillhouse_engine.autogenerate.render.registry import (
    call,
    default_renderers,
    directive_prefix,
    in_batch,
    keywords,
    plain,
    schema_argument,
)
from stillhouse_engine.operations import ops

if TYPE_CHECKING:
    from stillhouse_engine.autogenerate.context import AutogenContext

GUESS = (
    "# A guess: the new table has the columns of the old one. If it is another table,",
    "# write op.create_table() and op.drop_table() instead.",
)
MAX_PYTHON_ARGS = 255
"""Columns and constraints that may be arguments; more are a list, because older Pythons took no more."""


@default_renderers.dispatch_for(ops.CreateTableOp)
def add_table(autogen_context: AutogenContext, op: ops.CreateTableOp) -> str:
    """Render ``create_table``, a column or constraint a line."""
    table = op.to_table()
    columns = [source for column in table.columns if (source := column_source(column, autogen_context))]
    constraints = [
        constraint_source(constraint, autogen_context, op._namespace_metadata)  # noqa: SLF001 - same engine
        for constraint in table.constraints
    ]
    arguments = columns + sorted(source for source in constraints if source is not None)
    joined = ",\n".join(arguments)
    body = f"*[{joined}]" if len(arguments) > MAX_PYTHON_ARGS else joined
    parts = [repr(plain(op.table_name)), body, *table_options(autogen_context, op)]
    return f"{directive_prefix(autogen_context)}create_table(" + ",\n".join(parts) + "\n)"


def table_options(autogen_context: AutogenContext, op: ops.CreateTableOp) -> list[str]:
    """Return the keyword arguments of a table."""
    told: dict[str, Any] = {}
    if op.schema:
        told["schema"] = op.schema
    told |= {"comment": op.comment} if op.comment is not None else {}
    told |= {"info": op.info} if op.info else {}
    dialects = option_sources(dict(sorted(op.kw.items())), autogen_context)
    last: dict[str, Any] = {"prefixes": list(op.prefixes)} if op.prefixes else {}
    if op.if_not_exists is not None:
        last["if_not_exists"] = bool(op.if_not_exists)
    return [*keywords(told), *dialects, *keywords(last)]


@default_renderers.dispatch_for(ops.DropTableOp)
def drop_table(autogen_context: AutogenContext, op: ops.DropTableOp) -> str:
    """Render ``drop_table``."""
    options = [f"schema={plain(op.schema)!r}"] if op.schema else []
    options += keywords({"if_exists": op.if_exists}) if op.if_exists is not None else []
    return call(autogen_context, "drop_table", repr(plain(op.table_name)), *options)


@default_renderers.dispatch_for(ops.RenameTableOp)
def rename_table(autogen_context: AutogenContext, op: ops.RenameTableOp) -> list[str]:
    """Render ``rename_table``, with what to look at where it is a guess."""
    names = [repr(plain(op.table_name)), repr(plain(op.new_table_name))]
    line = call(autogen_context, "rename_table", *names, *schema_argument(autogen_context, op.schema))
    return [*(GUESS if getattr(op, "guessed", False) else ()), line]


@default_renderers.dispatch_for(ops.CreateTableCommentOp)
def create_table_comment(autogen_context: AutogenContext, op: ops.CreateTableCommentOp) -> str:
    """Render ``create_table_comment``, an argument a line."""
    return comment_call(autogen_context, "create_table_comment", op, [repr(op.comment)])


@default_renderers.dispatch_for(ops.DropTableCommentOp)
def drop_table_comment(autogen_context: AutogenContext, op: ops.DropTableCommentOp) -> str:
    """Render ``drop_table_comment``, an argument a line."""
    return comment_call(autogen_context, "drop_table_comment", op, [])


def comment_call(
    autogen_context: AutogenContext,
    directive: str,
    op: ops.CreateTableCommentOp | ops.DropTableCommentOp,
    comment: list[str],
) -> str:
    """Return the call of a directive on a table's comment."""
    existing = f"existing_comment={op.existing_comment!r}"
    if in_batch(autogen_context):
        lines = [*comment, existing]
    else:
        lines = [repr(plain(op.table_name)), *comment, existing, f"schema={plain(op.schema)!r}"]
    return f"{directive_prefix(autogen_context)}{directive}(\n    " + ",\n    ".join(lines) + "\n)"
