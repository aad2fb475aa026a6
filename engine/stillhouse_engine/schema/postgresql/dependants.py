"""What hangs on an object in the server's eyes: it refuses to change the one while the other is there.

Views, rules and policies say what they use. Functions with a standard body, and what belongs to the same table, are found by
their text, which mentions it: to make something again that did not have to be is a waste, to miss something a failed repair.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stillhouse_engine.schema.postgresql.statements import quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from stillhouse_engine.schema.snapshot import Key, SchemaObject, Snapshot

VIEWS = ("view", "materialized_view")
CODE = frozenset({"aggregate", "function", "procedure"})
SAYS_WHAT_IT_USES = (*VIEWS, "function", "policy", "procedure", "rule", "trigger")
PARTS = re.compile(r'"(?:[^"]|"")*"|[^".]+')
NAME = re.compile(r'(?:"(?:[^"]|"")*"|[^".( ]+)(?:\.(?:"(?:[^"]|"")*"|[^".( ]+))*')
"""A name with that of its schema, if it stands there."""
WATCHES = frozenset({"policy", "rule", "trigger"})
KEEPS_VALUES = frozenset({"constraint", "index", "statistics"})


def has_standard_body(item: SchemaObject) -> bool:
    """Tell whether a function's body is parsed when it is made, so that the server knows what it uses."""
    return item.text("language") == "sql" and item.text("body").startswith(("BEGIN ATOMIC", "RETURN"))


def uses(item: SchemaObject, other: SchemaObject) -> bool:
    """Tell whether one object needs another one."""
    name = other.text("sql")
    if item.kind in CODE:
        return has_standard_body(item) and all(word.search(item.text("body")) for word in _words(other))
    if other.kind in CODE:
        return f"function {name}" in item.words("uses")
    if other.kind == "enum":
        return bool({f"type {name}", f"type {name}[]"} & set(item.words("uses")))
    if other.kind == "column":
        return f"relation {other.text('table')}.{other.text('column')}" in item.words("uses")
    return any(word == f"relation {name}" or word.startswith(f"relation {name}.") for word in item.words("uses"))


def users(item: SchemaObject, schema: Snapshot) -> Iterator[SchemaObject]:
    """Return what says that it uses an object."""
    return (other for other in schema.of_kind(*SAYS_WHAT_IT_USES) if other.key != item.key and uses(other, item))


def view_depth(item: SchemaObject, schema: Snapshot) -> int:
    """Return how many views stand below one, or below a function."""
    below = [view for view in schema.of_kind(*VIEWS) if view.key != item.key and uses(item, view)]
    return 1 + max((view_depth(view, schema) for view in below), default=0)


def of_type(column: SchemaObject, retyped: Collection[Key], schema: Snapshot) -> Iterator[SchemaObject]:
    """Return what must be gone while a column gets another type.

    Indexes and constraints follow by themselves, but not when several of their columns change: between two of the
    statements an expression has no meaning.

    Args:
        column: the column.
        retyped: the columns that get another type in the same repair.
        schema: the snapshot that they are in.
    """
    yield from users(column, schema)
    others = [mention(schema.by_key[key].text("column")) for key in retyped if _is_beside(key, column, schema)]
    for child in mentioning(column, schema):
        together = child.kind in KEEPS_VALUES and any(other.search(text_of(child)) for other in others)
        if (
            child.kind in WATCHES
            or child.get("generated")
            or (together and child.get("type") not in {"unique", "primary key"})
        ):
            yield child
    for key in schema.of_kind("constraint"):
        if key.get("type") == "foreign key" and _both_ends(key, column, retyped, schema):
            yield key


def of_absence(item: SchemaObject, schema: Snapshot) -> Iterator[SchemaObject]:
    """Return what must be gone while an object is."""
    if item.kind == "column":
        yield from users(item, schema)
        yield from mentioning(item, schema)
    elif item.kind == "constraint" and item.get("type") != "foreign key":
        yield from _keys_to(item, schema)
    elif item.kind in {*VIEWS, "table"} | CODE:
        yield from users(item, schema)


def mentioning(column: SchemaObject, schema: Snapshot) -> Iterator[SchemaObject]:
    """Return what belongs to a column's table and speaks of the column."""
    word = mention(column.text("column"))
    for child in schema.by_parent.get(column.parent, ()):
        if child.key != column.key and word.search(text_of(child)):
            yield child


def text_of(item: SchemaObject) -> str:
    """Return the words of an object in which columns, functions and types are named."""
    return " ".join(filter(None, map(item.text, ("definition", "using", "check", "generated"))))


def mention(name: str) -> re.Pattern[str]:
    """Return the pattern of a name in the server's own words: in quotes where it needs them."""
    quotes = re.escape(quoted(name))
    return re.compile(rf'(?<![\w"$]){re.escape(name)}(?![\w"$])|(?<!"){quotes}(?!")' if name.isidentifier() else quotes)


def _words(item: SchemaObject) -> Iterator[re.Pattern[str]]:
    """Return the patterns of all the names without which nobody speaks of an object."""
    names = ("table", "sql") if item.kind == "column" else ("sql",)
    for name in names:
        match = NAME.match(item.text(name))
        last = PARTS.findall(match[0])[-1] if match else item.text(name)
        yield mention(last[1:-1].replace('""', '"') if last.startswith('"') else last)


def _is_beside(key: Key, column: SchemaObject, schema: Snapshot) -> bool:
    other = schema.by_key.get(key)
    return other is not None and other.parent == column.parent and key != column.key


def _keys_to(item: SchemaObject, schema: Snapshot) -> Iterator[SchemaObject]:
    for other in schema.of_kind("constraint"):
        if other.get("refers_to") == item.get("table") and _numbers(other, "far_columns") == _numbers(item, "columns"):
            yield other


def _both_ends(key: SchemaObject, column: SchemaObject, retyped: Collection[Key], schema: Snapshot) -> bool:
    """Tell whether a foreign key joins a column to one that gets another type, too."""
    positions = {
        (schema.by_key[each].text("table"), schema.by_key[each].text("position"))
        for each in retyped
        if each in schema.by_key
    }
    near, far = key.text("columns").split(), key.text("far_columns").split()
    here = (column.text("table"), column.text("position"))
    for one, other in zip(near, far, strict=True):
        ends = [(key.text("table"), one), (key.text("refers_to"), other)]
        if here in ends and all(end in positions for end in ends):
            return True
    return False


def _numbers(item: SchemaObject, name: str) -> set[str]:
    return set(item.text(name).split())
