"""Indexes as Python source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Index

from stillhouse_engine.autogenerate.render.expressions import potential_expression
from stillhouse_engine.autogenerate.render.registry import (
    call,
    code_name,
    default_renderers,
    in_batch,
    keywords,
    plain,
    schema_argument,
    table_argument,
)
from stillhouse_engine.operations import ops

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillhouse_engine.autogenerate.context import AutogenContext


def index_elements(idx: Index, autogen_context: AutogenContext) -> list[str]:
    """Return what an index is over: names of columns, and expressions."""
    return [
        repr(plain(element.name))
        if isinstance(element, Column)
        else potential_expression(element, autogen_context, is_index=True)
        for element in idx.expressions
    ]


def option_sources(options: Mapping[str, Any], autogen_context: AutogenContext) -> list[str]:
    """Return the dialects' options as keyword arguments."""
    return [f"{name.replace(' ', '_')}={option_source(value, autogen_context)}" for name, value in options.items()]


def option_source(value: Any, autogen_context: AutogenContext) -> str:
    """Return one option's value; columns among others are told by their names."""
    if isinstance(value, list | tuple) and any(isinstance(each, Column) for each in value):
        return repr([plain(each.name) if isinstance(each, Column) else each for each in value])
    return potential_expression(value, autogen_context)


@default_renderers.dispatch_for(ops.CreateIndexOp)
def add_index(autogen_context: AutogenContext, op: ops.CreateIndexOp) -> str:
    """Render ``create_index``."""
    index = op.to_index()
    elements = f"[{', '.join(index_elements(index, autogen_context))}]"
    options = [f"unique={bool(index.unique)!r}", *schema_argument(autogen_context, op.schema)]
    options += option_sources(index.kwargs, autogen_context)
    if op.if_not_exists is not None:
        options += keywords({"if_not_exists": op.if_not_exists})
    name = repr(code_name(autogen_context, op.index_name))
    return call(
        autogen_context, "create_index", name, *table_argument(autogen_context, op.table_name), elements, *options
    )


@default_renderers.dispatch_for(ops.DropIndexOp)
def drop_index(autogen_context: AutogenContext, op: ops.DropIndexOp) -> str:
    """Render ``drop_index``."""
    options = [] if in_batch(autogen_context) else keywords({"table_name": op.table_name})
    options += schema_argument(autogen_context, op.schema)
    options += option_sources({name: value for name, value in op.kw.items() if name != "unique"}, autogen_context)
    if op.if_exists is not None:
        options += keywords({"if_exists": op.if_exists})
    return call(autogen_context, "drop_index", repr(code_name(autogen_context, op.index_name)), *options)
