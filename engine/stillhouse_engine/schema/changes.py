"""Differences between two snapshots, as plain values with stable ids."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from stillhouse_engine.schema.errors import SnapshotMismatchError
from stillhouse_engine.schema.privileges import has_privileges, without_privileges

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stillhouse_engine.schema.snapshot import SchemaObject, Snapshot, Value

Op: TypeAlias = Literal["extra", "missing", "modified"]
Severity: TypeAlias = Literal["info", "warning", "critical"]

COSMETIC = frozenset(
    {"comment", "options", "statistics", "storage", "compression", "tablespace", "row_format", "cluster"}
)
"""Attributes that change no answer of any query."""

BREAKING = frozenset(
    {"table", "column", "view", "materialized_view", "function", "procedure", "enum", "domain", "sequence"}
)
"""Kinds whose absence breaks the statements of an application."""


@dataclass(frozen=True)
class Change:
    """One difference: what was expected, and what is there.

    Attributes:
        id: the same for the same difference, on every target and at every check.
        op: ``extra`` (there, not expected), ``missing`` (expected, not there), ``modified``.
        kind: the object's kind.
        object: the object's dotted name.
        attribute: what differs; None when the whole object is extra or missing.
        expected: the expected value; a description of the object when it is missing.
        actual: the value found; a description of the object when it is extra.
        severity: how much it matters.
    """

    id: str
    op: Op
    kind: str
    object: str
    attribute: str | None
    expected: Value
    actual: Value
    severity: Severity


def diff(expected: Snapshot, actual: Snapshot) -> tuple[Change, ...]:
    """Compare two snapshots and return their differences, sorted.

    What belongs to an extra or missing table is part of that table's change. Owners and privileges are compared only when
    both snapshots have them.

    Raises:
        SnapshotMismatchError: they are of different dialects, or were normalised by different rules.
    """
    if (expected.dialect, expected.normaliser) != (actual.dialect, actual.normaliser):
        raise SnapshotMismatchError((expected.dialect, expected.normaliser), (actual.dialect, actual.normaliser))
    if has_privileges(expected.coverage) != has_privileges(actual.coverage):
        expected, actual = without_privileges(expected), without_privileges(actual)
    found = [
        *_one_sided("missing", expected, actual),
        *_one_sided("extra", actual, expected),
        *_modified(expected, actual),
    ]
    return tuple(sorted(found, key=lambda change: (change.kind, change.object, change.op, change.attribute or "")))


def drift_id(changes: Iterable[Change]) -> str:
    """Return one id for a set of changes, whatever their order; empty text for no change."""
    ids = sorted(change.id for change in changes)
    return hashlib.sha256("\n".join(ids).encode()).hexdigest()[:16] if ids else ""


def describe(item: SchemaObject) -> str:
    """Say in one line what an object is."""
    if definition := item.text("definition"):
        return definition
    return ", ".join(f"{name}={_plain(value)}" for name, value in sorted(item.attributes.items()))


def _plain(value: Value) -> str:
    return f"({', '.join(value)})" if isinstance(value, tuple) else str(value)


def _one_sided(op: Literal["missing", "extra"], here: Snapshot, there: Snapshot) -> Iterator[Change]:
    for item in here.objects:
        if item.key in there.by_key or _parent_is_one_sided(item, here, there):
            continue
        whole = [
            item.canonical(),
            *(child.canonical() for child in here.by_parent.get(item.name, ()) if not item.parent),
        ]
        text = describe(item)
        expected, actual = (text, None) if op == "missing" else (None, text)
        yield Change(
            _id(op, item, None, whole), op, item.kind, item.name, None, expected, actual, _severity(op, item.kind, None)
        )


def _parent_is_one_sided(item: SchemaObject, here: Snapshot, there: Snapshot) -> bool:
    parent = here.relations.get(item.parent)
    return parent is not None and parent not in there.by_key


def _modified(expected: Snapshot, actual: Snapshot) -> Iterator[Change]:
    for before in expected.objects:
        after = actual.by_key.get(before.key)
        if after is None or before.attributes == after.attributes:
            continue
        for name in sorted({*before.attributes, *after.attributes}):
            old, new = before.attributes.get(name), after.attributes.get(name)
            if old != new:
                identity = _id("modified", before, name, [json.dumps(old), json.dumps(new)])
                severity = _severity("modified", before.kind, name)
                yield Change(identity, "modified", before.kind, before.name, name, old, new, severity)


def _id(op: str, item: SchemaObject, attribute: str | None, content: Iterable[str]) -> str:
    words = [op, item.kind, item.name, attribute or "", *content]
    return hashlib.sha256("\x00".join(words).encode()).hexdigest()[:16]


def _severity(op: Op, kind: str, attribute: str | None) -> Severity:
    if attribute in COSMETIC:
        return "info"
    if op == "missing" and kind in BREAKING:
        return "critical"
    if attribute in {"type", "valid"}:
        return "critical"
    return "warning"
