"""Plans a repair on PostgreSQL: what each change needs, and what must step aside for it and come back."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from stillhouse_engine.schema.actions import Action, Answer, RepairStep, in_order
from stillhouse_engine.schema.postgresql.alter import ALTERATIONS, add_labels
from stillhouse_engine.schema.postgresql.create import (
    comment,
    create,
    create_whole,
    heritage,
    own_ways,
    table_mark,
)
from stillhouse_engine.schema.postgresql.dependants import (
    CODE,
    PARTS,
    VIEWS,
    mention,
    of_absence,
    of_type,
    text_of,
    users,
)
from stillhouse_engine.schema.postgresql.drop import drop
from stillhouse_engine.schema.postgresql.functions import function_place, function_statement, placeholder
from stillhouse_engine.schema.postgresql.grants import access, ownership
from stillhouse_engine.schema.postgresql.phases import Phase
from stillhouse_engine.schema.postgresql.statements import literal, quoted
from stillhouse_engine.schema.privileges import ATTRIBUTES, has_privileges, with_privileges_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from stillhouse_engine.schema.changes import Change
    from stillhouse_engine.schema.snapshot import Key, SchemaObject, Snapshot

RECREATED_KINDS = frozenset({"column", "constraint", "index", "policy", "rule", "statistics", "trigger"}) | CODE
CHILDREN = frozenset({"column", "constraint", "policy", "rule", "trigger"})
ADDED_LABEL = re.compile(r"ALTER TYPE (?:\"(?:[^\"]|\"\")*\"|[^ ])+ ADD VALUE E?('(?:[^'\\]|''|\\.)*')")
RETYPED = frozenset({"type", "collation"})
REWRITTEN = RETYPED | {"generated", "generated_kind"}
HANDED_DOWN = REWRITTEN | {"nullable", None}
"""What happens to a column where it is inherited when it happens where it comes from."""


def plan(changes: Sequence[Change], expected: Snapshot, actual: Snapshot) -> tuple[RepairStep, ...]:
    """Return the steps that undo some changes; the first one sets the session up."""
    if has_privileges(actual.coverage) and not has_privileges(expected.coverage):
        expected = with_privileges_of(expected, actual)  # what is made again keeps them
    steps = in_order(Planner(changes, with_names(expected), with_names(actual)).answers())
    if not any(step.sql for step in steps):
        return steps
    home = actual.schemas[0].replace('"', '""') if actual.schemas else "public"
    session = (f'SET LOCAL search_path TO "{home}"', "SET LOCAL check_function_bodies TO off")
    early = [step for step in steps if _is_label_used(step, steps)]
    rest = [step for step in steps if step not in early]
    if early:
        outside = RepairStep((), (f'SET search_path TO "{home}"',), transactional=False)
        return (outside, *(replace(step, transactional=False) for step in early), RepairStep((), session), *rest)
    return (RepairStep((), session), *steps)


def _is_label_used(step: RepairStep, steps: Sequence[RepairStep]) -> bool:
    """Tell whether a step adds an enum label that another one uses: PostgreSQL wants it committed before."""
    added = [ADDED_LABEL.match(sql) for sql in step.sql]
    labels = [match[1] for match in added if match is not None]
    others = [sql for other in steps if other is not step for sql in other.sql if not ADDED_LABEL.match(sql)]
    return any(label in sql for label in labels for sql in others)


def with_names(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot whose columns, constraints, triggers, rules and policies know how SQL names them and their table.

    The names are not read from the server: there are many of them, and they are rarely needed.
    """
    objects = []
    for item in snapshot.objects:
        relation = snapshot.relations.get(item.parent)
        if item.kind in CHILDREN and relation is not None:
            bare = item.name[len(item.parent) + 1 :]
            table = snapshot.by_key[relation].text("sql")
            names = {"column": bare, "sql": quoted(bare), "table": table}
            objects.append(item._replace(hints={**item.hints, **names}))
        else:
            objects.append(item)
    return replace(snapshot, objects=tuple(objects))


class Planner:
    """One repair: the chosen changes, and both snapshots.

    Attributes:
        gone: what is not there for a while (or for good), because the server refuses other changes otherwise; each
            with the change that it is for.
        follows: the changes that come by themselves, each with the one above it in the inheritance.
    """

    def __init__(self, changes: Sequence[Change], expected: Snapshot, actual: Snapshot) -> None:
        self.changes = changes
        self.expected = expected
        self.actual = actual
        self.chosen = {(change.kind, change.object) for change in changes}
        self.retyped = {(change.kind, change.object) for change in changes if change.attribute in RETYPED}
        self.gone: dict[Key, str] = {}
        self.follows: dict[str, Change] = {}

    def answers(self) -> Iterator[tuple[str, Answer]]:
        """Yield what each change needs, then what steps aside for all of them."""
        found = [(change, self._answer(change)) for change in self.changes]
        for change, answer in found:
            yield change.id, self._in_its_place(self.follows.get(change.id, change), answer)
        for key, change_id in self.gone.items():
            yield change_id, self._aside(self.actual.by_key[key])

    def _in_its_place(self, change: Change, answer: Answer) -> Answer:
        """Leave out what dropping and making again does anyway."""
        key = (change.kind, change.object)
        item = self.actual.by_key.get(key)
        if item is None or (answer.reason is not None and not answer.actions):
            return answer
        if key in self.gone and change.kind not in CODE:
            return self._aside(item)
        parent = self.actual.relations.get(item.parent)
        if parent is None or parent not in self.gone:
            return answer
        wanted = self.wanted(item)
        if wanted is None:
            return Answer(tuple(drop(self.actual.by_key[parent], self.actual)))
        return Answer(tuple(create(wanted, self.expected)))

    def wanted(self, item: SchemaObject) -> SchemaObject | None:
        """Return how an object should be afterwards; None when it should be gone."""
        if item.key in self.chosen:
            return self.expected.by_key.get(item.key)
        parent = self.actual.relations.get(item.parent) or self.expected.relations.get(item.parent)
        if parent in self.chosen and parent not in self.expected.by_key:
            return None
        return item

    def _answer(self, change: Change) -> Answer:
        key = (change.kind, change.object)
        before, after = self.expected.by_key.get(key), self.actual.by_key.get(key)
        if change.kind == "column" and (inherited := self._inherited(change)) is not None:
            return inherited
        if change.op == "missing" and before is not None:
            return Answer((*create_whole(before, self.expected), *self._own_ways(before)))
        if change.op == "extra" and after is not None:
            return self._extra(change, after)
        if before is None or after is None:
            return Answer(reason="it is in neither of the two snapshots")
        return self._modified(change, before, after)

    def _own_ways(self, item: SchemaObject) -> Iterator[Action]:
        """Return what sets the columns of a missing table apart from those that it inherits when it is made."""
        if item.kind == "table":
            for child in self.expected.by_parent.get(item.name, ()):
                if child.kind == "column" and child.get("inherited"):
                    yield from own_ways(child, item, self.actual)

    def _inherited(self, change: Change) -> Answer | None:
        """Return what the change of a column is repaired by where it comes from; None when it can be changed where it is."""
        source = self.expected if change.op == "missing" else self.actual
        item = source.by_key.get((change.kind, change.object))
        if item is None or change.attribute not in HANDED_DOWN:
            return None
        if not item.get("inherited") and change.attribute not in RETYPED:
            return None
        for name in heritage(source.by_key[("table", item.parent)], source):
            above = ("column", f"{name}.{item.text('column')}", change.op, change.attribute)
            for other in self.changes:
                if (other.kind, other.object, other.op, other.attribute) == above:
                    answer = self._answer(other)
                    self.follows[change.id] = self.follows.get(other.id, other)
                    if change.attribute in RETYPED:
                        self._make_way(change, item)
                    elif change.attribute in REWRITTEN and (*above[:1], above[1]) in self.gone:
                        self._set_aside(item, change.id)
                    return answer
        if change.attribute == "nullable" or not item.get("inherited"):
            return None
        return Answer(reason="the column is inherited; repair it where it comes from")

    def _extra(self, change: Change, item: SchemaObject) -> Answer:
        if item.kind in VIEWS:
            self._set_aside(item, change.id)
        elif item.kind in {"table", "column", "constraint"} | CODE:
            for other in of_absence(item, self.actual):
                if other.kind in {*VIEWS, *CODE} or (item.kind == "constraint" and other.key not in self.chosen):
                    self._set_aside(other, change.id)
        return Answer(tuple(drop(item, self.actual, late=item.kind not in VIEWS)))

    def _modified(self, change: Change, before: SchemaObject, after: SchemaObject) -> Answer:
        attribute = change.attribute or ""
        if attribute == "comment":
            return Answer(tuple(comment(before)))
        if attribute in ATTRIBUTES:
            there = before._replace(hints=after.hints)  # the schema itself may have another name
            return ownership(there) if attribute == "owner" else access(there, after)
        if before.kind == "enum":
            return add_labels(before, after) or self._new_enum(change, before)
        if change.kind == "column" and attribute in RETYPED and (reason := self._obstacle(after)):
            return Answer(reason=reason)
        alteration = ALTERATIONS.get(before.kind)
        answer = alteration(attribute, before, after) if alteration else None
        if answer is None:
            return self._again(change, before, after)
        if change.kind == "column" and attribute in RETYPED:
            self._make_way(change, after)
        return answer

    def _again(self, change: Change, before: SchemaObject, after: SchemaObject) -> Answer:
        """Drop an object and make it again."""
        if before.kind not in {*RECREATED_KINDS, *VIEWS}:
            return Answer(reason=f"a {before.kind} that is in use cannot be made again; repair it by hand")
        if before.kind in CODE:
            for other in of_absence(after, self.actual):
                self._set_aside(other, change.id)
            return Answer((*drop(after, self.actual), *create(before, self.expected)))
        self._set_aside(after, change.id)
        return Answer()

    def _obstacle(self, column: SchemaObject) -> str | None:
        """Return why the server would never give a column another type, and what to do; None when it can."""
        table = self.actual.by_key[("table", column.parent)]
        if mention(column.text("column")).search(table.text("partition_key")):
            return "the column is in its table's partition key; make the table again by hand, and move its rows"
        rows = {table.text("sql"), f"{table.text('sql')}[]"}
        users_of_row = sorted(other.name for other in self.actual.of_kind("column") if other.text("type") in rows)
        if users_of_row:
            return f"{', '.join(users_of_row)} holds rows of its table; give that another type by hand first"
        return None

    def _make_way(self, change: Change, column: SchemaObject) -> None:
        """Set aside what the server wants gone while a column gets another type."""
        for other in of_type(column, self.retyped, self.actual):
            if not self._loses_expression(other):
                self._set_aside(other, change.id)

    def _loses_expression(self, item: SchemaObject) -> bool:
        """Tell whether a generated column keeps its values and becomes a plain one."""
        wanted = self.wanted(item)
        return item.get("generated_kind") == "stored" and wanted is not None and wanted.get("generated") is None

    def _set_aside(self, item: SchemaObject, change_id: str) -> None:
        """Note that an object has to go, and with it what the server would not leave without it."""
        if item.key in self.gone:
            return
        self.gone[item.key] = change_id
        if item.kind not in CODE:
            for other in of_absence(item, self.actual):
                self._set_aside(other, change_id)

    def _aside(self, item: SchemaObject) -> Answer:
        """Return what takes an object away, and makes it again as it should be."""
        wanted = self.wanted(item)
        schema = self.expected if item.key in self.chosen else self.actual
        if item.kind in CODE:
            again = Action(*function_place(item, self.actual), function_statement(item))
            return Answer((placeholder(item), *(() if item.key in self.chosen else (again,))))
        if item.get("inherited"):
            return Answer()
        actions = list(drop(item, self.actual))
        if item.kind == "column" and item.get("generated"):
            actions = [replace(action, risk="locks") for action in actions]
        if wanted is None:
            return Answer(tuple(actions))
        actions += create(wanted, schema)
        if item.kind in VIEWS:
            for child in self.actual.by_parent.get(item.name, ()):
                if child.key not in self.chosen:
                    actions += create(child, self.actual)
        elif (table := self.actual.by_key.get(("table", item.parent))) is not None:
            actions += table_mark(wanted, self.wanted(table) or table)
        return Answer(tuple(actions))

    def _new_enum(self, change: Change, before: SchemaObject) -> Answer:
        """Make an enum again, because labels cannot be taken away: a new type, and every column moved to it."""
        name = before.text("sql")
        if self._used_beyond_columns(name):
            return Answer(reason="functions, domains or other types use the enum; take the extra labels away by hand")
        old = quoted(f"{unquoted(PARTS.findall(name)[-1])}_stillhouse_old")
        labels = ", ".join(map(literal, before.words("labels")))
        actions = [
            Action(Phase.ALTER_COLUMN, 10, f"ALTER TYPE {name} RENAME TO {old}"),
            Action(Phase.ALTER_COLUMN, 11, f"CREATE TYPE {name} AS ENUM ({labels})"),
            Action(Phase.ALTER_COLUMN, 14, f"DROP TYPE {_beside(name, old)}", "data_loss"),
        ]
        for other in users(before, self.actual):
            self._set_aside(other, change.id)
        word = _type_word(name)
        for column in self.actual.of_kind("column"):
            if column.get("type") in {name, f"{name}[]"}:
                self._make_way(change, column)
                actions += _moved(column, self.wanted(column) or column)
                for child in self.actual.by_parent.get(column.parent, ()):
                    if word.search(text_of(child)):
                        self._set_aside(child, change.id)
        return Answer(tuple(actions))

    def _used_beyond_columns(self, name: str) -> bool:
        word = _type_word(name)
        others: Iterable[SchemaObject] = self.actual.of_kind("domain", "composite", "range", *CODE)
        return any(
            word.search(
                " ".join([item.text("type"), *item.words("attributes"), item.text("arguments"), item.text("result")])
            )
            for item in others
        )


def _type_word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w)")


def _beside(name: str, old: str) -> str:
    return ".".join([*PARTS.findall(name)[:-1], old])


def unquoted(name: str) -> str:
    """Return the name that an identifier stands for."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _moved(column: SchemaObject, wanted: SchemaObject) -> Iterator[Action]:
    start = f"ALTER TABLE {column.text('table')} ALTER COLUMN {column.text('sql')}"
    alone = f"ALTER TABLE ONLY {column.text('table')} ALTER COLUMN {column.text('sql')}"
    array = "[]" if column.text("type").endswith("[]") else ""
    using = f"{column.text('sql')}::text{array}::{column.text('type')}"
    if column.get("default") is not None:
        yield Action(Phase.ALTER_COLUMN, 9, f"{alone} DROP DEFAULT")
    if not column.get("inherited"):
        yield Action(Phase.ALTER_COLUMN, 12, f"{start} TYPE {column.text('type')} USING {using}", "locks")
    if wanted.get("default") is not None:
        yield Action(Phase.ALTER_COLUMN, 13, f"{alone} SET DEFAULT {wanted.text('default')}")
