"""Primary keys: added, removed, other columns."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from stillhouse_engine.autogenerate.compare.names import final_name
from stillhouse_engine.autogenerate.compare.objects import full_name, is_mysql, sql_name
from stillhouse_engine.autogenerate.compare.settling import KEY
from stillhouse_engine.autogenerate.dispatch import PriorityDispatchResult
from stillhouse_engine.operations import ops

if TYPE_CHECKING:
    from sqlalchemy import PrimaryKeyConstraint, Table

    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.autogenerate.plugins import Plugin

log = logging.getLogger("stillhouse.autogenerate.primary_keys")

POSTGRESQL = "{table}_pkey"
"""How PostgreSQL calls a key that has no name."""
OTHER = "pk_{table}"
"""A name for it elsewhere: SQLite could not drop it without one, MySQL takes any and keeps none."""


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
    log.info("Detected primary key of %r: %s to %s", full_name(schema, tname), found, wanted)
    if found and wanted and is_mysql(autogen_context) and not autogen_context.opts.get("render_as_batch"):
        modify_table_ops.ops.append(at_once(autogen_context, (schema, tname), found, wanted))
        return PriorityDispatchResult.CONTINUE
    if found:
        replaced = wanted and is_nameless(autogen_context, live)
        drop = (ops.ReplacedPrimaryKeyOp if replaced else ops.DropConstraintOp).from_constraint(live)
        if replaced or not is_nameless(autogen_context, live):
            drop.constraint_name = key_name(autogen_context, tname, live)
        modify_table_ops.ops.append(drop)
    if wanted:
        created = ops.CreatePrimaryKeyOp.from_constraint(model)
        if final_name(model, autogen_context.dialect) is None:
            created.constraint_name = key_name(autogen_context, tname, live)
        modify_table_ops.ops.append(created)
    return PriorityDispatchResult.CONTINUE


def at_once(
    autogen_context: AutogenContext, table: tuple[str | None, str], found: list[str], wanted: list[str]
) -> ops.SchemaObjectOp:
    """Replace a key in one statement: MySQL never lets an AUTO_INCREMENT column be without one."""
    quote = autogen_context.dialect.identifier_preparer.quote
    start = f"ALTER TABLE {sql_name(autogen_context, *table)} DROP PRIMARY KEY, ADD PRIMARY KEY"
    statements, undo = ([f"{start} ({', '.join(map(quote, columns))})"] for columns in (wanted, found))
    return ops.SchemaObjectOp(KEY, full_name(*table), found, wanted, statements=statements, undo=undo)


def is_nameless(autogen_context: AutogenContext, live: PrimaryKeyConstraint) -> bool:
    """Tell whether a key is replaced, because it has no name to drop it by."""
    return autogen_context.dialect.name == "sqlite" and live.name is None


def filtered(autogen_context: AutogenContext, live: PrimaryKeyConstraint, model: PrimaryKeyConstraint) -> bool:
    """Ask the project's filter."""
    if not model.columns:
        return autogen_context.run_object_filters(live, live.name, "primary_key_constraint", True, None)
    there = live if live.columns else None
    return autogen_context.run_object_filters(model, model.name, "primary_key_constraint", False, there)


def key_name(autogen_context: AutogenContext, table: str, live: PrimaryKeyConstraint) -> Any:
    """Return the name that a key without one has: that of the present key, or a usual one."""
    if isinstance(live.name, str):
        return live.name
    return (POSTGRESQL if autogen_context.dialect.name == "postgresql" else OTHER).format(table=table)


def setup(plugin: Plugin) -> None:
    """Register the comparator."""
    plugin.add_autogenerate_comparator(compare_primary_keys, "table", "primary_keys")
