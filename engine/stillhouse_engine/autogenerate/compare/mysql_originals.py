"""What views, triggers and routines really say, where information_schema of MySQL and MariaDB spoils it.

It has no letters beyond the Basic Multilingual Plane, which it makes question marks, and in bodies it takes one of two
backslashes for superfluous. ``SHOW CREATE`` tells the truth, but only of one thing at a time; so it is asked where it is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillhouse_engine.autogenerate.compare.mysql_trigger_order import taken_apart
from stillhouse_engine.autogenerate.compare.objects import sql_name
from stillhouse_engine.autogenerate.reflection.mysql_words import AS_IT_IS
from stillhouse_engine.schema.mysql.routines import parse
from stillhouse_engine.schema.mysql.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.schema.snapshot import SchemaObject

TEXT_COLUMN = {"view": 1, "function": 2, "procedure": 2, "trigger": 2}
"""Where SHOW CREATE has the statement, by the kind of object."""


def original(autogen_context: AutogenContext, kind: str, schema: str | None, name: str) -> str | None:
    """Return the statement that made something; None where the server hides it."""
    if autogen_context.connection is None:
        return None
    ask = f"SHOW CREATE {kind.upper()} {sql_name(autogen_context, schema, name)}"
    row = autogen_context.connection.exec_driver_sql(ask, execution_options=AS_IT_IS).one()
    found = row[TEXT_COLUMN[kind]]
    return None if found is None else str(found)


def original_query(autogen_context: AutogenContext, schema: str | None, name: str, query: str) -> str:
    """Return the query of a live view, with its check option, if it has any."""
    if "?" not in query or (said := original(autogen_context, "view", schema, name)) is None:
        return query
    found = tokens(said)
    start = next(place for place, token in enumerate(found) if token.keyword == "VIEW")
    return next(said[token.end :].strip() for token in found[start:] if token.keyword == "AS")


def original_routine(autogen_context: AutogenContext, schema: str | None, live: SchemaObject) -> SchemaObject:
    """Return a live routine with the body that it really has."""
    if not is_spoiled(live.text("body")):
        return live
    said = original(autogen_context, live.kind, schema, live.text("bare"))
    if said is None:
        return live
    return changed(live, {"body": parse("f()", behind_arguments(said, live.kind)).body})


def behind_arguments(said: str, kind: str) -> str:
    """Return what follows the arguments of a routine."""
    depth, begun = 0, False
    for token in tokens(said):
        begun = begun or token.keyword == kind.upper()
        depth += begun and (token.value == "(") - (token.value == ")")
        if begun and token.value == ")" and depth == 0:
            return said[token.end :]
    return said


def original_trigger(autogen_context: AutogenContext, schema: str | None, live: SchemaObject) -> SchemaObject:
    """Return a live trigger with the body that it really has."""
    if not is_spoiled(live.text("definition")):
        return live
    said = original(autogen_context, "trigger", schema, live.text("trigger"))
    if said is None:
        return live
    start = next(token.start for token in tokens(said) if token.keyword == "FOR")
    return changed(live, {"definition": taken_apart(live.text("event"), said[start:]).body})


def is_spoiled(body: str) -> bool:
    """Tell whether a body may not be what information_schema has."""
    return "\\" in body or "?" in body


def changed(live: SchemaObject, attributes: Mapping[str, str]) -> SchemaObject:
    """Return a live object with some attributes put right."""
    return live._replace(attributes={**live.attributes, **attributes})
