"""The values of enum types: PostgreSQL's types, which come and go with columns; on MySQL the order of a column's values.

On PostgreSQL a value is added by ALTER TYPE … ADD VALUE, which commits by itself. No value can be taken away from a type, or put
elsewhere: the type is made anew, and its columns are moved to it.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Enum
from sqlalchemy.types import ARRAY, TypeDecorator

from stillhouse_engine.autogenerate.compare.objects import (
    ENUM_VALUES,
    accepts,
    arrange,
    full_name,
    live_objects,
    sql_name,
)
from stillhouse_engine.autogenerate.dispatch import DispatchPriority, PriorityDispatchResult
from stillhouse_engine.operations import ops
from stillhouse_engine.schema import diff, repair
from stillhouse_engine.schema.postgresql.statements import literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Column

    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.autogenerate.plugins import Plugin
    from stillhouse_engine.schema.snapshot import SchemaObject, Snapshot

    Key = tuple[str | None, str]
    Labels = tuple[str, ...]

log = logging.getLogger("stillhouse.autogenerate.enum_values")

SWAP = "Makes the type anew. Fails while rows hold a value that it will not have:\nchange those first."


def compare_enums(
    autogen_context: AutogenContext, upgrade_ops: ops.UpgradeOps, schemas: set[str | None]
) -> PriorityDispatchResult:
    """Compare the enum types of the chosen schemas."""
    live = live_objects(autogen_context, schemas, "enum")
    models = {key: type_ for key, type_ in model_enums(autogen_context).items() if key[0] in schemas}
    found = []
    for key, item in live.items():
        if key not in models and accepts(autogen_context, key[1], "enum", None, item):
            found.append(removed(autogen_context, key, item, upgrade_ops))
    for key, type_ in models.items():
        there = live.get(key)
        if not accepts(autogen_context, key[1], "enum", type_, there):
            continue
        if there is None:
            found += added(autogen_context, key, type_, upgrade_ops)
        elif there.words("labels") != tuple(type_.enums):
            found.append(changed(autogen_context, there, tuple(type_.enums)))
    arrange(upgrade_ops, found)
    return PriorityDispatchResult.CONTINUE


def model_enums(autogen_context: AutogenContext) -> dict[Key, Enum]:
    """Return the enum types that the models' columns have on PostgreSQL, by schema and name."""
    types = (
        enum_of(column.type, autogen_context) for table in autogen_context.sorted_tables for column in table.columns
    )
    return {key_of(type_, autogen_context): type_ for type_ in types if type_ is not None}


def key_of(type_: Enum, autogen_context: AutogenContext) -> Key:
    """Return schema and name of an enum type."""
    return (autogen_context.home(type_.schema), str(type_.name))


def enum_of(type_: Any, autogen_context: AutogenContext) -> Enum | None:
    """Return the enum type that a column's type is on this database, if it is one."""
    found = type_.dialect_impl(autogen_context.dialect)
    while isinstance(found, TypeDecorator | ARRAY):
        inner: Any = found.impl_instance if isinstance(found, TypeDecorator) else found.item_type
        found = inner.dialect_impl(autogen_context.dialect)
    native = isinstance(found, Enum) and found.native_enum and found.name
    return found if native else None


def tables_made(upgrade_ops: ops.UpgradeOps, autogen_context: AutogenContext, key: Key) -> bool:
    """Tell whether a table that is made brings a type along."""
    made = [each.to_table() for each in upgrade_ops.ops if isinstance(each, ops.CreateTableOp)]
    types = [enum_of(column.type, autogen_context) for table in made for column in table.columns]
    return any(type_ is not None and key_of(type_, autogen_context) == key for type_ in types)


def added(
    autogen_context: AutogenContext, key: Key, type_: Enum, upgrade_ops: ops.UpgradeOps
) -> list[ops.SchemaObjectOp]:
    """Make a type that is in the models only; CREATE TABLE makes it, too, but DROP TABLE does not drop it."""
    if not getattr(type_, "create_type", True):
        return []
    name = sql_name(autogen_context, *key)
    by_table = tables_made(upgrade_ops, autogen_context, key)
    labels = tuple(type_.enums)
    log.info("Detected added enum type %r", full_name(*key))
    return [
        ops.SchemaObjectOp(
            "enum",
            full_name(*key),
            None,
            labels,
            statements=[] if by_table else [creation(name, labels)],
            undo=[f"DROP TYPE {name}"],
            place=ENUM_VALUES,
        )
    ]


def removed(
    autogen_context: AutogenContext, key: Key, live: SchemaObject, upgrade_ops: ops.UpgradeOps
) -> ops.SchemaObjectOp:
    """Drop a type that no model has; undoing the drop of a table makes its types again."""
    name = sql_name(autogen_context, *key)
    log.info("Detected removed enum type %r", live.name)
    dropped = {each.table_name for each in upgrade_ops.ops if isinstance(each, ops.DropTableOp)}
    users = {item.parent for item in columns_of(autogen_context.snapshot, live)}
    undo = [] if users & dropped else [creation(name, live.words("labels"))]
    return ops.SchemaObjectOp(
        "enum",
        live.name,
        live.words("labels"),
        None,
        statements=[f"DROP TYPE {name}"],
        undo=undo,
        place=-ENUM_VALUES,
    )


def columns_of(snapshot: Snapshot, live: SchemaObject) -> list[SchemaObject]:
    """Return the columns that have a type, or arrays of it."""
    name = live.text("sql")
    return [item for item in snapshot.of_kind("column") if item.get("type") in {name, f"{name}[]"}]


def creation(name: str, labels: Sequence[str]) -> str:
    """Return the statement that makes a type."""
    return f"CREATE TYPE {name} AS ENUM ({', '.join(map(literal, labels))})"


def changed(autogen_context: AutogenContext, live: SchemaObject, labels: Labels) -> ops.SchemaObjectOp:
    """Change a type's values, and know the way back."""
    log.info("Detected changed enum type %r: %s to %s", live.name, list(live.words("labels")), list(labels))
    here = autogen_context.snapshot
    model = live._replace(attributes={**live.attributes, "labels": labels})
    there = replace(here, objects=tuple(model if item is live else item for item in here.objects))
    (steps, remark), (back, remark_back) = conversion(here, there), conversion(there, here)
    return ops.SchemaObjectOp(
        "enum",
        live.name,
        live.words("labels"),
        labels,
        statements=steps,
        undo=back,
        place=ENUM_VALUES,
        autocommit=not remark,
        undo_autocommit=not remark_back,
        remark=(remark, remark_back),
    )


def conversion(before: Snapshot, after: Snapshot) -> tuple[list[str], str]:
    """Return the statements that make one state of a type the other, as a repair would, and what to say of them."""
    steps = [step for step in repair(diff(after, before), after, before) if step.change_ids]
    refusals = [step.reason for step in steps if step.reason and not step.sql]
    statements = [sql for step in steps for sql in step.sql]
    if refusals:
        return [], f"Not changed: {refusals[0]}."
    if all(" ADD VALUE " in each for each in statements):
        # It commits by itself, so that it is there already when the revision is run again after a failure.
        return [each.replace(" ADD VALUE ", " ADD VALUE IF NOT EXISTS ", 1) for each in statements], ""
    return statements, SWAP


def compare_order(  # noqa: PLR0917 - every comparator's signature
    autogen_context: AutogenContext,
    alter_column_op: ops.AlterColumnOp,
    schema: str | None,
    tname: str,
    cname: str,
    conn_col: Column[Any],
    metadata_col: Column[Any],
) -> PriorityDispatchResult:
    """Compare the order of an ENUM's values on MySQL, by which its column is sorted; the values are compared anyway."""
    model = metadata_col.type.dialect_impl(autogen_context.dialect)
    if isinstance(model, TypeDecorator):
        model = model.impl_instance
    live = conn_col.type
    if not isinstance(live, Enum) or not isinstance(model, Enum) or set(live.enums) != set(model.enums):
        return PriorityDispatchResult.CONTINUE
    if list(live.enums) == list(model.enums):
        return PriorityDispatchResult.CONTINUE
    alter_column_op.existing_type, alter_column_op.modify_type = live, metadata_col.type
    log.info("Detected another order of the values of '%s.%s'", full_name(schema, tname), cname)
    return PriorityDispatchResult.STOP


def setup(plugin: Plugin) -> None:
    """Register the comparators."""
    for dialect in ("mysql", "mariadb"):
        plugin.add_autogenerate_comparator(compare_order, "column", "types", qualifier=dialect)
    plugin.add_autogenerate_comparator(
        compare_enums, "schema", "enum_values", qualifier="postgresql", priority=DispatchPriority.LAST
    )
