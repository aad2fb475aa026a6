"""Comments of tables and columns."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from stillhouse_engine.autogenerate.dispatch import PriorityDispatchResult
from stillhouse_engine.operations import ops

if TYPE_CHECKING:
    from sqlalchemy import Column, Table

    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.autogenerate.plugins import Plugin

log = logging.getLogger("alembic.autogenerate.compare.comments")


def compare_column_comments(  # noqa: PLR0917 - every comparator's signature
    autogen_context: AutogenContext,
    alter_column_op: ops.AlterColumnOp,
    schema: str | None,
    tname: str,
    cname: str,
    conn_col: Column[Any],
    metadata_col: Column[Any],
) -> PriorityDispatchResult:
    """Compare the comments of a column."""
    if not autogen_context.dialect.supports_comments:
        return PriorityDispatchResult.CONTINUE
    live, model = conn_col.comment or None, metadata_col.comment or None
    alter_column_op.existing_comment = live
    if live == model:
        return PriorityDispatchResult.CONTINUE
    alter_column_op.modify_comment = model
    log.info("Detected column comment '%s.%s'", f"{schema}.{tname}" if schema else tname, cname)
    return PriorityDispatchResult.STOP


def compare_table_comments(  # noqa: PLR0917 - every comparator's signature
    autogen_context: AutogenContext,
    modify_table_ops: ops.ModifyTableOps,
    schema: str | None,
    tname: str,
    conn_table: Table | None,
    metadata_table: Table | None,
) -> PriorityDispatchResult:
    """Compare the comments of a table."""
    if not autogen_context.dialect.supports_comments or conn_table is None or metadata_table is None:
        return PriorityDispatchResult.CONTINUE
    live, model = conn_table.comment or None, metadata_table.comment or None
    if live == model:
        return PriorityDispatchResult.CONTINUE
    operation: ops.MigrateOperation
    if model is None:
        operation = ops.DropTableCommentOp(tname, existing_comment=live, schema=schema)
    else:
        operation = ops.CreateTableCommentOp(tname, model, existing_comment=live, schema=schema)
    modify_table_ops.ops.append(operation)
    return PriorityDispatchResult.STOP


def setup(plugin: Plugin) -> None:
    """Register the comparators."""
    plugin.add_autogenerate_comparator(compare_column_comments, "column", "comment")
    plugin.add_autogenerate_comparator(compare_table_comments, "table", "comment")
