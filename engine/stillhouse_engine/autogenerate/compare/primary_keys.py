"""Primary keys: added, removed, other columns."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from stillhouse_engine.autogenerate.compare.names import final_name
from stillhouse_engine.autogenerate.dispatch import PriorityDispatchResult
from stillhouse_engine.operations import ops

if TYPE_CHECKING:
    from sqlalchemy import PrimaryKeyConstraint, Table

    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.autogenerate.plugins import Plugin

log = logging.getLogger("stillhouse.autogenerate.primary_keys")

NAMES = {"postgresql": "{table}_pkey", "mysql": "PRIMARY", "mariadb": "PRIMARY"}
"""How databases call a key that has no name."""


def compare_primary_keys(  # noqa: PLR0917 - every comparator's signature
    autogen_context: AutogenContext,
    modify_table_ops: ops.ModifyTableOps,
    schema: str | None,
    tname: str,
    conn_table: Table | None,
    metadata_table: Table | None,
) -> PriorityDispatchResult:
    """Compare the primary keys of a table that is in both; a new table brings its own."""
    if conn_table is None or metadata_table is None:
        return PriorityDispatchResult.CONTINUE
    live, model = conn_table.primary_key, metadata_table.primary_key
    found, wanted = ([column.name for column in key.columns] for key in (live, model))
    if found == wanted or not filtered(autogen_context, live, model):
        return PriorityDispatchResult.CONTINUE
    log.info("Detected primary key of %r: %s to %s", f"{schema}.{tname}" if schema else tname, found, wanted)
    if found:
        modify_table_ops.ops.append(ops.DropConstraintOp.from_constraint(live))
    if wanted:
        created = ops.CreatePrimaryKeyOp.from_constraint(model)
        if final_name(model, autogen_context.dialect) is None:
            created.constraint_name = key_name(autogen_context, tname, live)
        modify_table_ops.ops.append(created)
    return PriorityDispatchResult.CONTINUE


def filtered(autogen_context: AutogenContext, live: PrimaryKeyConstraint, model: PrimaryKeyConstraint) -> bool:
    """Ask the project's filter."""
    if not model.columns:
        return autogen_context.run_object_filters(live, live.name, "primary_key_constraint", True, None)
    there = live if live.columns else None
    return autogen_context.run_object_filters(model, model.name, "primary_key_constraint", False, there)


def key_name(autogen_context: AutogenContext, table: str, live: PrimaryKeyConstraint) -> Any:
    """Return the name that a key without one has: that of the present key, or what the database calls it."""
    if isinstance(live.name, str):
        return live.name
    known = NAMES.get(autogen_context.dialect.name)
    return known.format(table=table) if known else None


def setup(plugin: Plugin) -> None:
    """Register the comparator."""
    plugin.add_autogenerate_comparator(compare_primary_keys, "table", "primary_keys")
