"""Plans a repair on PostgreSQL: what each change needs, and what must step aside for it and come back."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from stillhouse_engine.schema.actions import Action, Answer, RepairStep, in_order
from stillhouse_engine.schema.postgresql.alter import ALTERATIONS, add_labels
from stillhouse_engine.schema.postgresql.create import comment, create, create_whole, heritage, uses
from stillhouse_engine.schema.postgresql.drop import drop
from stillhouse_engine.schema.postgresql.phases import Phase
from stillhouse_engine.schema.postgresql.statements import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from stillhouse_engine.schema.changes import Change
    from stillhouse_engine.schema.snapshot import Key, SchemaObject, Snapshot

RECREATED_KINDS = frozenset({"constraint", "index", "policy", "rule", "statistics", "trigger"})
CHILDREN = frozenset({"column", "constraint", "policy", "rule", "trigger"})
VIEWS = ("view", "materialized_view")
CODE = frozenset({"aggregate", "function", "procedure"})
PARTS = re.compile(r'"(?:[^"]|"")*"|[^".]+')
ADDED_LABEL = re.compile(r"ALTER TYPE (?:\"(?:[^\"]|\"\")*\"|[^ ])+ ADD VALUE E?('(?:[^'\\]|''|\\.)*')")
REWRITTEN = frozenset({"type", "collation", "generated", "generated_kind"})
HANDED_DOWN = REWRITTEN | {"nullable", None}
"""What happens to a column where it is inherited when it happens where it comes from."""


def plan(changes: Sequence[Change], expected: Snapshot, actual: Snapshot) -> tuple[RepairStep, ...]:
    """Return the steps that undo some changes; the first one sets the session up."""
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
    """One repair: the chosen changes, and both snapshots."""

    def __init__(self, changes: Sequence[Change], expected: Snapshot, actual: Snapshot) -> None:
        self.changes = changes
        self.expected = expected
        self.actual = actual
        self.chosen = {(change.kind, change.object) for change in changes}
        self.gone: dict[Key, str] = {}

    def answers(self) -> Iterator[tuple[str, Answer]]:
        """Yield what each change needs, then what steps aside for all of them."""
        found = [(change, self._answer(change)) for change in self.changes]
        self._close_over_views()
        for change, answer in found:
            yield change.id, self._in_its_place(change, answer)
        yield from self._stepping_aside()

    def _in_its_place(self, change: Change, answer: Answer) -> Answer:
        """Leave out what the dropping and making again of a view does anyway."""
        key = (change.kind, change.object)
        if key in self.gone and change.kind in VIEWS:
            return self._view_aside(self.actual.by_key[key])
        item = self.actual.by_key.get(key)
        parent = self.actual.relations.get(item.parent) if item is not None else None
        if item is None or parent is None or parent not in self.gone:
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
            return Answer(tuple(create_whole(before, self.expected)))
        if change.op == "extra" and after is not None:
            return self._extra(change, after)
        if before is None or after is None:
            return Answer(reason="it is in neither of the two snapshots")
        return self._modified(change, before, after)

    def _inherited(self, change: Change) -> Answer | None:
        """Return what the change of a column is repaired by where it comes from; None when it can be changed where it is."""
        source = self.expected if change.op == "missing" else self.actual
        item = source.by_key.get((change.kind, change.object))
        if item is None or not item.get("inherited") or change.attribute not in HANDED_DOWN:
            return None
        for name in heritage(source.by_key[("table", item.parent)], source):
            above = f"{name}.{item.text('column')}"
            for other in self.changes:
                if (other.kind, other.object, other.op, other.attribute) == (
                    "column",
                    above,
                    change.op,
                    change.attribute,
                ):
                    answer = self._answer(other)
                    self._make_way(change, item, answer)
                    return answer
        if change.attribute == "nullable":
            return None
        return Answer(reason="the column is inherited; repair it where it comes from")

    def _extra(self, change: Change, item: SchemaObject) -> Answer:
        if item.kind in VIEWS:
            self.gone[item.key] = change.id
        elif item.kind in {"table", "column"} | CODE:
            self._set_views_aside(item, change.id)
        elif item.kind == "constraint":
            self._set_foreign_keys_aside(item, change.id)
        if item.kind in VIEWS:
            return Answer(tuple(drop(item, self.actual)))
        return Answer(tuple(drop(item, self.actual, late=True)))

    def _modified(self, change: Change, before: SchemaObject, after: SchemaObject) -> Answer:
        attribute = change.attribute or ""
        if attribute == "comment":
            return Answer(tuple(comment(before)))
        if before.kind == "enum":
            return add_labels(before, after) or self._new_enum(change, before)
        alteration = ALTERATIONS.get(before.kind)
        answer = alteration(attribute, before, after) if alteration else None
        if answer is not None:
            self._make_way(change, after, answer)
            return answer
        return self._again(change, before, after)

    def _again(self, change: Change, before: SchemaObject, after: SchemaObject) -> Answer:
        """Drop an object and make it again."""
        if before.kind in VIEWS:
            self.gone[after.key] = change.id
            return Answer(tuple(drop(after, self.actual)))
        if before.kind in CODE:
            self._set_views_aside(after, change.id)
            self._set_triggers_aside(after, change.id)
        elif before.kind == "constraint":
            self._set_foreign_keys_aside(after, change.id)
        elif before.kind not in RECREATED_KINDS:
            return Answer(reason=f"a {before.kind} that is in use cannot be made again; repair it by hand")
        return Answer((*drop(after, self.actual), *create(before, self.expected)))

    def _make_way(self, change: Change, item: SchemaObject, answer: Answer) -> None:
        phases = {action.phase for action in answer.actions}
        if item.kind == "column" and change.attribute in REWRITTEN:
            self._set_views_aside(item, change.id)
            self._set_column_users_aside(item, change.id, dropped=Phase.DROP_COLUMN in phases)

    def _set_views_aside(self, item: SchemaObject, change_id: str) -> None:
        for view in self.actual.of_kind(*VIEWS):
            if uses(view, item):
                self.gone.setdefault(view.key, change_id)

    def _set_triggers_aside(self, item: SchemaObject, change_id: str) -> None:
        for trigger in self.actual.of_kind("trigger"):
            if uses(trigger, item):
                self.gone.setdefault(trigger.key, change_id)

    def _set_foreign_keys_aside(self, item: SchemaObject, change_id: str) -> None:
        if item.get("type") == "foreign key":
            return
        for other in self.actual.of_kind("constraint"):
            same = other.get("refers_to") == item.get("table") and _numbers(other, "far_columns") == _numbers(
                item, "columns"
            )
            if same and other.key not in self.chosen:
                self.gone.setdefault(other.key, change_id)

    def _set_column_users_aside(self, item: SchemaObject, change_id: str, *, dropped: bool) -> None:
        word = mention(item.text("column"))
        for child in self.actual.by_parent.get(item.parent, ()):
            text = f"{child.text('definition')} {child.text('using')} {child.text('check')}"
            if child.key in self.chosen or not word.search(text):
                continue
            if child.kind in {"policy", "trigger", "rule"} or (
                dropped and child.kind in {"index", "constraint", "statistics"}
            ):
                self.gone.setdefault(child.key, change_id)

    def _stepping_aside(self) -> Iterator[tuple[str, Answer]]:
        """Yield the statements for what must be dropped although it did not change, or comes back changed."""
        for key, change_id in self.gone.items():
            item = self.actual.by_key[key]
            if item.kind in VIEWS:
                yield change_id, self._view_aside(item)
            else:
                wanted = self.wanted(item)
                back = create(wanted, self.expected) if wanted is not None else ()
                yield change_id, Answer((*drop(item, self.actual), *back))

    def _close_over_views(self) -> None:
        waiting = [key for key in self.gone if key[0] in VIEWS]
        while waiting:
            below = self.actual.by_key[waiting.pop()]
            for view in self.actual.of_kind(*VIEWS):
                if view.key not in self.gone and uses(view, below):
                    self.gone[view.key] = self.gone[below.key]
                    waiting.append(view.key)

    def _view_aside(self, item: SchemaObject) -> Answer:
        actions = list(drop(item, self.actual))
        wanted = self.wanted(item)
        if wanted is not None:
            actions += create(wanted, self.expected if item.key in self.chosen else self.actual)
            for child in self.actual.by_parent.get(item.name, ()):
                if child.key not in self.chosen:
                    actions += create(child, self.actual)
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
        for column in self.actual.of_kind("column"):
            if column.get("type") in {name, f"{name}[]"}:
                self._set_views_aside(column, change.id)
                self._set_column_users_aside(column, change.id, dropped=False)
                actions += _moved(column, self.wanted(column) or column)
        return Answer(tuple(actions))

    def _used_beyond_columns(self, name: str) -> bool:
        word = re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w)")
        others: Iterable[SchemaObject] = self.actual.of_kind("domain", "composite", "range", *CODE)
        return any(
            word.search(
                " ".join([item.text("type"), *item.words("attributes"), item.text("arguments"), item.text("result")])
            )
            for item in others
        )


def _beside(name: str, old: str) -> str:
    return ".".join([*PARTS.findall(name)[:-1], old])


def unquoted(name: str) -> str:
    """Return the name that an identifier stands for."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def mention(name: str) -> re.Pattern[str]:
    """Return the pattern of a column's name in the server's own words: in quotes where it needs them."""
    quotes = re.escape(quoted(name))
    return re.compile(rf'(?<![\w"$]){re.escape(name)}(?![\w"$])|(?<!"){quotes}(?!")' if name.isidentifier() else quotes)


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


def _numbers(item: SchemaObject, name: str) -> set[str]:
    return set(item.text(name).split())
