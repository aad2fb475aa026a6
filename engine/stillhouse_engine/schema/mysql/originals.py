"""What texts really say where information_schema of MySQL and MariaDB spoils them.

It has no letters beyond the Basic Multilingual Plane, which it makes question marks, and in bodies MariaDB takes one of two
backslashes for superfluous, MySQL whatever escapes something, and garbles names with backticks. ``SHOW CREATE`` tells the truth, but only of one thing at a
time; so it is asked where it is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from stillhouse_engine.schema.mysql.expressions import is_expression
from stillhouse_engine.schema.mysql.routines import parse, separated
from stillhouse_engine.schema.mysql.statements import identifier
from stillhouse_engine.schema.mysql.tokens import tokens
from stillhouse_engine.schema.mysql.triggers import taken_apart

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import Connection

    from stillhouse_engine.schema.mysql.tokens import Token
    from stillhouse_engine.schema.snapshot import Key, SchemaObject

    Place = tuple[str, str]

AS_IT_IS = {"no_parameters": True}
"""A percent sign in a name is no placeholder."""
STATEMENT = {"table": 1, "view": 1, "function": 2, "procedure": 2, "trigger": 2, "event": 3}
"""Where SHOW CREATE has the statement, by the kind of object."""
BODY = {"function": "body", "procedure": "body", "trigger": "definition", "event": "body"}
"""The attribute that is kept as it was written, by the kind of object."""
SPOILED_BY_MARIADB = frozenset("\\?")
SPOILED_BY_MYSQL = frozenset("\\?'\"`")
"""Signs in a body that may be spoiled, or stand beside what is."""
SECTIONS = frozenset({"AS", "CHECK", "COMMENT", "DEFAULT"})
"""Words of a column's definition behind which something else begins."""


def with_originals(
    connection: Connection, objects: Mapping[Key, SchemaObject], *, mariadb: bool
) -> dict[Key, SchemaObject]:
    """Return objects with the texts that they really have; what the server does not show counts as unreadable."""
    found = dict(objects)
    of_table: dict[Key, list[Key]] = {}
    for key, item in objects.items():
        if item.kind in BODY or item.kind == "view":
            if is_spoiled(item, mariadb=mariadb):
                said = original(connection, item.kind, item.text("schema"), item.text("trigger") or item.text("bare"))
                found[key] = unreadable(item) if said is None else put_right(item, said)
        elif any(spoiled_parts(item)) if mariadb else is_spoiled_default(item):
            of_table.setdefault(("table", item.parent), []).append(key)
    for table, keys in of_table.items():
        said = original(connection, "table", objects[table].text("schema"), objects[table].text("bare"))
        if said is None:
            found |= {key: unreadable(objects[key]) for key in keys}
        elif mariadb:
            known = table_literals(said)
            found |= {key: with_parts(objects[key], known) for key in keys}
        else:
            found |= {key: with_default(objects[key], said) for key in keys}
    return found


def original(connection: Connection, kind: str, schema: str, name: str) -> str | None:
    """Return the statement that made something; None where the server does not show it."""
    ask = f"SHOW CREATE {kind.upper()} {identifier(schema)}.{identifier(name)}"
    try:
        row = connection.exec_driver_sql(ask, execution_options=AS_IT_IS).one()
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        return None
    said = row[STATEMENT[kind]]
    return None if said is None else str(said)


def is_spoiled(item: SchemaObject, *, mariadb: bool) -> bool:
    """Tell whether a view, trigger, routine or event may not say what information_schema has."""
    if item.kind == "view":
        return "?" in item.text("definition")
    signs = SPOILED_BY_MARIADB if mariadb else SPOILED_BY_MYSQL
    return not signs.isdisjoint(item.text(BODY[item.kind]))


def put_right(item: SchemaObject, said: str) -> SchemaObject:
    """Return a view, trigger, routine or event with the text that its statement has."""
    if item.kind == "view":
        return changed(item, {"definition": restored(item.text("definition"), literals(tokens(said)))})
    if item.kind == "trigger":
        start = next(token.start for token in tokens(said) if token.keyword == "FOR")
        body = taken_apart(item.text("event"), said[start:]).body
    elif item.kind == "event":
        body = said[next(token.end for token in tokens(said) if token.keyword == "DO") :].strip()
    else:
        body = parse("f()", behind_arguments(said, item.kind)).body
    return changed(item, {BODY[item.kind]: body})


def behind_arguments(said: str, kind: str) -> str:
    """Return what follows the arguments of a routine."""
    depth, begun = 0, False
    for token in tokens(said):
        begun = begun or token.keyword == kind.upper()
        depth += begun and (token.value == "(") - (token.value == ")")
        if begun and token.value == ")" and depth == 0:
            return said[token.end :]
    return said


def is_spoiled_default(item: SchemaObject) -> bool:
    """Tell whether a column of MySQL may not have the text that information_schema says; its expressions are true."""
    return item.kind == "column" and "?" in item.text("default") and not is_expression(item)


def with_default(item: SchemaObject, said: str) -> SchemaObject:
    """Return a column of MySQL with the text that its table's statement has; it may stand there in bytes."""
    found = tokens(said)
    first = next(place for place, token in enumerate(found) if token.value == "(")
    column = next(part for part in separated(inside(found[first:])) if part[0].name == item.text("column"))
    words = iter(column[1:])
    next(token for token in words if token.keyword == "DEFAULT")
    value = next(words)
    if not value.value.startswith("0x"):
        return changed(item, {"default": value.text})
    return changed(item, {"default": bytes.fromhex(value.value[2:]).decode(errors="replace")})


def spoiled_parts(item: SchemaObject) -> Iterator[tuple[str, Place]]:
    """Yield the attributes of a column or CHECK of MariaDB that may be spoiled, each with its place in the table's statement.

    Whatever is a text of its own, such as a comment, the label of an ENUM or a default that is no expression, SHOW CREATE
    spoils as well.
    """
    if item.kind == "constraint" and item.get("type") == "check" and "?" in item.text("definition"):
        at_column = item.text("level") == "Column"
        yield "definition", ("CHECK" if at_column else "CONSTRAINT", item.text("constraint"))
    if item.kind == "column":
        if "?" in item.text("generated"):
            yield "generated", ("AS", item.text("column"))
        if "?" in item.text("default") and len(tokens(item.text("default"))) > 1:
            yield "default", ("DEFAULT", item.text("column"))


def with_parts(item: SchemaObject, known: Mapping[Place, list[str]]) -> SchemaObject:
    """Return a column or CHECK with the texts of the table's statement."""
    parts = spoiled_parts(item)
    return changed(item, {name: restored(item.text(name), known.get(place, [])) for name, place in parts})


def table_literals(said: str) -> dict[Place, list[str]]:
    """Return the literals of a table's statement by the place where they stand: a word, and what it is said of."""
    found = tokens(said)
    first = next(place for place, token in enumerate(found) if token.value == "(")
    known: dict[Place, list[str]] = {}
    for part in separated(inside(found[first:])):
        if part[0].keyword == "CONSTRAINT":
            known["CONSTRAINT", part[1].name] = literals(part)
            continue
        section, depth = "", 0
        for token in part:
            depth += (token.value == "(") - (token.value == ")")
            section = token.keyword if not depth and token.keyword in SECTIONS else section
            known.setdefault((section, part[0].name), []).extend(literals([token]))
    return known


def inside(found: list[Token]) -> list[Token]:
    """Return the tokens between a parenthesis and its counterpart."""
    depth = 0
    for place, token in enumerate(found):
        depth += (token.value == "(") - (token.value == ")")
        if depth == 0:
            return found[1:place]
    return found[1:]


def literals(found: Iterable[Token]) -> list[str]:
    """Return the texts in single quotes: a server that writes an expression uses no others."""
    return [token.value for token in found if token.value[0] == "'"]


def restored(text: str, exact: list[str]) -> str:
    """Return an expression with other literals, in their order; as it is where they cannot be the same ones."""
    spoiled = [token for token in tokens(text) if token.value[0] == "'"]
    if len(spoiled) != len(exact):
        return text
    for token, literal in reversed(list(zip(spoiled, exact, strict=True))):
        text = text[: token.start] + literal + text[token.end :]
    return text


def unreadable(item: SchemaObject) -> SchemaObject:
    """Return an object whose text is not known."""
    return item._replace(hints={**item.hints, "readable": 0})


def changed(item: SchemaObject, attributes: Mapping[str, str]) -> SchemaObject:
    """Return an object with some attributes put right."""
    return item._replace(attributes={**item.attributes, **attributes})
