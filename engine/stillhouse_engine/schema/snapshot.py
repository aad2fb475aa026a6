"""Snapshots: plain values of a live schema, so that two schemas can be compared without a database at hand.

A snapshot is a sorted list of objects, each with the attributes that are compared and the hints that are not. Hints are
what the repair needs (quoted names, column positions, dependencies) and what legitimately differs between two databases
with the same schema, such as the order of columns.
"""

from __future__ import annotations

import gc
import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from stillhouse_engine.schema.errors import SnapshotFormatError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NORMALISER = 4
"""The version of the normalising rules. A baseline taken by another version is derived again, never compared."""

Value: TypeAlias = "str | int | bool | tuple[str, ...] | None"
Key: TypeAlias = tuple[str, str]

FORMAT = 1

RELATIONS = ("table", "view", "materialized_view")


class SchemaObject(NamedTuple):
    """One object of a schema.

    Attributes:
        kind: the glossary's word: ``table``, ``column``, ``constraint``…
        name: the dotted name, relative to the snapshot's first schema.
        parent: the name of the table or view that it belongs to; empty when it stands alone.
        attributes: what is compared. An attribute without a value is left out.
        hints: what is not compared.
    """

    kind: str
    name: str
    parent: str
    attributes: Mapping[str, Value]
    hints: Mapping[str, Value]

    @property
    def key(self) -> Key:
        """What identifies the object within its snapshot."""
        return (self.kind, self.name)

    def get(self, name: str) -> Value:
        """Return an attribute, or else a hint, or else None."""
        return self.attributes.get(name, self.hints.get(name))

    def text(self, name: str) -> str:
        """Return an attribute or hint as text; empty when it has no value."""
        value = self.get(name)
        return "" if value is None else str(value)

    def words(self, name: str) -> tuple[str, ...]:
        """Return an attribute or hint that is a list."""
        value = self.get(name)
        return value if isinstance(value, tuple) else ()

    def canonical(self) -> str:
        """Return the compared content as one line of text."""
        return json.dumps(
            [self.kind, self.name, self.parent, self.attributes],
            sort_keys=True,
            ensure_ascii=False,
            separators=(",", ":"),
        )


@dataclass(frozen=True)
class Coverage:
    """What a snapshot looked at.

    Attributes:
        compared: the kinds of objects that were read.
        not_compared: the kinds that were not, each with the reason.
        unreadable: what should have been compared, but could not be read, each with the reason. While there is any, the
            snapshot says nothing about drift.
    """

    compared: tuple[str, ...] = ()
    not_compared: tuple[tuple[str, str], ...] = ()
    unreadable: tuple[tuple[str, str], ...] = ()

    @property
    def complete(self) -> bool:
        """Whether everything that should be compared could be read."""
        return not self.unreadable


@dataclass(frozen=True)
class Snapshot:
    """A normalised value of a live schema.

    Two snapshots are equal when dialect, normaliser and compared content are: the server's version, the schema's own
    name and the hints do not count.
    """

    dialect: str
    objects: tuple[SchemaObject, ...]
    server_version: str = field(default="", compare=False)
    schemas: tuple[str, ...] = field(default=(), compare=False)
    coverage: Coverage = field(default=Coverage(), compare=False)
    normaliser: int = NORMALISER

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Snapshot) and self.fingerprint == other.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    @cached_property
    def fingerprint(self) -> str:
        """The hash of the compared content."""
        digest = hashlib.sha256(f"{self.dialect}\n{self.normaliser}\n".encode())
        for item in self.objects:
            digest.update(item.canonical().encode())
            digest.update(b"\n")
        return digest.hexdigest()

    @cached_property
    def by_key(self) -> Mapping[Key, SchemaObject]:
        """The objects by kind and name."""
        return {item.key: item for item in self.objects}

    @cached_property
    def by_parent(self) -> Mapping[str, tuple[SchemaObject, ...]]:
        """The objects that belong to a table or view, by its name."""
        children: dict[str, list[SchemaObject]] = {}
        for item in self.objects:
            if item.parent:
                children.setdefault(item.parent, []).append(item)
        return {name: tuple(items) for name, items in children.items()}

    @cached_property
    def relations(self) -> Mapping[str, Key]:
        """The keys of the objects that others can belong to, by name."""
        return {item.name: item.key for item in self.of_kind(*RELATIONS)}

    def of_kind(self, *kinds: str) -> tuple[SchemaObject, ...]:
        """Return the objects of some kinds."""
        return tuple(item for item in self.objects if item.kind in kinds)

    def to_json(self) -> str:
        """Return the whole snapshot as deterministic JSON text."""
        content = {
            "format": FORMAT,
            "normaliser": self.normaliser,
            "dialect": self.dialect,
            "server_version": self.server_version,
            "schemas": self.schemas,
            "fingerprint": self.fingerprint,
            "compared": self.coverage.compared,
            "not_compared": self.coverage.not_compared,
            "unreadable": self.coverage.unreadable,
            "objects": self.objects,
        }
        return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Snapshot:
        """Read what :meth:`to_json` wrote.

        Raises:
            SnapshotFormatError: the text is not a snapshot, or its content does not match its own fingerprint.
        """
        try:
            content = json.loads(text)
            snapshot = _from_content(content)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SnapshotFormatError(str(error)) from error
        if snapshot.fingerprint != content["fingerprint"]:
            raise SnapshotFormatError("its content does not match its fingerprint")
        return snapshot


def _from_content(content: Mapping[str, Any]) -> Snapshot:
    if content["format"] != FORMAT:
        raise ValueError(f"format {content['format']} is not {FORMAT}")
    return Snapshot(
        dialect=content["dialect"],
        objects=tuple(
            SchemaObject(kind, name, parent, _values(attributes), _values(hints))
            for kind, name, parent, attributes, hints in content["objects"]
        ),
        server_version=content["server_version"],
        schemas=tuple(content["schemas"]),
        coverage=Coverage(
            tuple(content["compared"]), _reasons(content["not_compared"]), _reasons(content["unreadable"])
        ),
        normaliser=content["normaliser"],
    )


def _reasons(content: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((what, why) for what, why in content)


def _values(content: Mapping[str, Any]) -> Mapping[str, Value]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in content.items()}


def ordered(objects: Iterable[SchemaObject]) -> tuple[SchemaObject, ...]:
    """Make the objects, and put them into the order that snapshots keep.

    Thousands of small values are made, and none is garbage: the collector would only walk over them again and again.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        made = sorted(objects, key=itemgetter(1))
        made.sort(key=itemgetter(0))  # two sorts by texts take less time than one by pairs
        return tuple(made)
    finally:
        if collecting:
            gc.enable()
