"""Owners and privileges as an aspect of snapshots that some have and some do not: compared only where both do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stillhouse_engine.schema.snapshot import Coverage, SchemaObject, Snapshot

ASPECTS = ("owner", "privilege")
"""What a snapshot's coverage calls them."""

PRIVILEGED_KINDS = ("database", "default_privileges", *ASPECTS)
"""All that is compared only with owners and privileges."""

ATTRIBUTES = frozenset({"owner", "privileges"})

ITSELF = "."
"""The name of the database, and of the schema that names are relative to."""


def has_privileges(coverage: Coverage) -> bool:
    """Tell whether a snapshot was taken with owners and privileges."""
    return set(ASPECTS) <= set(coverage.compared)


def without_privileges(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot as it would have been taken without owners and privileges."""
    kept = (_without(item) for item in snapshot.objects if item.kind != "default_privileges" and item.name != ITSELF)
    compared = tuple(
        kind for kind in snapshot.coverage.compared if kind not in {*ASPECTS, "database", "default_privileges"}
    )
    return replace(snapshot, objects=tuple(kept), coverage=replace(snapshot.coverage, compared=compared))


def with_privileges_of(snapshot: Snapshot, other: Snapshot) -> Snapshot:
    """Return a snapshot whose objects have the owners and privileges that another one knows of them."""
    objects = []
    for item in snapshot.objects:
        there = other.by_key.get(item.key)
        known = {name: value for name, value in there.attributes.items() if name in ATTRIBUTES} if there else {}
        objects.append(item._replace(attributes={**item.attributes, **known}))
    return replace(snapshot, objects=tuple(objects))


def _without(item: SchemaObject) -> SchemaObject:
    if not ATTRIBUTES & item.attributes.keys():
        return item
    return item._replace(attributes={name: value for name, value in item.attributes.items() if name not in ATTRIBUTES})
