"""CHECKs by their names: added and removed ones. Chosen by ``autogenerate_plugins``; not among the defaults."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint

from stillhouse_engine.autogenerate.compare.names import final_name
from stillhouse_engine.autogenerate.dispatch import PriorityDispatchResult
from stillhouse_engine.operations import ops

if TYPE_CHECKING:
    from sqlalchemy import Table

    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.autogenerate.plugins import Plugin

log = logging.getLogger("alembic.ext.checkconstraint_byname")


def compare_checks(  # noqa: PLR0917 - every comparator's signature
    autogen_context: AutogenContext,
    modify_table_ops: ops.ModifyTableOps,
    schema: str | None,
    tname: str,
    conn_table: Table | None,
    metadata_table: Table | None,
) -> PriorityDispatchResult:
    """Compare the named CHECKs of a table that is in both."""
    if conn_table is None or metadata_table is None:
        return PriorityDispatchResult.CONTINUE
    parents = {"table_name": tname, "schema_name": schema}
    impl = autogen_context.migration_context.impl
    live = {
        name: item
        for name, item in named_checks(autogen_context, conn_table).items()
        if autogen_context.run_name_filters(name, "check_constraint", parents)
    }
    models = named_checks(autogen_context, metadata_table)
    for name in sorted(live.keys() - models.keys()):
        if autogen_context.run_object_filters(live[name], name, "check_constraint", True, None):
            drop(modify_table_ops, live[name])
    for name in sorted(live.keys() & models.keys()):
        result = impl.compare_check_constraint(models[name], live[name])
        if result.is_different and autogen_context.run_object_filters(
            models[name], name, "check_constraint", False, live[name]
        ):
            log.info("Detected changed check constraint %r on %r: %s", name, tname, result.message)
            modify_table_ops.ops.append(ops.DropConstraintOp.from_constraint(live[name]))
            modify_table_ops.ops.append(ops.CreateCheckConstraintOp.from_constraint(models[name]))
    for name in sorted(models.keys() - live.keys()):
        if autogen_context.run_object_filters(models[name], name, "check_constraint", False, None):
            add(modify_table_ops, models[name])
    return PriorityDispatchResult.CONTINUE


def named_checks(autogen_context: AutogenContext, table: Table) -> dict[str, CheckConstraint]:
    """Return a table's CHECKs by their names, without those that its columns' types bring along."""
    return {
        name: item
        for item in table.constraints
        if isinstance(item, CheckConstraint)
        and not getattr(item, "_type_bound", False)
        and (name := final_name(item, autogen_context.dialect)) is not None
    }


def drop(modify_table_ops: ops.ModifyTableOps, item: Any) -> None:
    """Drop a CHECK that is in the database only."""
    modify_table_ops.ops.append(ops.DropConstraintOp.from_constraint(item))
    log.info("Detected removed check constraint %r on table %r", str(item.name), item.table.name)


def add(modify_table_ops: ops.ModifyTableOps, item: Any) -> None:
    """Add a CHECK that is in the models only."""
    modify_table_ops.ops.append(ops.CreateCheckConstraintOp.from_constraint(item))
    log.info("Detected added check constraint %r on table %r", str(item.name), item.table.name)


def setup(plugin: Plugin) -> None:
    """Register the comparator."""
    plugin.add_autogenerate_comparator(compare_checks, "table", "checkconstraints")
