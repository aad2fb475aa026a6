"""Server defaults, identities and computations of columns."""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING, Any

from sqlalchemy import Computed, DefaultClause, Identity

from stillhouse_engine.autogenerate.compare.nullability import is_generated, tell_autoincrement
from stillhouse_engine.autogenerate.dispatch import DispatchPriority, PriorityDispatchResult
from stillhouse_engine.autogenerate.render.expressions import server_default, sql_text

if TYPE_CHECKING:
    from sqlalchemy import Column

    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.autogenerate.plugins import Plugin
    from stillhouse_engine.operations import ops

log = logging.getLogger("alembic.autogenerate.compare.server_defaults")


def ask_for_default(  # noqa: PLR0917 - every comparator's signature
    autogen_context: AutogenContext,
    alter_column_op: ops.AlterColumnOp,
    schema: str | None,
    tname: str,
    cname: str,
    conn_col: Column[Any],
    metadata_col: Column[Any],
) -> PriorityDispatchResult:
    """Tell the default that a column has, and ask the project's hook whether the model's is another."""
    hook = autogen_context.opts.get("compare_server_default", False)
    if not are_to_compare(autogen_context, conn_col, metadata_col):
        return PriorityDispatchResult.CONTINUE
    alter_column_op.existing_server_default = conn_col.server_default
    said = None
    if callable(hook) and not (is_generated(conn_col) or is_generated(metadata_col)):
        live, model = found_text(conn_col), metadata_col.server_default
        context, wanted = autogen_context.migration_context, rendered(model, autogen_context)
        said = hook(context, conn_col, metadata_col, live, model, wanted)
        if said:
            change(alter_column_op, f"User defined function {hook}", place_of(schema, tname, cname), model)
    return PriorityDispatchResult.STOP if hook is False or said is not None else PriorityDispatchResult.CONTINUE


def compare_generated(  # noqa: PLR0917 - every comparator's signature
    autogen_context: AutogenContext,
    alter_column_op: ops.AlterColumnOp,
    schema: str | None,
    tname: str,
    cname: str,
    conn_col: Column[Any],
    metadata_col: Column[Any],
) -> PriorityDispatchResult:
    """Compare identities and computations."""
    model, live = metadata_col.server_default, conn_col.server_default
    place = place_of(schema, tname, cname)
    if isinstance(model, Computed):
        compare_computed(autogen_context, place, live, model)
        return PriorityDispatchResult.STOP
    if isinstance(live, Computed):
        warn_computed(place)
        return PriorityDispatchResult.STOP
    identities = isinstance(model, Identity) or isinstance(live, Identity)
    if identities and are_to_compare(autogen_context, conn_col, metadata_col):
        return compare_identities(autogen_context, alter_column_op, place, live, model)
    return PriorityDispatchResult.CONTINUE


def compare_defaults(  # noqa: PLR0917 - every comparator's signature
    autogen_context: AutogenContext,
    alter_column_op: ops.AlterColumnOp,
    schema: str | None,
    tname: str,
    cname: str,
    conn_col: Column[Any],
    metadata_col: Column[Any],
) -> PriorityDispatchResult:
    """Compare plain defaults as the dialect does."""
    model, impl = metadata_col.server_default, autogen_context.migration_context.impl
    plain = not (is_generated(conn_col) or is_generated(metadata_col))
    if plain and are_to_compare(autogen_context, conn_col, metadata_col):
        wanted = rendered(model, autogen_context)
        if impl.compare_server_default(conn_col, metadata_col, wanted, found_text(conn_col)):
            change(alter_column_op, f"Dialect impl {impl}", place_of(schema, tname, cname), model)
    return PriorityDispatchResult.CONTINUE


def are_to_compare(autogen_context: AutogenContext, conn_col: Column[Any], metadata_col: Column[Any]) -> bool:
    """Tell whether a column has a default to speak of.

    An identity in the models says nothing of a database that has none.
    """
    model = metadata_col.server_default
    ignored = isinstance(model, Identity) and not autogen_context.dialect.supports_identity_columns
    return conn_col.server_default is not None or not (model is None or ignored)


def place_of(schema: str | None, tname: str, cname: str) -> str:
    """Return how messages name a column."""
    return f"{schema}.{tname}.{cname}" if schema else f"{tname}.{cname}"


def change(alter_column_op: ops.AlterColumnOp, judge: str, place: str, model: Any) -> None:
    """Give a column its model's default."""
    alter_column_op.modify_server_default = model
    log.info("%s detected server default on column '%s'", judge, place)


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


def found_text(conn_col: Column[Any]) -> str | None:
    """Return a column's plain default as the database has it."""
    live = conn_col.server_default
    return live.arg.text if isinstance(live, DefaultClause) and hasattr(live.arg, "text") else None


def rendered(default: Any, autogen_context: AutogenContext) -> str | None:
    """Return a model's default as the SQL that it would be."""
    if not isinstance(default, DefaultClause):
        return server_default(default, autogen_context) if default is not None else None
    if isinstance(default.arg, str):
        return default.arg
    return sql_text(default.arg, autogen_context, is_server_default=True)


def setup(plugin: Plugin) -> None:
    """Register the comparators: where there is a default to speak of, nothing is told of counting up.

    The dialect's comes last, so that another plug-in's may take its place.
    """
    plugin.add_autogenerate_comparator(ask_for_default, "column", "server_default", priority=DispatchPriority.FIRST)
    plugin.add_autogenerate_comparator(compare_generated, "column", "server_default")
    plugin.add_autogenerate_comparator(tell_autoincrement, "column", "server_default")
    plugin.add_autogenerate_comparator(compare_defaults, "column", "server_default", priority=DispatchPriority.LAST)
