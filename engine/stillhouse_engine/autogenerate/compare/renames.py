"""Renames, offered where a drop and an add look like one: they keep the rows, which a drop loses.

A column is taken for the same when type, nullability and place are; a table when its columns, unique constraints and foreign
keys are. It remains a guess, and the rendered code says so.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKeyConstraint, UniqueConstraint

from stillhouse_engine.autogenerate.compare.objects import full_name
from stillhouse_engine.autogenerate.compare.settling import Names, settle
from stillhouse_engine.autogenerate.dispatch import DispatchPriority, PriorityDispatchResult
from stillhouse_engine.operations import ops

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Column, Table

    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.autogenerate.plugins import Plugin

log = logging.getLogger("stillhouse.autogenerate.renames")


def offer_renames(autogen_context: AutogenContext, upgrade_ops: ops.UpgradeOps) -> PriorityDispatchResult:
    """Put renames in the place of drops and adds that look like one, once everything is compared."""
    names = Names()
    rename_tables(autogen_context, upgrade_ops, names)
    for table in tables_of(upgrade_ops):
        rename_columns(autogen_context, table, names)
    settle(upgrade_ops, names)
    return PriorityDispatchResult.CONTINUE


def tables_of(upgrade_ops: ops.UpgradeOps) -> Iterator[ops.ModifyTableOps]:
    """Yield the operations on each table."""
    yield from (each for each in upgrade_ops.ops if isinstance(each, ops.ModifyTableOps))


def rename_columns(autogen_context: AutogenContext, table: ops.ModifyTableOps, names: Names) -> None:
    """Offer to rename columns of a table."""
    added = {place(each.column): each for each in table.ops if isinstance(each, ops.AddColumnOp)}
    dropped = {place(each.to_column()): each for each in table.ops if isinstance(each, ops.DropColumnOp)}
    if len(added) != len(dropped):
        return
    for position in sorted(added.keys() & dropped.keys()):
        old, new = dropped[position].to_column(), added[position].column
        if not same_column(autogen_context, old, new):
            continue
        rename = ops.RenameColumnOp(
            table.table_name,
            old.name,
            schema=table.schema,
            modify_name=new.name,
            existing_type=old.type,
            existing_nullable=old.nullable,
            existing_server_default=old.server_default or False,
            existing_comment=old.comment,
        )
        rename.guessed = True
        names.columns.setdefault((table.schema, table.table_name), {})[old.name] = new.name
        table.ops = [each for each in table.ops if each not in {added[position], dropped[position]}]
        table.ops.insert(0, rename)
        log.info("Column %r of %r looks renamed to %r", old.name, full_name(table.schema, table.table_name), new.name)


def place(column: Column[Any]) -> int:
    """Return a column's place in its table."""
    return [each.name for each in column.table.columns].index(column.name)


def same_column(autogen_context: AutogenContext, old: Column[Any], new: Column[Any]) -> bool:
    """Tell whether two columns look the same, but for the name."""
    impl = autogen_context.migration_context.impl
    return old.nullable == new.nullable and not impl.compare_type(old, new)


def rename_tables(autogen_context: AutogenContext, upgrade_ops: ops.UpgradeOps, names: Names) -> None:
    """Offer to rename tables, where exactly one that goes looks like exactly one that comes."""
    made = [each for each in upgrade_ops.ops if isinstance(each, ops.CreateTableOp)]
    gone = [each for each in upgrade_ops.ops if isinstance(each, ops.DropTableOp)]
    pairs = [
        (new, old)
        for new in made
        for old in gone
        if new.schema == old.schema and same_table(autogen_context, old.to_table(), new.to_table())
    ]
    for new, old in pairs:
        if sum(new in pair or old in pair for pair in pairs) == 1:
            rename = ops.ReversibleRenameTableOp(old.table_name, new.table_name, schema=new.schema)
            rename.guessed = True
            names.tables[old.schema, old.table_name] = new.table_name
            upgrade_ops.ops[upgrade_ops.ops.index(new)] = rename
            upgrade_ops.ops.remove(old)
            log.info("Table %r looks renamed to %r", full_name(old.schema, old.table_name), new.table_name)


def same_table(autogen_context: AutogenContext, old: Table, new: Table) -> bool:
    """Tell whether two tables look the same, but for the name."""
    pairs = list(zip(old.columns, new.columns, strict=False))
    return (
        [column.name for column in old.columns] == [column.name for column in new.columns]
        and all(same_column(autogen_context, *pair) for pair in pairs)
        and outline(old) == outline(new)
    )


def outline(table: Table) -> set[Any]:
    """Return primary key, unique constraints and foreign keys, without names."""
    found: set[Any] = {("primary key", tuple(column.name for column in table.primary_key.columns))}
    for item in table.constraints:
        if isinstance(item, UniqueConstraint):
            found.add(("unique", tuple(column.name for column in item.columns)))
        elif isinstance(item, ForeignKeyConstraint):
            targets = [element.target_fullname.rpartition(".") for element in item.elements]
            itself = {full_name(table.schema, table.name)}
            far = tuple(("" if target in itself else target, name) for target, _, name in targets)
            found.add(("foreign key", tuple(item.column_keys), far))
    return found


def setup(plugin: Plugin) -> None:
    """Register what runs after all comparators."""
    plugin.add_autogenerate_comparator(offer_renames, "autogenerate", "renames", priority=DispatchPriority.LAST)
