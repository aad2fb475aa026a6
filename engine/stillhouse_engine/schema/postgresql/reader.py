"""Reads a PostgreSQL schema into a snapshot, in one statement."""

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
    from collections.abc import Collection, Mapping, Sequence

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
    ("grant", "off by default"),
    ("operator", "not read"),
    ("owner", "off by default"),
    ("publication", "belongs to the database, not to a schema"),
    ("sequence value", "is data"),
    ("text search", "not read"),
)


def read(connection: Connection, schemas: Sequence[str] | None, exclude_tables: Collection[str]) -> Snapshot:
    """Take a snapshot of some schemas; of all but the system's when none are named."""
    version = connection.dialect.server_version_info or OLDEST
    if version < OLDEST:
        raise UnsupportedDialectError(f"PostgreSQL {'.'.join(map(str, version))}")
    home, unreadable, content, _ = connection.exec_driver_sql(snapshot_statement(schemas, exclude_tables)).one()
    denied = tuple((f"schema {name}", "no USAGE privilege") for name in sorted(json.loads(unreadable or "[]")))
    return Snapshot(
        dialect="postgresql",
        objects=ordered(_object(row) for row in json.loads(content or "[]")),
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


_FIXED = 4
"""How many values come before a row's attributes: the branch's number, kind, name, parent."""


class _Shape:
    """How the rows of a branch are laid out."""

    __slots__ = ("common", "hints", "lists", "rare", "split", "views")

    def __init__(self, branch: Branch) -> None:
        self.common = tuple(branch.common)
        self.hints = tuple(branch.hints)
        self.rare = tuple(branch.rare)
        self.split = _FIXED + len(self.common)
        self.lists = any("json_" in sql for sql in (*branch.attributes.values(), *branch.hints.values()))
        self.views = branch.kind == VIEW.kind


_SHAPES = [_Shape(branch) for branch in BRANCHES]


def _object(row: list[Any]) -> SchemaObject:
    """Turn a row into an object. There are many rows: most columns and constraints take the shortest way."""
    shape = _SHAPES[row[0]]
    if shape.lists:
        row = [tuple(value) if isinstance(value, list) else value for value in row]
    split = shape.split
    attributes: dict[str, Value] = {
        key: value for key, value in zip(shape.common, row[_FIXED:split], strict=True) if value is not None
    }
    if shape.rare and (rare := row[-1]) is not None:
        attributes.update((key, value) for key, value in zip(shape.rare, rare, strict=True) if value is not None)
    hints: dict[str, Value] = {
        key: value for key, value in zip(shape.hints, row[split:], strict=False) if value is not None
    }
    item = SchemaObject(row[1], row[2], row[3], attributes, hints)
    return normalised(item) if shape.views else item
