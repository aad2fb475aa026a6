"""Reads a SQLite schema into a snapshot, in one statement: its text is the whole truth about it."""

from __future__ import annotations

import re
import sqlite3
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from stillhouse_engine.schema.snapshot import Coverage, SchemaObject, Snapshot, ordered
from stillhouse_engine.schema.sqlite.tables import Constraint, Table, parse_part, parse_table
from stillhouse_engine.schema.sqlite.tokens import NAME, Token, canonical, quoted, tokens

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from stillhouse_engine.schema.snapshot import Value

COMPARED = ("column", "constraint", "index", "table", "trigger", "view")
NOT_COMPARED = (
    ("column order", "differs between databases with different histories"),
    ("temporary table", "belongs to a session"),
    ("user_version", "is the application's"),
)
SHADOWS = ("config", "content", "data", "docsize", "idx", "node", "parent", "rowid", "segdir", "segments", "stat")
"""What the built-in virtual tables call the tables that they keep for themselves."""

INDEX_HEAD = re.compile(rf"CREATE\s+(UNIQUE\s+)?INDEX\s+{NAME}\s+ON\s+{NAME}\s*(?=\()", re.IGNORECASE)

STATEMENT = "SELECT type, name, tbl_name, sql FROM {schema}.sqlite_master WHERE sql IS NOT NULL"


class Row(NamedTuple):
    """One row of sqlite_master."""

    type: str
    name: str
    table: str
    sql: str


def read(connection: Connection, schemas: Sequence[str] | None, exclude_tables: Collection[str]) -> Snapshot:
    """Take a snapshot of one attached database; of the main one when none is named."""
    schema = schemas[0] if schemas else "main"
    rows = [Row(*row) for row in connection.exec_driver_sql(STATEMENT.format(schema=quoted(schema)))]
    return Snapshot(
        dialect="sqlite",
        objects=ordered(objects_of(rows, exclude_tables)),
        server_version=sqlite3.sqlite_version,
        schemas=(schema,),
        coverage=Coverage(COMPARED, NOT_COMPARED),
    )


def take_fingerprint(
    connection: Connection, schemas: Sequence[str] | None, exclude_tables: Collection[str]
) -> Mapping[str, str]:
    """Return the hash of the normalised schema: the server is in this process, so nothing is saved by asking it."""
    return {(schemas[0] if schemas else "main"): read(connection, schemas, exclude_tables).fingerprint}


def fingerprint_statement(schemas: Sequence[str] | None, exclude_tables: Collection[str]) -> str:
    """Return the statement whose row holds the name and the raw text of the schema; hash it in the client."""
    schema = schemas[0] if schemas else "main"
    names = ", ".join("'" + name.replace("'", "''") + "'" for name in sorted(exclude_tables))
    return f"""SELECT '{schema.replace("'", "''")}' AS schema, group_concat(line, char(10)) AS fingerprint FROM (
        SELECT type || ' ' || name || ' ' || sql AS line FROM {quoted(schema)}.sqlite_master
        WHERE sql IS NOT NULL AND tbl_name NOT IN ({names}) AND substr(tbl_name, 1, 11) <> 'stillhouse_'
        AND substr(tbl_name, 1, 7) <> 'sqlite_' ORDER BY type, name)"""


def objects_of(rows: Sequence[Row], exclude_tables: Collection[str]) -> Iterator[SchemaObject]:
    """Turn the rows of sqlite_master into objects."""
    virtual = [row.name for row in rows if row.type == "table" and row.sql[:30].upper().startswith("CREATE VIRTUAL")]
    hidden = {f"{name}_{suffix}" for name in virtual for suffix in SHADOWS} | set(exclude_tables)
    for row in rows:
        if row.table in hidden or row.name in hidden or row.table.startswith(("sqlite_", "stillhouse_")):
            continue
        yield from _objects_of(row)


@lru_cache(maxsize=8192)
def _objects_of(row: Row) -> tuple[SchemaObject, ...]:
    """Remembered, because a fleet has the same table many times, and a check comes again and again."""
    return tuple(_table(row)) if row.type == "table" else (_other(row),)


def _table(row: Row) -> Iterator[SchemaObject]:
    table = parse_table(row.sql)
    attributes: dict[str, Value] = {}
    if table.options:
        attributes["options"] = ", ".join(table.options)
    if table.module is not None:
        attributes |= {"form": "virtual", "module": table.module}
    body = row.sql[table.body :] if table.module is None else ""
    yield SchemaObject("table", row.name, "", attributes, {"sql": quoted(row.name), "body": body, "create": row.sql})
    for position, column in enumerate(table.columns):
        hints: dict[str, Value] = {"position": position, "column": column.name}
        yield SchemaObject("column", f"{row.name}.{column.name}", row.name, column.compared, hints)
    yield from _constraints(row.name, table)


def _constraints(table_name: str, table: Table) -> Iterator[SchemaObject]:
    seen: dict[str, int] = {}
    for constraint in sorted(table.constraints, key=lambda item: item.definition):
        name = constraint.name or _anonymous(constraint)
        seen[name] = seen.get(name, 0) + 1
        dotted = f"{table_name}.{name}" + (f" #{seen[name]}" if seen[name] > 1 else "")
        attributes: dict[str, Value] = {"type": constraint.type, "definition": constraint.definition}
        hints: dict[str, Value] = {"columns": constraint.columns, "refers_to": constraint.refers_to}
        yield SchemaObject("constraint", dotted, table_name, attributes, hints)


def _anonymous(constraint: Constraint) -> str:
    if constraint.type == "primary key":
        return "primary key"
    if constraint.type == "check":
        return constraint.definition
    return f"{constraint.type} ({', '.join(constraint.columns)})"


def _other(row: Row) -> SchemaObject:
    head = INDEX_HEAD.match(row.sql) if row.type == "index" else None
    if head is not None:
        definition = ("unique " if head[1] else "") + index_body(row.sql[head.end() :])
    else:
        found = [token for token in tokens(row.sql) if token.value != ";" or row.type == "trigger"]
        definition = canonical(list(_definition(row.type, found)))
    name = row.name if row.type == "view" else f"{row.table}.{row.name}"
    hints: dict[str, Value] = {"sql": quoted(row.name), "create": row.sql}
    return SchemaObject(row.type, name, "" if row.type == "view" else row.table, {"definition": definition}, hints)


@lru_cache(maxsize=32768)
def index_body(text: str) -> str:
    """Return what an index holds, without ASC, which says nothing."""
    return canonical([token for token in tokens(text) if token.keyword not in {"ASC", ";"}])


def _definition(kind: str, found: Sequence[Token]) -> Iterator[Token]:
    """Leave out what the name and the way of writing say: CREATE, IF NOT EXISTS, the name, ASC."""
    words = [token.keyword for token in found]
    start = words.index(kind.upper()) + 1
    if words[start : start + 3] == ["IF", "NOT", "EXISTS"]:
        start += 3
    if words[start + 1] == ".":
        start += 2
    yield from found[start + 1 :]


def forget() -> None:
    """Forget what was read before."""
    _objects_of.cache_clear()
    parse_part.cache_clear()
    index_body.cache_clear()
