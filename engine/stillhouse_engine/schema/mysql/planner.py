"""Plans a repair on MySQL and MariaDB: one ALTER TABLE for a table's columns and keys, because they depend on each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stillhouse_engine.schema.actions import RepairStep, worst
from stillhouse_engine.schema.mysql import definitions
from stillhouse_engine.schema.mysql.statements import identifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stillhouse_engine.schema.actions import Risk
    from stillhouse_engine.schema.changes import Change
    from stillhouse_engine.schema.snapshot import SchemaObject, Snapshot

DROP_CODE, DROP_KEYS, DROP_TABLE, CREATE_SEQUENCE, CREATE_TABLE, ALTER, ADD_KEYS, CREATE_ROUTINE, CREATE_CODE = range(9)
FIXED = frozenset({"form"})
BOUND = frozenset({"type", "extra", "collation"})
"""What the servers do not change of a column while a foreign key uses it."""


@dataclass
class Statement:
    """One statement being put together.

    Attributes:
        clauses: its clauses, in order; an ALTER TABLE joins them with commas.
        change_ids: the changes that it answers.
        risks: the risk of each.
    """

    clauses: dict[str, None] = field(default_factory=dict)
    change_ids: dict[str, None] = field(default_factory=dict)
    risks: list[Risk] = field(default_factory=list)


def plan(changes: Sequence[Change], expected: Snapshot, actual: Snapshot) -> tuple[RepairStep, ...]:
    """Return the steps that undo some changes; the first one chooses the database."""
    planner = Planner(expected, actual)
    for change in changes:
        planner.add(change)
    steps = planner.steps()
    if not any(step.sql for step in steps) or not actual.schemas or not actual.schemas[0]:
        return steps
    return (RepairStep((), (f"USE {identifier(actual.schemas[0])}",)), *steps)


class Planner:
    """Gathers what the changes need into statements."""

    def __init__(self, expected: Snapshot, actual: Snapshot) -> None:
        self.expected = expected
        self.actual = actual
        self.statements: dict[tuple[int, int, str], Statement] = {}
        self.refused: list[RepairStep] = []

    def steps(self) -> tuple[RepairStep, ...]:
        """Return the gathered statements in their order."""
        found = []
        for (_, _, start), statement in sorted(self.statements.items()):
            clauses = ", ".join(sorted(statement.clauses, key=_rank))
            sql = f"{start} {clauses}".strip()
            found.append(RepairStep(tuple(statement.change_ids), (sql,), worst(statement.risks)))
        return (*found, *self.refused)

    def add(self, change: Change) -> None:
        """Gather what one change needs."""
        key = (change.kind, change.object)
        before, after = self.expected.by_key.get(key), self.actual.by_key.get(key)
        if change.kind == "table":
            self._table(change, before, after)
        elif change.kind in {"column", "index", "constraint"}:
            self._part(change, before, after)
        else:
            self._code(change, before, after)

    def _put(self, change: Change, place: tuple[int, int, str], clause: str = "", risk: Risk = "safe") -> None:
        statement = self.statements.setdefault(place, Statement())
        if clause:
            statement.clauses[clause] = None
        statement.change_ids[change.id] = None
        statement.risks.append(risk)

    def _alter(
        self, change: Change, item: SchemaObject, clause: str, *, risk: Risk = "locks", phase: int = ALTER
    ) -> None:
        self._put(change, (phase, 0, f"ALTER TABLE {item.text('sql')}"), clause, risk)

    def _table(self, change: Change, before: SchemaObject | None, after: SchemaObject | None) -> None:
        if before is not None and after is not None:
            self._table_attribute(change, before, after)
        elif before is not None:
            self._put(change, (CREATE_TABLE, 0, definitions.table(before, self.expected)))
            for child in self.expected.by_parent.get(before.name, ()):
                if child.get("type") == "foreign key":
                    self._alter(change, child, f"ADD {definitions.constraint(child)}", phase=ADD_KEYS)
                elif child.kind == "trigger":
                    self._put(change, (CREATE_CODE, 0, definitions.code(child)))
        elif after is not None:
            for child in self.actual.by_parent.get(after.name, ()):
                if child.get("type") == "foreign key":
                    self._drop_key(change, child)
            self._put(change, (DROP_TABLE, 0, f"DROP TABLE {after.text('sql')}"), risk="data_loss")

    def _table_attribute(self, change: Change, before: SchemaObject, after: SchemaObject) -> None:
        attribute = change.attribute or ""
        if attribute in {"partition_key", "partitions"}:
            clause = definitions.partitions(before)
            if clause is None:
                self._refuse(change, "subpartitions are not written automatically; partition the table by hand")
                return
            risk: Risk = "data_loss" if clause != "REMOVE PARTITIONING" else "locks"
            self._put(change, (ALTER, 1, f"ALTER TABLE {before.text('sql')} {clause}"), risk=risk)
        elif attribute in FIXED:
            self._refuse(change, "system versioning is not switched automatically; its history would be lost")
        else:
            self._alter(change, before, definitions.table_option(attribute, before, after))
            if attribute == "collation":
                self._all_characters(change, before)

    def _all_characters(self, change: Change, table: SchemaObject) -> None:
        """Say every column's collation again: it does not follow the table's."""
        for item in self.expected.by_parent.get(table.name, ()):
            if (
                item.kind == "column"
                and item.key in self.actual.by_key
                and definitions.CHARACTER.match(item.text("type"))
            ):
                self._alter(change, item, f"MODIFY COLUMN {definitions.column(item, self.expected)}")

    def _part(self, change: Change, before: SchemaObject | None, after: SchemaObject | None) -> None:
        item = before or after
        if item is None:
            self._refuse(change, "it is in neither of the two snapshots")
        elif item.get("type") in {"foreign key", "check"} and item.kind == "constraint":
            self._key(change, before, after)
        elif item.kind == "column":
            self._column(change, before, after)
        elif change.attribute == "ignored":
            words = {"": "NOT IGNORED" if self.actual.dialect == "mariadb" else "VISIBLE"}
            state = words.get(item.text("ignored"), item.text("ignored").upper())
            self._alter(change, item, f"ALTER INDEX {identifier(item.text('index'))} {state}", risk="safe")
        else:
            if after is not None:
                name = "PRIMARY KEY" if item.kind == "constraint" else f"INDEX {identifier(after.text('index'))}"
                self._alter(change, after, f"DROP {name}")
            if before is not None:
                self._alter(change, before, f"ADD {definitions.index(before)}")

    def _column(self, change: Change, before: SchemaObject | None, after: SchemaObject | None) -> None:
        if before is None and after is not None:
            self._alter(change, after, f"DROP COLUMN {identifier(after.text('column'))}", risk="data_loss")
        elif before is not None and after is None:
            self._alter(change, before, f"ADD COLUMN {definitions.column(before, self.expected)}")
        elif before is not None and after is not None:
            risk: Risk = "data_loss" if change.attribute == "type" else "locks"
            if _changes_its_nature(before, after):
                self._alter(change, after, f"DROP COLUMN {identifier(after.text('column'))}", risk="data_loss")
                self._alter(change, before, f"ADD COLUMN {definitions.column(before, self.expected)}")
            else:
                self._alter(change, before, f"MODIFY COLUMN {definitions.column(before, self.expected)}", risk=risk)
                if change.attribute in BOUND:
                    self._free(change, after)

    def _free(self, change: Change, column: SchemaObject) -> None:
        """Take away the foreign keys that hold a column as it is, and bring them back behind it."""
        name, table = identifier(column.text("column")), self.actual.by_key["table", column.parent]
        for key in self.actual.of_kind("constraint"):
            ends = {key.parent, key.text("refers_to")} if key.get("type") == "foreign key" else set()
            if name not in key.text("definition") or ends.isdisjoint({table.name, table.text("bare")}):
                continue
            self._drop_key(change, key)
            if (again := self.expected.by_key.get(key.key)) is not None:
                self._alter(change, again, f"ADD {definitions.constraint(again)}", phase=ADD_KEYS)

    def _key(self, change: Change, before: SchemaObject | None, after: SchemaObject | None) -> None:
        """A foreign key or check: the old one must be gone before one of the same name can come."""
        column_check = any(
            item is not None and definitions.is_column_check(item, schema)
            for item, schema in ((before, self.expected), (after, self.actual))
        )
        if column_check:
            self._column_check(change, before, after)
            return
        if after is not None:
            self._drop_key(change, after)
        if before is not None:
            self._alter(change, before, f"ADD {definitions.constraint(before)}", phase=ADD_KEYS)

    def _column_check(self, change: Change, before: SchemaObject | None, after: SchemaObject | None) -> None:
        item = before or after
        column = self.expected.by_key.get(("column", item.name)) if item is not None else None
        if column is None:
            self._refuse(change, "it goes with its column")
            return
        self._alter(change, column, f"MODIFY COLUMN {definitions.column(column, self.expected)}")

    def _drop_key(self, change: Change, item: SchemaObject) -> None:
        kind = "FOREIGN KEY" if item.get("type") == "foreign key" else "CONSTRAINT"
        self._alter(change, item, f"DROP {kind} {identifier(item.text('constraint'))}", phase=DROP_KEYS)

    def _code(self, change: Change, before: SchemaObject | None, after: SchemaObject | None) -> None:
        if after is not None and before is not None and change.kind == "sequence":
            options = definitions.sequence_options(before)
            self._put(change, (CREATE_SEQUENCE, 0, f"ALTER SEQUENCE {before.text('sql')} {options}"))
            return
        if after is not None and not (change.kind == "view" and before is not None):
            name = identifier(after.text("trigger")) if change.kind == "trigger" else after.text("sql")
            risk: Risk = "data_loss" if change.kind == "sequence" else "safe"
            self._put(change, (DROP_CODE, 0, f"DROP {change.kind.upper()} {name}"), risk=risk)
        if before is not None:
            phase = {"sequence": CREATE_SEQUENCE, "function": CREATE_ROUTINE, "procedure": CREATE_ROUTINE}
            order = _depth(before, self.expected) if change.kind == "view" else 0
            self._put(change, (phase.get(change.kind, CREATE_CODE), order, definitions.code(before)))

    def _refuse(self, change: Change, reason: str) -> None:
        self.refused.append(RepairStep((change.id,), (), reason=reason))


def _changes_its_nature(before: SchemaObject, after: SchemaObject) -> bool:
    """Tell whether one is plain, stored or virtual, and the other is not: MODIFY cannot turn one into the other."""

    def nature(item: SchemaObject) -> tuple[bool, bool]:
        return item.get("generated") is not None, "stored" in item.text("extra")

    return nature(before) != nature(after)


def _rank(clause: str) -> int:
    """Return a clause's place: what goes first, then what changes, then what comes, keys last."""
    verbs = ("DROP PRIMARY", "DROP INDEX", "DROP", "MODIFY", "ADD COLUMN", "ADD")
    return next((place for place, verb in enumerate(verbs) if clause.startswith(verb)), -1)


def _depth(item: SchemaObject, schema: Snapshot) -> int:
    """Return how many views stand below one."""
    text = item.text("definition")
    below = [view for view in schema.of_kind("view") if view.key != item.key and identifier(view.text("bare")) in text]
    return 1 + max((_depth(view, schema) for view in below), default=0)
