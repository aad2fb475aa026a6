"""Reads SQLite's CREATE TABLE statements: the only place where a table's checks, collations and options are kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stillhouse_engine.schema.sqlite.tokens import Token, canonical, tokens, unquoted

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMN_WORDS = frozenset(
    {"CONSTRAINT", "PRIMARY", "NOT", "NULL", "UNIQUE", "CHECK", "DEFAULT", "COLLATE", "REFERENCES", "GENERATED", "AS"}
)
TABLE_WORDS = frozenset({"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"})
FOREIGN_KEY_WORDS = frozenset({"ON", "MATCH", "DEFERRABLE", "INITIALLY", "NOT"})


@dataclass(slots=True)
class Column:
    """One column as its definition says it."""

    name: str
    type: str = ""
    nullable: bool = True
    default: str | None = None
    collation: str | None = None
    generated: str | None = None
    generated_kind: str | None = None
    conflict: str | None = None


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

    name: str
    columns: list[Column] = field(default_factory=list)
    constraints: list[Constraint] = field(default_factory=list)
    options: tuple[str, ...] = ()
    module: str | None = None
    body: tuple[int, int] = (0, 0)


class Cursor:
    """A place in a list of tokens."""

    def __init__(self, found: Sequence[Token]) -> None:
        self.found = found
        self.at = 0

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return self.at >= len(self.found)

    def peek(self, ahead: int = 0) -> str:
        """Return the keyword that stands here, or further on."""
        place = self.at + ahead
        return self.found[place].keyword if place < len(self.found) else ""

    def take(self) -> Token:
        """Step over one token and return it."""
        token = self.found[self.at]
        self.at += 1
        return token

    def skip(self, *words: str) -> bool:
        """Step over words when they stand here; tell whether they did."""
        if all(self.peek(ahead) == word for ahead, word in enumerate(words)):
            self.at += len(words)
            return True
        return False

    def bracket(self) -> Sequence[Token]:
        """Take what stands between this opening bracket and its closing one."""
        start = self.at + 1
        depth = 0
        while not self.done:
            sign = self.take().keyword
            depth += (sign == "(") - (sign == ")")
            if depth == 0:
                break
        return self.found[start : self.at - 1]


def parse_table(sql: str) -> Table:
    """Read a CREATE TABLE or CREATE VIRTUAL TABLE statement that SQLite has accepted."""
    cursor = Cursor(tokens(sql))
    while cursor.take().keyword != "TABLE":
        pass
    virtual = any(token.keyword == "VIRTUAL" for token in cursor.found[: cursor.at])
    cursor.skip("IF", "NOT", "EXISTS")
    table = Table(unquoted(cursor.take()))
    if cursor.skip("."):
        table.name = unquoted(cursor.take())
    if virtual:
        cursor.skip("USING")
        table.module = canonical(cursor.found[cursor.at :])
        return table
    start = cursor.found[cursor.at].start
    for part in _parts(cursor.bracket()):
        _part(table, Cursor(part))
    table.body = (start, len(sql))
    table.options = tuple(sorted(canonical(part).upper() for part in _parts(cursor.found[cursor.at :])))
    return table


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


def _part(table: Table, cursor: Cursor) -> None:
    if cursor.peek() in TABLE_WORDS:
        while not cursor.done:  # SQLite takes several table constraints without commas between them
            _table_constraint(table, cursor)
        return
    column = Column(unquoted(cursor.take()))
    table.columns.append(column)
    column.type = _type(cursor)
    name: str | None = None
    while not cursor.done:
        name = _column_constraint(table, column, cursor, name)


def _type(cursor: Cursor) -> str:
    start = cursor.at
    while not cursor.done and cursor.peek() not in COLUMN_WORDS:
        if cursor.peek() == "(":
            cursor.bracket()
        else:
            cursor.take()
    return canonical(cursor.found[start : cursor.at]).upper()


def _column_constraint(table: Table, column: Column, cursor: Cursor, name: str | None) -> str | None:
    """Read one constraint of a column; return the name that the next one has."""
    if cursor.skip("CONSTRAINT"):
        return unquoted(cursor.take())
    if cursor.skip("PRIMARY", "KEY"):
        order = " DESC" if cursor.skip("DESC") else ""
        cursor.skip("ASC")
        tail = _conflict(cursor) + (" AUTOINCREMENT" if cursor.skip("AUTOINCREMENT") else "")
        _add(table, "primary key", f"PRIMARY KEY ({column.name}{order}){tail}", (column.name,), name)
    elif cursor.skip("UNIQUE"):
        _add(table, "unique", f"UNIQUE ({column.name}){_conflict(cursor)}", (column.name,), name)
    elif cursor.skip("CHECK"):
        _add(table, "check", f"CHECK ({canonical(cursor.bracket())}){_conflict(cursor)}", (), name)
    elif cursor.peek() == "REFERENCES":
        _references(table, (column.name,), cursor, name)
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


def _table_constraint(table: Table, cursor: Cursor) -> None:
    name = unquoted(cursor.take()) if cursor.skip("CONSTRAINT") else None
    if cursor.skip("PRIMARY", "KEY"):
        inside = cursor.bracket()
        tail = " AUTOINCREMENT" if inside and inside[-1].keyword == "AUTOINCREMENT" else ""
        inside = inside[:-1] if tail else inside
        tail += _conflict(cursor)
        _add(table, "primary key", f"PRIMARY KEY ({_columns(inside)}){tail}", _names(inside), name)
    elif cursor.skip("UNIQUE"):
        inside = cursor.bracket()
        _add(table, "unique", f"UNIQUE ({_columns(inside)}){_conflict(cursor)}", _names(inside), name)
    elif cursor.skip("CHECK"):
        _add(table, "check", f"CHECK ({canonical(cursor.bracket())}){_conflict(cursor)}", (), name)
    elif cursor.skip("FOREIGN", "KEY"):
        _references(table, _names(cursor.bracket()), cursor, name)
    else:
        cursor.take()


def _references(table: Table, columns: tuple[str, ...], cursor: Cursor, name: str | None) -> None:
    cursor.skip("REFERENCES")
    far = unquoted(cursor.take())
    there = f" ({_columns(cursor.bracket())})" if cursor.peek() == "(" else ""
    start = cursor.at
    while not cursor.done and cursor.peek() in FOREIGN_KEY_WORDS and not _is_not_null(cursor):
        _foreign_key_clause(cursor)
    tail = canonical(cursor.found[start : cursor.at]).upper()
    tail = tail.replace("ON DELETE NO ACTION", "").replace("ON UPDATE NO ACTION", "")
    definition = f"FOREIGN KEY ({', '.join(columns)}) REFERENCES {far}{there} {tail}".rstrip()
    table.constraints.append(Constraint("foreign key", " ".join(definition.split()), columns, name, far))


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


def _add(table: Table, kind: str, definition: str, columns: tuple[str, ...], name: str | None) -> None:
    table.constraints.append(Constraint(kind, definition, columns, name))
