"""Whether columns take NULL, and whether the database counts them up."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from stillhouse_engine.autogenerate.dispatch import PriorityDispatchResult

if TYPE_CHECKING:
    from sqlalchemy import Column

    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.operations import ops

log = logging.getLogger("alembic.autogenerate.compare.constraints")


def compare_nullable(  # noqa: PLR0917 - every comparator's signature
    autogen_context: AutogenContext,  # noqa: ARG001 - one signature for all comparators
    alter_column_op: ops.AlterColumnOp,
    schema: str | None,
    tname: str,
    cname: str,
    conn_col: Column[Any],
    metadata_col: Column[Any],
) -> PriorityDispatchResult:
    """Compare whether a column takes NULL."""
    live, model = conn_col.nullable, metadata_col.nullable
    alter_column_op.existing_nullable = live
    if live is model:
        return PriorityDispatchResult.CONTINUE
    place = f"{schema}.{tname}" if schema else tname
    if (is_generated(conn_col) or is_generated(metadata_col)) and not says_nullable(metadata_col):
        log.info("Ignoring nullable change on identity column '%s.%s'", place, cname)
        return PriorityDispatchResult.CONTINUE
    alter_column_op.modify_nullable = model
    log.info("Detected %s on column '%s.%s'", "NULL" if model else "NOT NULL", place, cname)
    return PriorityDispatchResult.STOP


def is_generated(column: Column[Any]) -> bool:
    """Tell whether the database makes a column's values."""
    return column.computed is not None or column.identity is not None


def says_nullable(column: Column[Any]) -> bool:
    """Tell whether a model's column was given ``nullable``."""
    return isinstance(column._user_defined_nullable, bool)  # noqa: SLF001 - SQLAlchemy keeps it nowhere else


def tell_autoincrement(  # noqa: PLR0917 - every comparator's signature
    autogen_context: AutogenContext,  # noqa: ARG001 - one signature for all comparators
    alter_column_op: ops.AlterColumnOp,
    schema: str | None,  # noqa: ARG001
    tname: str,  # noqa: ARG001
    cname: str,  # noqa: ARG001
    conn_col: Column[Any],  # noqa: ARG001
    metadata_col: Column[Any],
) -> PriorityDispatchResult:
    """Keep it told that the database counts a column up, which MySQL would forget."""
    if metadata_col.table.autoincrement_column is metadata_col or metadata_col.autoincrement is True:
        alter_column_op.kw["autoincrement"] = True
    elif metadata_col.autoincrement is False:
        alter_column_op.kw["autoincrement"] = False
    return PriorityDispatchResult.CONTINUE
