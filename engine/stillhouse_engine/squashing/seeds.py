"""The rows that revisions leave in an empty database: what a squashed revision must leave there, too.

Each dialect writes its own values as literals, which are exact for every type it has.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect
from sqlalchemy.exc import NoSuchTableError

from stillhouse_engine.squashing.errors import SquashError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from stillhouse_engine.schema import SchemaObject, Snapshot

MOST_ROWS = 1000
"""More rows than these in a table are no seeds; they belong in a file of their own."""
AT_ONCE = 100
BYTES = ("binary", "blob", "geometry", "point", "polygon", "linestring", "multi")
WITHOUT_ROWS = frozenset({"virtual", "foreign", "partitioned"})


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a table.

    Attributes:
        table: how SQL names it.
        columns: how SQL names those that take values.
        key: the places of the columns that tell rows apart.
        always: whether a column makes its own values and must be told to take others.
        values: the rows, each value as an SQL literal.
    """

    table: str
    columns: tuple[str, ...]
    key: tuple[int, ...]
    always: bool
    values: tuple[tuple[str, ...], ...]

    def of(self, columns: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """Yield the rows with some of the columns."""
        places = [self.columns.index(column) for column in columns]
        for row in self.values:
            yield tuple(row[place] for place in places)


def read_rows(connection: Connection, snapshot: Snapshot, home: str | None) -> dict[str, Rows]:
    """Read the rows of all tables of a small database, by the names that the snapshot gives them.

    Args:
        connection: the connection.
        snapshot: the tables.
        home: the schema that names without one are in; None for the connection's own.

    Raises:
        SquashError: a table has more rows than can be seeds, or keeps them in a way of its own.
    """
    found: dict[str, Rows] = {}
    for table in snapshot.of_kind("table"):
        if table.get("form") == "virtual":
            _refuse_rows(connection, table)
        if table.get("form") in WITHOUT_ROWS:
            continue
        rows = _rows(connection, snapshot, table, home)
        if rows.values:
            found[table.name] = rows
    return {name: found[name] for name in _in_order(connection, found, home)}


def _rows(connection: Connection, snapshot: Snapshot, table: SchemaObject, home: str | None) -> Rows:
    quote = partial(_quoted, snapshot.dialect)
    members = snapshot.by_parent.get(table.name, ())
    columns = [item for item in members if item.kind == "column" and not item.get("generated")]
    columns.sort(key=lambda item: int(str(item.get("position") or 0)))
    bare = [item.name[len(table.name) + 1 :] for item in columns]
    named = table.text("sql") or ".".join(map(quote, table.name.split(".")))
    only = "ONLY " if snapshot.dialect == "postgresql" else ""
    told = ", ".join(_literal(snapshot.dialect, quote(name), item) for name, item in zip(bare, columns, strict=True))
    keyed = any(item.kind == "constraint" and "primary" in item.text("type").lower() for item in members)
    key = _key_columns(connection, table.name, home) if keyed else []
    order = f" ORDER BY {', '.join(map(quote, key))}" if key else ""
    query = f"SELECT {told} FROM {only}{named}{order} LIMIT {MOST_ROWS + 1}"
    rows = _ask(connection, query) if columns else []
    if len(rows) > MOST_ROWS:
        raise SquashError(
            f"The range leaves more than {MOST_ROWS} rows in the table {table.name}, which are too many for a revision",
            hint="end the range before the revision that loads them, or let something else load them",
        )
    values = [tuple(str(value) for value in row) for row in rows]
    return Rows(
        table=named,
        columns=tuple(quote(name) for name in bare),
        key=tuple(place for place, name in enumerate(bare) if name in (key or bare)),
        always=any(item.get("identity") == "always" for item in columns),
        values=tuple(values if key else sorted(values)),
    )


def _ask(connection: Connection, query: str) -> list[Any]:
    """Return the rows of a query without parameters, whose names may hold what a driver takes for one."""
    formats = connection.dialect.paramstyle in {"format", "pyformat"}
    return list(connection.exec_driver_sql(query.replace("%", "%%") if formats else query))


def _refuse_rows(connection: Connection, table: SchemaObject) -> None:
    if _ask(connection, f"SELECT 1 FROM {table.text('sql')} LIMIT 1"):
        raise SquashError(
            f"The range leaves rows in the virtual table {table.name}, which cannot be carried into a revision",
            hint="end the range before the revision that writes them",
        )


def _key_columns(connection: Connection, table: str, home: str | None) -> list[str]:
    schema, _, name = table.rpartition(".")
    with suppress(NoSuchTableError):  # a name that has a dot itself
        found: list[str] = inspect(connection).get_pk_constraint(name, schema or home)["constrained_columns"]
        return found
    return []


def _referred(connection: Connection, table: str, home: str | None) -> set[str]:
    """Return the tables that a table refers to."""
    schema, _, name = table.rpartition(".")
    keys: list[Any] = []
    with suppress(NoSuchTableError):
        keys = inspect(connection).get_foreign_keys(name, schema or home)
    return {
        key["referred_table"]
        if key["referred_schema"] in {None, home}
        else f"{key['referred_schema']}.{key['referred_table']}"
        for key in keys
    }


def _quoted(dialect: str, name: str) -> str:
    """Quote a name as SQL has it; SQLAlchemy's own would double what drivers take for parameters."""
    mark = "`" if dialect in {"mysql", "mariadb"} else '"'
    return mark + name.replace(mark, mark * 2) + mark


def _literal(dialect: str, column: str, item: SchemaObject) -> str:
    """Return the expression that writes a column's value as a literal of its dialect."""
    if dialect == "postgresql":
        return f"quote_nullable({column}::text)"
    if dialect == "sqlite":
        return f"quote({column})"
    kind = item.text("type").lower()
    if kind.startswith("bit"):
        return f"COALESCE(CONCAT('b''', BIN({column} + 0), ''''), 'NULL')"
    if any(word in kind for word in BYTES):
        return f"COALESCE(CONCAT('X''', HEX({column}), ''''), 'NULL')"
    return f"QUOTE({column})"


def _in_order(connection: Connection, found: Mapping[str, Rows], home: str | None) -> list[str]:
    """Return tables so that each comes after those that it refers to."""
    refers = {name: _referred(connection, name, home) for name in found}
    ordered: list[str] = []
    while rest := [name for name in found if name not in ordered]:
        ready = [name for name in rest if not refers[name] & (set(rest) - {name})]
        ordered += ready or rest
    return ordered


@dataclass(frozen=True, slots=True)
class Seeds:
    """What a range does to rows.

    Attributes:
        inserts: the statements that leave its rows.
        deletes: the statements that take them out of tables that stay.
        counts: rows by table.
    """

    inserts: tuple[str, ...]
    deletes: tuple[str, ...]
    counts: Mapping[str, int]


def seeds_between(before: Mapping[str, Rows], after: Mapping[str, Rows], kept: Mapping[Any, Any]) -> Seeds:
    """Return what makes of some rows others.

    Args:
        before: the rows below the range, by table.
        after: the rows that the range leaves, by table.
        kept: keys of the tables below the range.

    Raises:
        SquashError: rows that were there before are gone or changed.
    """
    added = {name: _added(name, before.get(name), rows) for name, rows in after.items()}
    gone = [name for name in before if name not in after and ("table", name) in kept]
    if gone:
        raise SquashError(
            f"The range takes rows away that revisions below it left in {', '.join(gone)}", hint=FROM_BASE
        )
    return Seeds(
        inserts=tuple(text for name, rows in added.items() for text in _inserts(after[name], rows)),
        deletes=tuple(
            text
            for name, rows in reversed(added.items())
            if ("table", name) in kept
            for text in _deletes(after[name], rows)
        ),
        counts={name: len(rows) for name, rows in added.items() if rows},
    )


FROM_BASE = "let the range begin at the base"


def _added(name: str, before: Rows | None, after: Rows) -> list[tuple[str, ...]]:
    if before is None:
        return list(after.values)
    common = [column for column in before.columns if column in after.columns]
    known = Counter(before.of(common))
    added = []
    for row, seen in zip(after.values, after.of(common), strict=True):
        if known[seen]:
            known[seen] -= 1
        else:
            added.append(row)
    if +known:
        raise SquashError(f"The range changes rows that revisions below it left in {name}", hint=FROM_BASE)
    return added


def _inserts(rows: Rows, values: Sequence[tuple[str, ...]]) -> Iterator[str]:
    always = " OVERRIDING SYSTEM VALUE" if rows.always else ""
    for start in range(0, len(values), AT_ONCE):
        listed = ",\n".join(f"({', '.join(row)})" for row in values[start : start + AT_ONCE])
        yield f"INSERT INTO {rows.table} ({', '.join(rows.columns)}){always} VALUES\n{listed}"


def _deletes(rows: Rows, values: Sequence[tuple[str, ...]]) -> Iterator[str]:
    for row in values:
        told = [f"{rows.columns[place]} {_equals(row[place])}" for place in rows.key]
        yield f"DELETE FROM {rows.table} WHERE {' AND '.join(told)}"


def _equals(literal: str) -> str:
    return "IS NULL" if literal == "NULL" else f"= {literal}"
