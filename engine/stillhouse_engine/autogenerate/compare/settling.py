"""What a rename brings with it: indexes and constraints that follow by themselves need no drop and no add."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, ForeignKeyConstraint

from stillhouse_engine.operations import ops

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Index

    Key = tuple[str | None, str]

KEY = "primary_key"
"""Noun of the operation that replaces a primary key in one statement."""
DROPS = (ops.DropIndexOp, ops.DropConstraintOp)


@dataclass
class Names:
    """The new names.

    Attributes:
        tables: new names of tables by schema and old name.
        columns: new names of columns by old ones, by the schema and the new name of their table.
    """

    tables: dict[Key, str] = field(default_factory=dict)
    columns: dict[Key, dict[str, str]] = field(default_factory=dict)

    def table(self, schema: str | None, name: str) -> str:
        """Return the name that a table has from now on."""
        return self.tables.get((schema, name), name)

    def column(self, schema: str | None, table: str, name: str) -> str:
        """Return the name that a column has from now on."""
        return self.columns.get((schema, self.table(schema, table)), {}).get(name, name)


def settle(upgrade_ops: ops.UpgradeOps, names: Names) -> None:
    """Take away drops and adds that a rename made the same, and put what remains into its order around the renames."""
    if not names.tables and not names.columns:
        return
    tables = [each for each in upgrade_ops.ops if isinstance(each, ops.ModifyTableOps)]
    for table in tables:
        new = names.table(table.schema, table.table_name)
        if new != table.table_name:
            table.table_name = new
            for each in table.ops:
                each.table_name = new  # type: ignore[attr-defined]
    for table in tables:
        mates = [each for each in tables if (each.schema, each.table_name) == (table.schema, table.table_name)]
        drop_pairs(table, mates, names)
        table.ops = [each for each in table.ops if not is_same_key(each, table, names)]
        table.ops.sort(
            key=lambda each: 0 if isinstance(each, DROPS) else 1 if isinstance(each, ops.RenameColumnOp) else 2
        )
    upgrade_ops.ops = [each for each in upgrade_ops.ops if not isinstance(each, ops.ModifyTableOps) or each.ops]


def drop_pairs(table: ops.ModifyTableOps, mates: Iterable[ops.ModifyTableOps], names: Names) -> None:
    """Take away a table's drops together with the adds that make the same again."""
    for drop in [each for each in table.ops if isinstance(each, DROPS)]:
        before = facts(drop, names)
        for mate in mates:
            adds = [each for each in mate.ops if not isinstance(each, DROPS) and name_of(each) in {None, name_of(drop)}]
            add = next((each for each in adds if before is not None and before == facts(each, Names())), None)
            if add is not None:
                mate.ops.remove(add)
                table.ops.remove(drop)
                break


def is_same_key(operation: Any, table: ops.ModifyTableOps, names: Names) -> bool:
    """Tell whether a primary key is replaced by that of the same columns under their new names."""
    if not isinstance(operation, ops.SchemaObjectOp) or operation.noun != KEY:
        return False
    renamed = [names.column(table.schema, table.table_name, column) for column in operation.before]
    return bool(renamed == operation.after)


def name_of(operation: Any) -> str | None:
    """Return the name of an index or constraint, None where the database will choose one."""
    name = getattr(operation, "index_name", None) or getattr(operation, "constraint_name", None)
    return str(name) if name is not None else None


def facts(operation: Any, names: Names) -> Any:
    """Return what an index or a constraint is, in the new names; None where that cannot be told."""
    if isinstance(operation, ops.CreateIndexOp | ops.DropIndexOp):
        return index_facts(operation.to_index(), names)
    if isinstance(operation, ops.CreateUniqueConstraintOp | ops.CreatePrimaryKeyOp | ops.CreateForeignKeyOp):
        return constraint_facts(operation.to_constraint(), names)
    if isinstance(operation, ops.DropConstraintOp) and operation.constraint_type in {"unique", "primary", "foreignkey"}:
        return constraint_facts(operation.to_constraint(), names)
    return None


def index_facts(index: Index, names: Names) -> Any:
    """Return what an index over plain columns is."""
    if index.table is None or not all(isinstance(element, Column) for element in index.expressions):
        return None
    place = (index.table.schema, index.table.name)
    columns = tuple(names.column(*place, column.name) for column in index.columns)
    return ("index", place[0], names.table(*place), columns, bool(index.unique), sorted(index.kwargs.items(), key=str))


def constraint_facts(item: Any, names: Names) -> Any:
    """Return what a unique constraint, primary key or foreign key is."""
    place = (item.table.schema, item.table.name)
    columns = tuple(names.column(*place, name) for name in item.columns.keys())  # noqa: SIM118 - a collection of columns
    if not isinstance(item, ForeignKeyConstraint):
        return (item.__visit_name__, place[0], names.table(*place), columns, item.deferrable, item.initially)
    far = []
    for element in item.elements:
        table, _, column = element.target_fullname.rpartition(".")
        schema, _, bare = table.rpartition(".")
        target = (schema or None, bare)
        far.append((target[0], names.table(*target), names.column(*target, column)))
    rules = tuple((rule or "").upper().replace("NO ACTION", "") for rule in (item.onupdate, item.ondelete))
    return ("foreign key", place[0], names.table(*place), columns, tuple(far), rules, item.deferrable, item.initially)
