"""Foreign keys."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKeyConstraint
from sqlalchemy.sql.elements import conv

from stillhouse_engine.autogenerate.compare.names import final_name
from stillhouse_engine.autogenerate.dispatch import PriorityDispatchResult
from stillhouse_engine.operations import ops

if TYPE_CHECKING:
    from sqlalchemy import Table

    from stillhouse_engine.autogenerate.context import AutogenContext

    Signature = tuple[Any, ...]

log = logging.getLogger("alembic.autogenerate.compare.constraints")

REFERENTIAL_DEFAULT = "no action"


def compare_foreign_keys(  # noqa: PLR0917 - every comparator's signature
    autogen_context: AutogenContext,
    modify_table_ops: ops.ModifyTableOps,
    schema: str | None,
    tname: str,
    conn_table: Table | None,
    metadata_table: Table | None,
) -> PriorityDispatchResult:
    """Compare the foreign keys of a table that is in both; a new table brings its own."""
    if conn_table is None or metadata_table is None:
        return PriorityDispatchResult.CONTINUE
    models = {key for key in metadata_table.constraints if isinstance(key, ForeignKeyConstraint)}
    parents = {"table_name": tname, "schema_name": schema}
    reflected = [
        key
        for key in autogen_context.inspector.get_foreign_keys(tname, schema=schema)
        if autogen_context.run_name_filters(key["name"], "foreign_key_constraint", parents)
    ]
    live = {live_key(params, conn_table) for params in reflected}
    autogen_context.migration_context.impl.correct_for_autogen_foreignkeys(live, models)
    with_options = bool(reflected) and "options" in reflected[0]
    found = {signature(autogen_context, key, with_options): key for key in live}
    wanted = {signature(autogen_context, key, with_options): key for key in models}
    found_names: dict[Any, ForeignKeyConstraint] = {key.name: key for key in live if key.name is not None}
    wanted_names: dict[Any, ForeignKeyConstraint] = {
        name: key for key in models if (name := final_name(key, autogen_context.dialect)) is not None
    }
    for sig in sorted(found.keys() - wanted.keys(), key=order):
        drop_key(autogen_context, modify_table_ops, found[sig], wanted_names.get(found[sig].name))
    for sig in sorted(wanted.keys() - found.keys(), key=order):
        name = final_name(wanted[sig], autogen_context.dialect)
        add_key(autogen_context, modify_table_ops, wanted[sig], found_names.get(name))
    return PriorityDispatchResult.CONTINUE


def live_key(params: Any, conn_table: Table) -> ForeignKeyConstraint:
    """Return a reflected foreign key as SQLAlchemy's object, on its table."""
    name = conv(params["name"]) if params["name"] else None
    columns = list(params["constrained_columns"])
    for key in conn_table.constraints:
        if isinstance(key, ForeignKeyConstraint) and key.name == name and key.column_keys == columns:
            return key
    raise LookupError(f"no foreign key on {columns} in table {conn_table.name}")


def signature(autogen_context: AutogenContext, key: ForeignKeyConstraint, with_options: bool) -> Signature:
    """Return what foreign keys are compared by: columns, what they point to, rules."""
    table = key.parent
    target = key.elements[0].column.table
    base = (
        autogen_context.home(table.schema),
        table.name,
        tuple(element.parent.name for element in key.elements),
        autogen_context.home(target.schema),
        target.name,
        tuple(element.column.name for element in key.elements),
    )
    return base + rules(key) if with_options else base


def rules(key: ForeignKeyConstraint) -> Signature:
    """Return a foreign key's rules, the same for what means the same."""
    updating, deleting = (action(each) for each in (key.onupdate, key.ondelete))
    initially = (key.initially or "").lower()
    if initially == "deferred":
        return (updating, deleting, "initially_deferrable")
    return (updating, deleting, "deferrable" if key.deferrable else "not deferrable")


def action(rule: str | None) -> str | None:
    """Return what an update or delete does; None for the default."""
    lowered = (rule or "").lower()
    return lowered if lowered not in {"", REFERENTIAL_DEFAULT} else None


def order(sig: Signature) -> tuple[str, ...]:
    """Return what foreign keys are sorted by."""
    return tuple(str(part) for part in sig)


def described(key: ForeignKeyConstraint) -> str:
    """Return a foreign key's columns and those that it points to, as messages have them."""
    local = ", ".join(element.parent.name for element in key.elements)
    remote = ", ".join(element.column.name for element in key.elements)
    return f"({local})({remote})"


def place(table: Table) -> str:
    """Return the table's name as messages have it."""
    return f"{table.schema}.{table.name}" if table.schema else str(table.name)


def drop_key(
    autogen_context: AutogenContext,
    modify_table_ops: ops.ModifyTableOps,
    live: ForeignKeyConstraint,
    model: ForeignKeyConstraint | None,
) -> None:
    """Drop a foreign key that is in the database only."""
    if autogen_context.run_object_filters(live, live.name, "foreign_key_constraint", True, model):
        modify_table_ops.ops.append(ops.DropConstraintOp.from_constraint(live))
        log.info("Detected removed foreign key %s on table %s", described(live), place(live.table))


def add_key(
    autogen_context: AutogenContext,
    modify_table_ops: ops.ModifyTableOps,
    model: ForeignKeyConstraint,
    live: ForeignKeyConstraint | None,
) -> None:
    """Add a foreign key that is in the models only."""
    if autogen_context.run_object_filters(model, model.name, "foreign_key_constraint", False, live):
        modify_table_ops.ops.append(ops.CreateForeignKeyOp.from_constraint(model))
        log.info("Detected added foreign key %s on table %s", described(model), place(model.table))
