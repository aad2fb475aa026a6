"""Reads a MySQL or MariaDB schema into a snapshot: in one statement, and few more where there are sequences or spoiled texts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

from stillhouse_engine.schema.mysql.branches import BRANCHES
from stillhouse_engine.schema.mysql.expressions import with_expressions
from stillhouse_engine.schema.mysql.normalise import normalised
from stillhouse_engine.schema.mysql.originals import with_originals
from stillhouse_engine.schema.mysql.privileges import ALL, SHOWN_BY, TABLES_SHOWN_BY, held
from stillhouse_engine.schema.mysql.statements import (
    fingerprint_statement,
    identifier,
    sequences_statement,
    snapshot_statement,
)
from stillhouse_engine.schema.snapshot import Coverage, SchemaObject, Snapshot, ordered

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection

    from stillhouse_engine.schema.snapshot import Key, Value

Reasons: TypeAlias = "tuple[tuple[str, str], ...]"

COMPARED = (
    "column", "constraint", "event", "function", "index", "procedure", "sequence", "table", "trigger", "view",
)  # fmt: skip
NOT_COMPARED = (
    ("column order", "differs between databases with different histories"),
    ("definer", "differs between servers"),
    ("grant", "not read"),
    ("auto_increment value", "is data"),
)


def read(connection: Connection, schemas: Sequence[str] | None, exclude_tables: Collection[str]) -> Snapshot:
    """Take a snapshot of some databases; of the connection's own when none are named."""
    rows = connection.exec_driver_sql(snapshot_statement(schemas, exclude_tables)).all()
    names = schemas or [rows[0][1] if rows else connection.exec_driver_sql("SELECT DATABASE()").scalar_one()]
    home = names[0] or ""
    mariadb = bool(getattr(connection.dialect, "is_mariadb", False))
    shown = _merged(rows, home)
    if not mariadb:
        shown = {key: with_expressions(item) for key, item in shown.items()}
    objects = with_originals(connection, shown, mariadb=mariadb)
    _read_sequences(connection, objects, home)
    found = [normalised(item, objects, mariadb=mariadb) for item in objects.values()]
    denied = tuple(
        (f"{item.kind} {item.name}", "its definition needs more privileges")
        for item in found
        if item.hints.get("readable") == 0
    )
    hidden, missing = _hidden(connection, names)
    return Snapshot(
        dialect="mariadb" if mariadb else "mysql",
        objects=ordered(found),
        server_version=".".join(map(str, connection.dialect.server_version_info or ())),
        schemas=tuple(schemas or (home,)),
        coverage=Coverage(
            tuple(kind for kind in COMPARED if kind not in dict(hidden)), NOT_COMPARED + hidden, missing + denied
        ),
    )


def _hidden(connection: Connection, names: Sequence[str | None]) -> tuple[Reasons, Reasons]:
    """Return the kinds of objects that the user cannot see, and the databases whose tables may be hidden from it."""
    grants = [row[0] for row in connection.exec_driver_sql("SHOW GRANTS")]
    kinds: dict[str, str] = {}
    unreadable = []
    for name in filter(None, names):
        privileges = held(grants, name)
        if privileges is None:
            continue
        if not TABLES_SHOWN_BY & privileges:
            unreadable.append((f"tables of {name}", "without SELECT on the whole database some may be hidden"))
        for kind, shown_by in SHOWN_BY.items():
            if not privileges & {ALL, *shown_by}:
                kinds[kind] = f"hidden from a user without {shown_by[0]}"
    return tuple(kinds.items()), tuple(unreadable)


def take_fingerprint(
    connection: Connection, schemas: Sequence[str] | None, exclude_tables: Collection[str]
) -> Mapping[str, str]:
    """Return the server's hash of each schema."""
    return {row[0]: row[1] for row in connection.exec_driver_sql(fingerprint_statement(schemas, exclude_tables))}


def _merged(rows: Sequence[Any], home: str) -> dict[Key, SchemaObject]:
    objects: dict[Key, SchemaObject] = {}
    for number, schema, line in rows:
        branch = BRANCHES[number]
        kind, name, parent, *values = json.loads(line)
        prefix = "" if schema == home else f"{schema}."
        attributes = _present(branch.attributes, values)
        hints = _present(branch.hints, values[len(branch.attributes) :])
        relation = identifier(parent or name)
        hints |= {"schema": schema, "bare": name, "sql": f"{identifier(schema)}.{relation}" if prefix else relation}
        key = (kind, prefix + name)
        if (there := objects.get(key)) is not None:
            attributes, hints = {**there.attributes, **attributes}, {**there.hints, **hints}
        objects[key] = SchemaObject(kind, key[1], prefix + parent if parent else "", attributes, hints)
    return {key: item for key, item in objects.items() if not _is_view_column(item, objects)}


def _is_view_column(item: SchemaObject, objects: Mapping[Key, SchemaObject]) -> bool:
    return item.kind == "column" and ("table", item.parent) not in objects


def _present(names: Mapping[str, str], values: Sequence[Any]) -> dict[str, Value]:
    return {name: value for name, value in zip(names, values, strict=False) if value is not None}


def _read_sequences(connection: Connection, objects: dict[Key, SchemaObject], home: str) -> None:
    names = [(item.text("schema"), item.text("bare")) for item in objects.values() if item.kind == "sequence"]
    if not names:
        return
    as_it_is = {"no_parameters": True}  # a percent sign in a name is no placeholder
    for schema, name, *values in connection.exec_driver_sql(sequences_statement(names), execution_options=as_it_is):
        key = ("sequence", name if schema == home else f"{schema}.{name}")
        settings = dict(
            zip(("start", "minimum", "maximum", "increment", "cache", "cycle"), map(int, values), strict=True)
        )
        objects[key] = objects[key]._replace(attributes={**settings})
