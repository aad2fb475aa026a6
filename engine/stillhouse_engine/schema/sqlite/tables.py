"""Reads SQLite's CREATE TABLE statements: the only place where a table's checks, collations and options are kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from stillhouse_engine.schema.sqlite.tokens import NAME, Token, canonical, tokens, unquoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stillhouse_engine.schema.snapshot import Value

COLUMN_WORDS = frozenset(
    {"CONSTRAINT", "PRIMARY", "NOT", "NULL", "UNIQUE", "CHECK", "DEFAULT", "COLLATE", "REFERENCES", "GENERATED", "AS"}
)
TABLE_WORDS = frozenset({"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"})
FURTHEST = 4
"""How far past the end a cursor may look."""
FOREIGN_KEY_WORDS = frozenset({"ON", "MATCH", "DEFERRABLE", "INITIALLY", "NOT"})


@dataclass(slots=True)
class Column:
    """One column as its definition says it.

    Attributes:
        compared: what snapshots compare of it: made once, for the same column stands in many tables.
    """

    name: str
    type: str = ""
    nullable: bool = True
    default: str | None = None
    collation: str | None = None
    generated: str | None = None
    generated_kind: str | None = None
    conflict: str | None = None
    compared: Mapping[str, Value] = field(default_factory=dict)


@dataclass(slots=True)
class Constraint:
    """One constraint; of a column or of the table makes no difference."""

    type: str
    definition: str
    columns: tuple[str, ...] = ()
    name: str | None = None
    refers_to: str = ""


@dataclass(slots=True)
class Table:
    """What a CREATE TABLE statement says."""

    columns: list[Column] = field(default_factory=list)
    constraints: list[Constraint] = field(default_factory=list)
    options: tuple[str, ...] = ()
    module: str | None = None
    body: int = 0


class Cursor:
    """A place in a list of tokens."""

    __slots__ = ("at", "found", "words")

    def __init__(self, found: Sequence[Token]) -> None:
        self.found = found
        self.words = [token.keyword for token in found] + [""] * FURTHEST
        self.at = 0

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return self.at >= len(self.found)

    def peek(self, ahead: int = 0) -> str:
        """Return the keyword that stands here, or further on."""
        return self.words[self.at + ahead]

    def take(self) -> Token:
        """Step over one token and return it."""
        token = self.found[self.at]
        self.at += 1
        return token

    def skip(self, first: str, *more: str) -> bool:
        """Step over words when they stand here; tell whether they did."""
        place = self.at
        if self.words[place] != first:
            return False
        for word in more:
            place += 1
            if self.words[place] != word:
                return False
        self.at = place + 1
        return True

    def bracket(self) -> Sequence[Token]:
        """Take what stands between this opening bracket and its closing one."""
        start, depth = self.at + 1, 0
        for place in range(self.at, len(self.found)):
            sign = self.words[place]
            if sign == "(":
                depth += 1
            elif sign == ")":
                depth -= 1
                if depth == 0:
                    self.at = place + 1
                    return self.found[start:place]
        self.at = len(self.found)
        return self.found[start:]


HEAD = re.compile(rf"CREATE\s+TABLE\s+{NAME}\s*\(", re.IGNORECASE)
MARKS = re.compile(r"""--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|[(),]""", re.DOTALL)


def parse_table(sql: str) -> Table:
    """Read a CREATE TABLE or CREATE VIRTUAL TABLE statement that SQLite has accepted.

    The parts between the brackets are told apart by their commas first, and read one by one: the same column stands in
    many tables.
    """
    head = HEAD.match(sql)
    if head is None:
        return _module(sql)
    start = head.end()
    parts, end = _split(sql, start)
    table = Table(body=start - 1)
    for column, constraints in map(parse_part, parts):
        if column is not None:
            table.columns.append(column)
        table.constraints.extend(constraints)
    tail = sql[end + 1 :].strip()
    table.options = tuple(sorted(canonical(part).upper() for part in _parts(tokens(tail)))) if tail else ()
    return table


def _module(sql: str) -> Table:
    """Read what says nothing about columns: the module of a virtual table."""
    cursor = Cursor(tokens(sql))
    while not cursor.done and not cursor.skip("USING"):
        cursor.take()
    return Table(module=canonical(cursor.found[cursor.at :]))


def _split(sql: str, start: int) -> tuple[list[str], int]:
    """Return the texts between the commas of the brackets that open before a place, and where they close."""
    parts, depth = [], 0
    for mark in MARKS.finditer(sql, start):
        sign = mark[0]
        if sign == "(":
            depth += 1
        elif sign == ")":
            depth -= 1
            if depth < 0:
                parts.append(sql[start : mark.start()].strip())
                return parts, mark.start()
        elif sign == "," and depth == 0:
            parts.append(sql[start : mark.start()].strip())
            start = mark.end()
    return parts, len(sql)


@lru_cache(maxsize=32768)
def parse_part(text: str) -> tuple[Column | None, tuple[Constraint, ...]]:
    """Read the definition of one column, or one table constraint (or several, which SQLite takes without commas)."""
    words = tokens(text)
    if not words:
        return None, ()
    cursor = Cursor(words)
    found: list[Constraint] = []
    if cursor.peek() in TABLE_WORDS:
        while not cursor.done:
            _table_constraint(found, cursor)
        return None, tuple(found)
    column = Column(unquoted(cursor.take()))
    column.type = _type(cursor)
    name: str | None = None
    while not cursor.done:
        name = _column_constraint(found, column, cursor, name)
    column.compared = _compared(column)
    return column, tuple(found)


def _compared(column: Column) -> dict[str, Value]:
    found: dict[str, Value] = {"type": column.type}
    if column.nullable:
        found["nullable"] = True
    for name in ("default", "collation", "generated", "generated_kind", "conflict"):
        if (value := getattr(column, name)) is not None:
            found[name] = value
    return found


def _parts(found: Sequence[Token]) -> list[Sequence[Token]]:
    parts, start, depth = [], 0, 0
    for place, token in enumerate(found):
        sign = token.value if token.kind == "sign" else ""
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            parts.append(found[start:place])
            start = place + 1
    parts.append(found[start:])
    return [part for part in parts if part]


def _type(cursor: Cursor) -> str:
    start = cursor.at
    while not cursor.done and cursor.peek() not in COLUMN_WORDS:
        if cursor.peek() == "(":
            cursor.bracket()
        else:
            cursor.take()
    return canonical(cursor.found[start : cursor.at]).upper()


def _column_constraint(found: list[Constraint], column: Column, cursor: Cursor, name: str | None) -> str | None:
    """Read one constraint of a column; return the name that the next one has."""
    if cursor.skip("CONSTRAINT"):
        return unquoted(cursor.take())
    if cursor.skip("PRIMARY", "KEY"):
        order = " DESC" if cursor.skip("DESC") else ""
        cursor.skip("ASC")
        tail = _conflict(cursor) + (" AUTOINCREMENT" if cursor.skip("AUTOINCREMENT") else "")
        _add(found, "primary key", f"PRIMARY KEY ({column.name}{order}){tail}", (column.name,), name)
    elif cursor.skip("UNIQUE"):
        _add(found, "unique", f"UNIQUE ({column.name}){_conflict(cursor)}", (column.name,), name)
    elif cursor.skip("CHECK"):
        _add(found, "check", f"CHECK ({canonical(cursor.bracket())}){_conflict(cursor)}", (), name)
    elif cursor.peek() == "REFERENCES":
        _references(found, (column.name,), cursor, name)
    else:
        _column_property(column, cursor)
    return None


def _column_property(column: Column, cursor: Cursor) -> None:
    if cursor.skip("NOT", "NULL"):
        column.nullable = False
        column.conflict = _conflict(cursor).strip() or None
    elif cursor.skip("DEFAULT"):
        column.default = _default(cursor)
    elif cursor.skip("COLLATE"):
        column.collation = unquoted(cursor.take()).upper()
    elif cursor.skip("GENERATED", "ALWAYS", "AS") or cursor.skip("AS"):
        column.generated = canonical(cursor.bracket())
        column.generated_kind = "stored" if cursor.skip("STORED") else "virtual"
        cursor.skip("VIRTUAL")
    else:
        cursor.take()  # NULL, which says nothing


def _default(cursor: Cursor) -> str:
    if cursor.peek() == "(":
        return f"({canonical(cursor.bracket())})"
    sign = cursor.take().value if cursor.peek() in {"+", "-"} else ""
    token = cursor.take()
    if token.kind == "quoted":
        return "'" + unquoted(token).replace("'", "''") + "'"
    return sign.replace("+", "") + canonical([token])


def _table_constraint(found: list[Constraint], cursor: Cursor) -> None:
    name = unquoted(cursor.take()) if cursor.skip("CONSTRAINT") else None
    if cursor.skip("PRIMARY", "KEY"):
        inside = cursor.bracket()
        tail = " AUTOINCREMENT" if inside and inside[-1].keyword == "AUTOINCREMENT" else ""
        inside = inside[:-1] if tail else inside
        tail += _conflict(cursor)
        _add(found, "primary key", f"PRIMARY KEY ({_columns(inside)}){tail}", _names(inside), name)
    elif cursor.skip("UNIQUE"):
        inside = cursor.bracket()
        _add(found, "unique", f"UNIQUE ({_columns(inside)}){_conflict(cursor)}", _names(inside), name)
    elif cursor.skip("CHECK"):
        _add(found, "check", f"CHECK ({canonical(cursor.bracket())}){_conflict(cursor)}", (), name)
    elif cursor.skip("FOREIGN", "KEY"):
        _references(found, _names(cursor.bracket()), cursor, name)
    else:
        cursor.take()


def _references(found: list[Constraint], columns: tuple[str, ...], cursor: Cursor, name: str | None) -> None:
    cursor.skip("REFERENCES")
    far = unquoted(cursor.take())
    there = f" ({_columns(cursor.bracket())})" if cursor.peek() == "(" else ""
    start = cursor.at
    while not cursor.done and cursor.peek() in FOREIGN_KEY_WORDS and not _is_not_null(cursor):
        _foreign_key_clause(cursor)
    tail = canonical(cursor.found[start : cursor.at]).upper()
    tail = tail.replace("ON DELETE NO ACTION", "").replace("ON UPDATE NO ACTION", "")
    definition = f"FOREIGN KEY ({', '.join(columns)}) REFERENCES {far}{there} {tail}".rstrip()
    found.append(Constraint("foreign key", " ".join(definition.split()), columns, name, far))


def _is_not_null(cursor: Cursor) -> bool:
    return cursor.peek() == "NOT" and cursor.peek(1) == "NULL"


def _foreign_key_clause(cursor: Cursor) -> None:
    if cursor.skip("ON"):
        cursor.take()
        if cursor.take().keyword in {"SET", "NO"}:
            cursor.take()
    elif cursor.skip("MATCH") or cursor.skip("INITIALLY") or not cursor.skip("NOT", "DEFERRABLE"):
        cursor.take()


def _conflict(cursor: Cursor) -> str:
    if cursor.skip("ON", "CONFLICT"):
        action = cursor.take().keyword
        return "" if action == "ABORT" else f" ON CONFLICT {action}"
    return ""


def _columns(found: Sequence[Token]) -> str:
    return ", ".join(_indexed(part) for part in _parts(found))


def _indexed(part: Sequence[Token]) -> str:
    words = [token for token in part[1:] if token.keyword != "ASC"]
    tail = canonical(words).upper()
    return f"{unquoted(part[0])} {tail}".rstrip()


def _names(found: Sequence[Token]) -> tuple[str, ...]:
    return tuple(unquoted(part[0]) for part in _parts(found))


def _add(found: list[Constraint], kind: str, definition: str, columns: tuple[str, ...], name: str | None) -> None:
    found.append(Constraint(kind, definition, columns, name))
