"""Server defaults, identities and computations of columns."""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING, Any

from sqlalchemy import Computed, DefaultClause, Identity

from stillhouse_engine.autogenerate.compare.nullability import tell_autoincrement
from stillhouse_engine.autogenerate.dispatch import PriorityDispatchResult
from stillhouse_engine.autogenerate.render.expressions import server_default, sql_text

if TYPE_CHECKING:
    from sqlalchemy import Column

    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.autogenerate.plugins import Plugin
    from stillhouse_engine.operations import ops

log = logging.getLogger("alembic.autogenerate.compare.server_defaults")


def compare_server_defaults(  # noqa: PLR0917 - every comparator's signature
    autogen_context: AutogenContext,
    alter_column_op: ops.AlterColumnOp,
    schema: str | None,
    tname: str,
    cname: str,
    conn_col: Column[Any],
    metadata_col: Column[Any],
) -> PriorityDispatchResult:
    """Compare the server defaults of a column.

    An identity in the models says nothing of a database that has none.
    """
    model, live = metadata_col.server_default, conn_col.server_default
    ignored = isinstance(model, Identity) and not autogen_context.dialect.supports_identity_columns
    if live is None and (model is None or ignored):
        return PriorityDispatchResult.CONTINUE
    place = f"{schema}.{tname}.{cname}" if schema else f"{tname}.{cname}"
    alter_column_op.existing_server_default = live
    if autogen_context.opts.get("compare_server_default", False) is False:
        return PriorityDispatchResult.STOP
    if isinstance(model, Computed):
        compare_computed(autogen_context, place, live, model)
        return PriorityDispatchResult.STOP
    if isinstance(live, Computed):
        warn_computed(place)
        return PriorityDispatchResult.STOP
    if isinstance(model, Identity) or isinstance(live, Identity):
        return compare_identities(autogen_context, alter_column_op, place, live, model)
    return compare_defaults(autogen_context, alter_column_op, place, conn_col, metadata_col)


def warn_computed(place: str) -> None:
    """Say that a computation cannot be changed."""
    warnings.warn(f"Computed default on {place} cannot be modified", UserWarning, stacklevel=3)


def compare_computed(autogen_context: AutogenContext, place: str, live: Any, model: Computed) -> None:
    """Compare computations by their text without blanks, quotes and parentheses; they cannot be changed, only warned of."""
    impl = autogen_context.migration_context.impl
    wanted = impl.normalise_computed(sql_text(model.sqltext, autogen_context))
    found = impl.normalise_computed(sql_text(live.sqltext, autogen_context)) if isinstance(live, Computed) else ""
    if wanted != found:
        warn_computed(place)


def compare_identities(
    autogen_context: AutogenContext, alter_column_op: ops.AlterColumnOp, place: str, live: Any, model: Any
) -> PriorityDispatchResult:
    """Compare identities, and tell where a column got or lost one."""
    identities = [item if isinstance(item, Identity) else None for item in (model, live)]
    differing = autogen_context.migration_context.impl.compare_identity(*identities)
    if differing or None in identities:
        alter_column_op.modify_server_default = model
        if differing:
            names = sorted(differing)
            log.info("Detected server default on column '%s': identity options attributes %s", place, names)
            return PriorityDispatchResult.STOP
    return PriorityDispatchResult.CONTINUE


def compare_defaults(
    autogen_context: AutogenContext,
    alter_column_op: ops.AlterColumnOp,
    place: str,
    conn_col: Column[Any],
    metadata_col: Column[Any],
) -> PriorityDispatchResult:
    """Compare plain defaults."""
    model, live = metadata_col.server_default, conn_col.server_default
    wanted = rendered(model, autogen_context)
    found = live.arg.text if isinstance(live, DefaultClause) and hasattr(live.arg, "text") else None
    judge = differing(autogen_context, conn_col, metadata_col, wanted, found)
    if judge is not None:
        alter_column_op.modify_server_default = model
        log.info("%s detected server default on column '%s'", judge, place)
    return PriorityDispatchResult.CONTINUE


def rendered(default: Any, autogen_context: AutogenContext) -> str | None:
    """Return a model's default as the SQL that it would be."""
    if not isinstance(default, DefaultClause):
        return server_default(default, autogen_context) if default is not None else None
    if isinstance(default.arg, str):
        return default.arg
    return sql_text(default.arg, autogen_context, is_server_default=True)


def differing(
    autogen_context: AutogenContext,
    conn_col: Column[Any],
    metadata_col: Column[Any],
    wanted: str | None,
    found: str | None,
) -> str | None:
    """Return who says that two defaults differ: the project's hook, or the dialect; None where they do not."""
    context = autogen_context.migration_context
    hook = autogen_context.opts.get("compare_server_default", False)
    if callable(hook):
        said = hook(context, conn_col, metadata_col, found, metadata_col.server_default, wanted)
        if said is not None:
            return f"User defined function {hook}" if said else None
    said = context.impl.compare_server_default(conn_col, metadata_col, wanted, found)
    return f"Dialect impl {context.impl}" if said else None


def setup(plugin: Plugin) -> None:
    """Register the comparators: where there is a default to speak of, nothing is told of counting up."""
    plugin.add_autogenerate_comparator(compare_server_defaults, "column", "server_default")
    plugin.add_autogenerate_comparator(tell_autoincrement, "column", "server_default")
