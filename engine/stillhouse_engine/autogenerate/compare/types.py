"""Types of columns."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from sqlalchemy.types import NullType

from stillhouse_engine.autogenerate.dispatch import PriorityDispatchResult

if TYPE_CHECKING:
    from sqlalchemy import Column

    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.autogenerate.plugins import Plugin
    from stillhouse_engine.operations import ops

log = logging.getLogger("alembic.autogenerate.compare.types")


def compare_types(  # noqa: PLR0917 - every comparator's signature
    autogen_context: AutogenContext,
    alter_column_op: ops.AlterColumnOp,
    schema: str | None,
    tname: str,
    cname: str,
    conn_col: Column[Any],
    metadata_col: Column[Any],
) -> PriorityDispatchResult:
    """Compare the types of a column."""
    alter_column_op.existing_type = conn_col.type
    place = f"{schema}.{tname}" if schema else tname
    if conn_col.type._type_affinity is NullType:  # noqa: SLF001 - SQLAlchemy's kinds of types
        log.info("Couldn't determine database type for column '%s.%s'", place, cname)
    elif metadata_col.type._type_affinity is NullType:  # noqa: SLF001 - SQLAlchemy's kinds of types
        log.info("Column '%s.%s' has no type within the model; can't compare", place, cname)
    elif differs(autogen_context, conn_col, metadata_col):
        alter_column_op.modify_type = metadata_col.type
        log.info("Detected type change from %r to %r on '%s.%s'", conn_col.type, metadata_col.type, place, cname)
        return PriorityDispatchResult.STOP
    return PriorityDispatchResult.CONTINUE


def differs(autogen_context: AutogenContext, conn_col: Column[Any], metadata_col: Column[Any]) -> bool:
    """Tell whether two types differ: by the project's hook, by the type's own, by the dialect's."""
    context = autogen_context.migration_context
    hook = autogen_context.opts.get("compare_type", True)
    if hook is False:
        return False
    if callable(hook):
        said = hook(context, conn_col, metadata_col, conn_col.type, metadata_col.type)
        if said is not None:
            return bool(said)
    model = metadata_col.type.dialect_impl(context.dialect)
    own = getattr(metadata_col.type, "compare_against_backend", None) or getattr(model, "compare_against_backend", None)
    if own is not None and (said := own(context.dialect, conn_col.type)) is not None:
        return not said
    return bool(context.impl.compare_type(conn_col, metadata_col))


def setup(plugin: Plugin) -> None:
    """Register the comparator."""
    plugin.add_autogenerate_comparator(compare_types, "column", "types")
