"""Types of columns."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from sqlalchemy.types import NullType

from stillhouse_engine.autogenerate.dispatch import DispatchPriority, PriorityDispatchResult

if TYPE_CHECKING:
    from sqlalchemy import Column

    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.autogenerate.plugins import Plugin
    from stillhouse_engine.operations import ops

log = logging.getLogger("alembic.autogenerate.compare.types")


def ask_for_type(  # noqa: PLR0917 - every comparator's signature
    autogen_context: AutogenContext,
    alter_column_op: ops.AlterColumnOp,
    schema: str | None,
    tname: str,
    cname: str,
    conn_col: Column[Any],
    metadata_col: Column[Any],
) -> PriorityDispatchResult:
    """Tell the type that a column has, and ask the project's hook whether the model's is another."""
    alter_column_op.existing_type = conn_col.type
    place = f"{schema}.{tname}" if schema else tname
    hook = autogen_context.opts.get("compare_type", True)
    said = None
    if conn_col.type._type_affinity is NullType:  # noqa: SLF001 - SQLAlchemy's kinds of types
        log.info("Couldn't determine database type for column '%s.%s'", place, cname)
        return PriorityDispatchResult.STOP
    if metadata_col.type._type_affinity is NullType:  # noqa: SLF001 - SQLAlchemy's kinds of types
        log.info("Column '%s.%s' has no type within the model; can't compare", place, cname)
        return PriorityDispatchResult.STOP
    if callable(hook):
        said = hook(autogen_context.migration_context, conn_col, metadata_col, conn_col.type, metadata_col.type)
    if said:
        change(alter_column_op, place, metadata_col)
    return PriorityDispatchResult.STOP if hook is False or said is not None else PriorityDispatchResult.CONTINUE


def compare_types(  # noqa: PLR0917 - every comparator's signature
    autogen_context: AutogenContext,
    alter_column_op: ops.AlterColumnOp,
    schema: str | None,
    tname: str,
    cname: str,  # noqa: ARG001
    conn_col: Column[Any],
    metadata_col: Column[Any],
) -> PriorityDispatchResult:
    """Compare the types of a column as the dialect does."""
    if not autogen_context.migration_context.impl.compare_type(conn_col, metadata_col):
        return PriorityDispatchResult.CONTINUE
    change(alter_column_op, f"{schema}.{tname}" if schema else tname, metadata_col)
    return PriorityDispatchResult.STOP


def change(alter_column_op: ops.AlterColumnOp, place: str, metadata_col: Column[Any]) -> None:
    """Give a column its model's type."""
    live, model = alter_column_op.existing_type, metadata_col.type
    alter_column_op.modify_type = model
    log.info("Detected type change from %r to %r on '%s.%s'", live, model, place, alter_column_op.column_name)


def setup(plugin: Plugin) -> None:
    """Register the comparators: the dialect's comes last, so that another plug-in's may take its place."""
    plugin.add_autogenerate_comparator(ask_for_type, "column", "types", priority=DispatchPriority.FIRST)
    plugin.add_autogenerate_comparator(compare_types, "column", "types", priority=DispatchPriority.LAST)
