"""Plans a repair on SQLite, where most changes to a table mean making it again with its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillhouse_engine.schema.actions import Action, Answer, RepairStep, in_order
from stillhouse_engine.schema.changes import diff
from stillhouse_engine.schema.sqlite.tokens import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stillhouse_engine.schema.actions import Risk
    from stillhouse_engine.schema.changes import Change
    from stillhouse_engine.schema.snapshot import SchemaObject, Snapshot

DROP, DROP_TABLE, CREATE_TABLE, REBUILD, CREATE, CREATE_TRIGGER = range(6)
INSIDE = frozenset({"column", "constraint"})


def plan(changes: Sequence[Change], expected: Snapshot, actual: Snapshot) -> tuple[RepairStep, ...]:
    """Return the steps that undo some changes; the first one sets the session up."""
    steps = in_order(Planner(changes, expected, actual).answers())
    session = ("PRAGMA foreign_keys=OFF", "PRAGMA legacy_alter_table=ON")
    return (RepairStep((), session, transactional=False), *steps) if any(step.sql for step in steps) else steps


class Planner:
    """One repair: the chosen changes, and both snapshots."""

    def __init__(self, changes: Sequence[Change], expected: Snapshot, actual: Snapshot) -> None:
        self.changes = changes
        self.expected = expected
        self.actual = actual
        self.chosen = {(change.kind, change.object) for change in changes}
        self.rebuilt = {table for change in changes if (table := self._rebuilds(change))}

    def answers(self) -> Iterator[tuple[str, Answer]]:
        """Yield what each change needs."""
        for change in self.changes:
            yield change.id, self._answer(change)

    def _rebuilds(self, change: Change) -> str:
        """Return the table that must be made again for a change; nothing when none must."""
        item = self._item(change)
        if item is not None and change.kind in INSIDE:
            return item.parent
        return change.object if change.kind == "table" and change.op == "modified" else ""

    def _item(self, change: Change) -> SchemaObject | None:
        key = (change.kind, change.object)
        return self.expected.by_key.get(key) or self.actual.by_key.get(key)

    def _answer(self, change: Change) -> Answer:
        item = self._item(change)
        if item is None:
            return Answer(reason="it is in neither of the two snapshots")
        table = self._rebuilds(change) or (item.parent if item.parent in self.rebuilt else "")
        if table:
            return self._rebuild(table)
        actions: list[Action] = []
        if change.op != "missing":
            actions += self._drop(item)
        if change.op != "extra":
            actions += self._create(item)
            children = self._children(item) if change.op == "missing" else self._kept_children(item)
            for child in children:
                actions += self._create(child)
        return Answer(tuple(actions))

    def _drop(self, item: SchemaObject) -> Iterator[Action]:
        if item.kind == "table":
            yield Action(DROP_TABLE, 0, f"DROP TABLE {item.text('sql')}", "data_loss")
        else:
            yield Action(DROP, 0, f"DROP {item.kind.upper()} IF EXISTS {item.text('sql')}")

    def _create(self, item: SchemaObject) -> Iterator[Action]:
        phase = {"table": CREATE_TABLE, "trigger": CREATE_TRIGGER}.get(item.kind, CREATE)
        yield Action(phase, 0, item.text("create"), "locks" if item.kind == "index" else "safe")

    def _children(self, item: SchemaObject) -> Iterator[SchemaObject]:
        """Yield the indexes and triggers that belong to a missing table or view."""
        if item.key == self.expected.relations.get(item.name):
            for child in self.expected.by_parent.get(item.name, ()):
                if child.kind not in INSIDE:
                    yield child

    def _kept_children(self, item: SchemaObject) -> Iterator[SchemaObject]:
        """Yield a changed view's own triggers, which go with it."""
        if item.kind == "view":
            for child in self.actual.by_parent.get(item.name, ()):
                if child.key not in self.chosen:
                    yield child

    def _rebuild(self, name: str) -> Answer:
        """Make a table again as expected, with its rows (https://www.sqlite.org/lang_altertable.html#otheralter)."""
        before, after = self.expected.by_key.get(("table", name)), self.actual.by_key.get(("table", name))
        if before is None or after is None:
            return Answer(reason=f"the table {name} is not in both snapshots; make it or drop it as a whole")
        if "virtual" in {before.get("form"), after.get("form")}:
            return Answer(reason="a virtual table keeps its rows in its own way; make it again by hand")
        if also := self._not_chosen(name):
            return Answer(reason=f"the table must be made again, which would also undo: {', '.join(also)}")
        new, old = quoted(f"stillhouse_new_{name}"), after.text("sql")
        columns = ", ".join(self._carried(name))
        statements = [
            f"CREATE TABLE {new} {before.text('body')}",
            f"INSERT INTO {new} ({columns}) SELECT {columns} FROM {old}" if columns else "",
            f"DROP TABLE {old}",
            f"ALTER TABLE {new} RENAME TO {old}",
        ]
        risk = self._risk(name)
        order = sorted(self.rebuilt).index(name) * 10
        actions = [Action(REBUILD, order + place, sql, risk) for place, sql in enumerate(statements) if sql]
        for child in self._kept(name):
            actions += self._create(child)
        return Answer(tuple(actions))

    def _not_chosen(self, name: str) -> list[str]:
        return [
            f"{change.kind} {change.object}"
            for change in diff(self.expected, self.actual)
            if self._rebuilds(change) == name and (change.kind, change.object) not in self.chosen
        ]

    def _carried(self, name: str) -> Iterator[str]:
        """Yield the columns, quoted, whose values move to the new table."""
        new = {
            str(item.get("column")).lower(): item
            for item in self.expected.by_parent.get(name, ())
            if item.kind == "column"
        }
        for item in self.actual.by_parent.get(name, ()):
            there = new.get(str(item.get("column")).lower()) if item.kind == "column" else None
            if there is not None and there.get("generated") is None:
                yield quoted(str(item.get("column")))

    def _risk(self, name: str) -> Risk:
        lost = (
            key
            for key in self.actual.by_key
            if key[0] == "column" and self.actual.by_key[key].parent == name and key not in self.expected.by_key
        )
        return "data_loss" if any(lost) else "locks"

    def _kept(self, name: str) -> Iterator[SchemaObject]:
        """Yield the table's indexes and triggers as they should be afterwards: dropping the table drops them."""
        for item in self.expected.by_parent.get(name, ()):
            if item.kind not in INSIDE and (item.key in self.chosen or item.key in self.actual.by_key):
                yield item if item.key in self.chosen else self.actual.by_key[item.key]
        for item in self.actual.by_parent.get(name, ()):
            if item.kind not in INSIDE and item.key not in self.expected.by_key and item.key not in self.chosen:
                yield item
