"""Tables and columns that were added or removed, and the order in which all comparators run."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from sqlalchemy.sql.ddl import sort_tables

from stillhouse_engine.autogenerate.compare.live_tables import LiveTables, sort_key
from stillhouse_engine.autogenerate.compare.objects import full_name
from stillhouse_engine.autogenerate.compare.unchanged import unchanged
from stillhouse_engine.autogenerate.dispatch import PriorityDispatchResult
from stillhouse_engine.operations import ops
from stillhouse_engine.operations.schema_objects import refer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Column, Table

    from stillhouse_engine.autogenerate.compare.live_tables import Key
    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.autogenerate.plugins import Plugin

log = logging.getLogger("alembic.autogenerate.compare.tables")

JOURNAL = "stillhouse_journal"
"""Our own table, where DDL commits by itself; no model has it."""


def compare_tables(
    autogen_context: AutogenContext, upgrade_ops: ops.UpgradeOps, schemas: set[str | None]
) -> PriorityDispatchResult:
    """Compare the tables of the chosen schemas with the models."""
    live = live_keys(autogen_context, schemas)
    models = model_keys(autogen_context)
    added = [key for key in models if key not in live]
    for key in added:
        add_table(autogen_context, upgrade_ops, models[key])
    removed = sorted(live - set(models), key=sort_key)
    existing = sorted(live.intersection(models), key=sort_key)
    same = unchanged(autogen_context, models, existing)
    existing = [key for key in existing if key not in same]
    reader = LiveTables(autogen_context, [*removed, *existing], live)
    tables = {key: reader.table(key) for key in (*removed, *existing)}
    for table in tables.values():
        refer(table, partial=True)
    for table in reversed(sort_tables([tables[key] for key in reversed(removed)])):
        drop_table(autogen_context, upgrade_ops, table)
    for key in existing:
        compare_table(autogen_context, upgrade_ops, models[key], tables[key])
    return PriorityDispatchResult.CONTINUE


def live_keys(autogen_context: AutogenContext, schemas: set[str | None]) -> set[Key]:
    """Return schemas and names of the live tables that the project's filter lets through, without the version table."""
    version = version_key(autogen_context)
    return {
        (schema, name)
        for schema in schemas
        for name in autogen_context.inspector.get_table_names(schema=schema)
        if name != JOURNAL
        and (schema, name) != version
        and autogen_context.run_name_filters(name, "table", {"schema_name": schema})
    }


def version_key(autogen_context: AutogenContext) -> Key:
    """Return schema and name of the version table."""
    context = autogen_context.migration_context
    return (autogen_context.home(context.version_table_schema), context.version_table)


def model_keys(autogen_context: AutogenContext) -> dict[Key, Table]:
    """Return the models' tables by schema and name, referenced ones first, without the version table.

    Models may name the default schema, whose live tables have none.

    Raises:
        ValueError: two metadata have the same table.
    """
    autogen_context.refuse_twins()
    tables = {(autogen_context.home(table.schema), table.name): table for table in autogen_context.sorted_tables}
    tables.pop(version_key(autogen_context), None)
    return tables


def dispatch_table(
    autogen_context: AutogenContext, place: tuple[str | None, str], live: Table | None, model: Table | None
) -> ops.ModifyTableOps:
    """Compare what belongs to one table, and return the operations on it."""
    schema, name = place
    modify_table_ops = ops.ModifyTableOps(name, [], schema=schema)
    autogen_context.comparators.dispatch("table", qualifier=autogen_context.dialect.name)(
        autogen_context, modify_table_ops, schema, name, live, model
    )
    return modify_table_ops


def add_table(autogen_context: AutogenContext, upgrade_ops: ops.UpgradeOps, model: Table) -> None:
    """Add a table that is in the models only."""
    if not autogen_context.run_object_filters(model, model.name, "table", False, None):
        return
    upgrade_ops.ops.append(ops.CreateTableOp.from_table(model))
    schema = autogen_context.home(model.schema)
    log.info("Detected added table %r", full_name(schema, model.name))
    modify_table_ops = dispatch_table(autogen_context, (schema, model.name), None, model)
    if not modify_table_ops.is_empty():
        upgrade_ops.ops.append(modify_table_ops)


def drop_table(autogen_context: AutogenContext, upgrade_ops: ops.UpgradeOps, live: Table) -> None:
    """Drop a table that is in the database only."""
    if not autogen_context.run_object_filters(live, live.name, "table", True, None):
        return
    modify_table_ops = dispatch_table(autogen_context, (live.schema, live.name), live, None)
    if not modify_table_ops.is_empty():
        upgrade_ops.ops.append(modify_table_ops)
    upgrade_ops.ops.append(ops.DropTableOp.from_table(live))
    log.info("Detected removed table %r", full_name(live.schema, live.name))


def compare_table(autogen_context: AutogenContext, upgrade_ops: ops.UpgradeOps, model: Table, live: Table) -> None:
    """Compare a table that is in both."""
    if not autogen_context.run_object_filters(model, model.name, "table", False, live):
        return
    modify_table_ops = ops.ModifyTableOps(live.name, [], schema=live.schema)
    columns = compare_columns(autogen_context, modify_table_ops, model, live)
    next(columns)
    autogen_context.comparators.dispatch("table", qualifier=autogen_context.dialect.name)(
        autogen_context, modify_table_ops, live.schema, live.name, live, model
    )
    for _ in columns:
        continue
    if not modify_table_ops.is_empty():
        upgrade_ops.ops.append(modify_table_ops)


def compare_columns(
    autogen_context: AutogenContext, modify_table_ops: ops.ModifyTableOps, model: Table, live: Table
) -> Iterator[None]:
    """Compare columns: added and changed ones before, removed ones after the rest of the table."""
    parents = {"table_name": live.name, "schema_name": live.schema}
    found = {
        column.name: column
        for column in live.columns
        if autogen_context.run_name_filters(column.name, "column", parents)
    }
    wanted = {column.name: column for column in model.columns if not column.system}
    for name, column in wanted.items():
        if name not in found:
            add_column(autogen_context, modify_table_ops, column)
    for name, column in wanted.items():
        if name in found:
            alter_column(autogen_context, modify_table_ops, column, found[name])
    yield
    for name, column in found.items():
        if name not in wanted and name not in {each.name for each in model.columns}:
            drop_column(autogen_context, modify_table_ops, column)


def add_column(autogen_context: AutogenContext, modify_table_ops: ops.ModifyTableOps, column: Column[Any]) -> None:
    """Add a column that is in the models only."""
    schema, table = modify_table_ops.schema, modify_table_ops.table_name
    if autogen_context.run_object_filters(column, column.name, "column", False, None):
        modify_table_ops.ops.append(ops.AddColumnOp.from_column_and_tablename(schema, table, column))
        log.info("Detected added column '%s.%s'", full_name(schema, table), column.name)


def alter_column(
    autogen_context: AutogenContext, modify_table_ops: ops.ModifyTableOps, model: Column[Any], live: Column[Any]
) -> None:
    """Compare a column that is in both."""
    if not autogen_context.run_object_filters(model, model.name, "column", False, live):
        return
    schema, table = modify_table_ops.schema, modify_table_ops.table_name
    alter_column_op = ops.AlterColumnOp(table, model.name, schema=schema)
    autogen_context.comparators.dispatch("column", qualifier=autogen_context.dialect.name)(
        autogen_context, alter_column_op, schema, table, model.name, live, model
    )
    if alter_column_op.has_changes():
        modify_table_ops.ops.append(alter_column_op)


def drop_column(autogen_context: AutogenContext, modify_table_ops: ops.ModifyTableOps, column: Column[Any]) -> None:
    """Drop a column that is in the database only."""
    schema, table = modify_table_ops.schema, modify_table_ops.table_name
    if autogen_context.run_object_filters(column, column.name, "column", True, None):
        modify_table_ops.ops.append(ops.DropColumnOp.from_column_and_tablename(schema, table, column))
        log.info("Detected removed column '%s.%s'", full_name(schema, table), column.name)


def setup(plugin: Plugin) -> None:
    """Register the comparator."""
    plugin.add_autogenerate_comparator(compare_tables, "schema", "tables")
