"""Reads a PostgreSQL schema into a snapshot: one setting, one statement."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from stillhouse_engine.schema.errors import UnsupportedDialectError
from stillhouse_engine.schema.postgresql.branches_more import VIEW
from stillhouse_engine.schema.postgresql.fingerprints import fingerprint_statement
from stillhouse_engine.schema.postgresql.normalise import normalised
from stillhouse_engine.schema.postgresql.statements import BRANCHES, snapshot_statement
from stillhouse_engine.schema.snapshot import Coverage, SchemaObject, Snapshot, ordered

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from stillhouse_engine.schema.postgresql.branches import Branch
    from stillhouse_engine.schema.snapshot import Value

OLDEST = (14,)

COMPARED = (
    "aggregate", "column", "composite", "constraint", "domain", "enum", "extension", "function", "index",
    "materialized_view", "policy", "procedure", "range", "rule", "schema", "sequence", "statistics", "table", "trigger", "view",
)  # fmt: skip

NOT_COMPARED = (
    ("cast", "not read"),
    ("collation", "not read"),
    ("column order", "differs between databases with different histories"),
    ("event trigger", "belongs to the database, not to a schema"),
    ("extension version", "differs between servers"),
    ("foreign server", "belongs to the database, not to a schema"),
    ("grant", "not read"),
    ("operator", "not read"),
    ("owner", "not read"),
    ("publication", "belongs to the database, not to a schema"),
    ("sequence value", "is data"),
    ("text search", "not read"),
)


def read(connection: Connection, schemas: Sequence[str] | None, exclude_tables: Collection[str]) -> Snapshot:
    """Take a snapshot of some schemas; of all but the system's when none are named."""
    version = connection.dialect.server_version_info or OLDEST
    if version < OLDEST:
        raise UnsupportedDialectError(f"PostgreSQL {'.'.join(map(str, version))}")
    _interpret(connection)
    home, unreadable, content, _ = connection.exec_driver_sql(snapshot_statement(schemas, exclude_tables)).one()
    denied = tuple((f"schema {name}", "no USAGE privilege") for name in sorted(json.loads(unreadable or "[]")))
    return Snapshot(
        dialect="postgresql",
        objects=ordered(_objects(content or "[]")),
        server_version=".".join(map(str, version)),
        schemas=tuple(schemas) if schemas else (home,),
        coverage=Coverage(COMPARED, NOT_COMPARED, denied),
    )


def take_fingerprint(
    connection: Connection, schemas: Sequence[str] | None, exclude_tables: Collection[str]
) -> Mapping[str, str]:
    """Return the server's hash of each schema."""
    rows = connection.exec_driver_sql(fingerprint_statement(schemas, exclude_tables))
    return {row[0]: row[1] for row in rows}


def _interpret(connection: Connection) -> None:
    """Keep the server from compiling what follows in this transaction, which takes a hundred times longer than running it."""
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("SET LOCAL jit = off")


_FIXED = 3
"""How many values come before a row's attributes: the branch's number, name, parent; then the kind, if there are several."""


class _Shape:
    """How the rows of a branch are laid out."""

    __slots__ = ("common", "hints", "kind", "lists", "rare", "split", "start", "views")

    def __init__(self, branch: Branch) -> None:
        self.common = tuple(branch.common)
        self.hints = tuple(branch.hints)
        self.rare = tuple(branch.rare)
        self.kind = branch.only_kind
        self.start = _FIXED + (self.kind is None)
        self.split = self.start + len(self.common)
        self.lists = any("json_" in sql for sql in (*branch.attributes.values(), *branch.hints.values()))
        self.views = branch.kind == VIEW.kind


_SHAPES = [_Shape(branch) for branch in BRANCHES]


def _objects(content: str) -> Iterator[SchemaObject]:
    """Turn rows into objects. Most are columns, and most columns are like many others: equal ones share their attributes."""
    rows: list[list[Any]] = json.loads(content)
    alike: dict[tuple[Any, ...], Mapping[str, Value]] = {}
    places: dict[tuple[Any, ...], Mapping[str, Value]] = {}
    for row in rows:
        shape = _SHAPES[row[0]]
        if not shape.rare:
            yield _object(shape, row)
            continue
        key, place = tuple(row[shape.start : shape.split]), tuple(row[shape.split : -1])
        if (attributes := alike.get(key)) is None:
            attributes = alike[key] = _present(shape.common, key)
        if row[-1] is not None:
            attributes = {**attributes, **_present(shape.rare, row[-1])}
        if (hints := places.get(place)) is None:
            hints = places[place] = _present(shape.hints, place)
        yield SchemaObject(shape.kind or row[_FIXED], row[1], row[2], attributes, hints)


def _object(shape: _Shape, row: list[Any]) -> SchemaObject:
    if shape.lists:
        row = [tuple(value) if isinstance(value, list) else value for value in row]
    attributes = _present(shape.common, row[shape.start : shape.split])
    item = SchemaObject(
        shape.kind or row[_FIXED], row[1], row[2], attributes, _present(shape.hints, row[shape.split :])
    )
    return normalised(item) if shape.views else item


def _present(names: Sequence[str], values: Sequence[Any]) -> dict[str, Value]:
    return {name: value for name, value in zip(names, values, strict=True) if value is not None}
