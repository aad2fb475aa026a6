"""How MySQL and MariaDB would write the models' queries: the only fair way to compare them with those of their views.

``SELECT * FROM users WHERE a<3`` comes back from the catalogue with every column named, qualified and quoted. There are no
temporary views, and making real ones would commit and be seen. But the optimizer's trace tells how the server has understood
a query, before it optimizes anything: so it is asked to explain the declared query and that of the live view, all of them
in one statement. Nothing is written, locked or run.
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from stillhouse_engine.errors import CommandError
from stillhouse_engine.schema.mysql.statements import identifier
from stillhouse_engine.schema.mysql.tokens import names, tokens

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

    from sqlalchemy import Connection

    Questions = Mapping[Hashable, str]

AS_IT_IS = {"no_parameters": True}
"""A percent sign is no placeholder."""
SETTINGS = {
    "optimizer_trace": "'enabled=on'",
    "optimizer_trace_max_mem_size": str(2**30),
    "optimizer_switch": "'derived_merge=off'",
}
BEYOND = re.compile("[\U00010000-\U0010ffff]")
"""Letters beyond the Basic Multilingual Plane."""
EXPANDED = re.compile(r'"expanded_query": ("(?:[^"\\]|\\.)*")')
"""A query in a trace. Elsewhere in a trace MariaDB leaves quotes as they are, so that it is no JSON."""
NUMBERS = re.compile(r"/\* select#\d+ \*/ ?")
CHARACTER_SET = re.compile(r"\b_utf8(?:mb[34])?\s*(?=')")
UNICODE = frozenset({"_UTF8", "_UTF8MB3", "_UTF8MB4"})
ESCAPED = re.compile(r"\\\\|(?:\\x[0-9A-F]{2})+")
"""Letters of a text that said its character set; two backslashes are one that was meant."""
MARK = re.compile(r"select 'stillhouse (\d+)'")
NOT_ABOUT_THE_QUERY = frozenset({1044, 1045, 1142, 1143, 1205, 1213, 1227, 1317, 1345, 1370, 1969, 3024})
"""Errors of the server that say nothing of a query: privileges, locks, timeouts."""


class HiddenError(CommandError):
    """The server does not tell this user how it understands something.

    Args:
        reason: why not.

    Attributes:
        reason: why not.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            "Can't compare views, functions or CHECKs: the server was asked how it understands those of the models, by EXPLAIN and "
            f"the optimizer's trace, and refused: {reason}. Grant SELECT and SHOW VIEW on the database to this user, filter with "
            "include_name, or leave these plug-ins out of autogenerate_plugins."
        )


def server_words(connection: Connection, questions: Questions, views: Mapping[str, str]) -> dict[Hashable, str | None]:
    """Return how the server understands queries.

    Args:
        connection: the connection.
        questions: the queries, by any key.
        views: what the views of the connection's own database say, by their names. Where the server tells nothing of queries
            over views that have the rights of somebody else, it is asked again with their queries in their place.

    Returns:
        The texts by the same keys; None where the server cannot make sense of a query now.

    Raises:
        HiddenError: this user is not told.
    """
    if not questions:
        return {}
    known = {name.lower(): (name, query) for name, query in views.items()}
    queries = list(questions.values())
    with traced(connection):
        try:
            found = ask(connection, queries, {})
        except HiddenError:
            found = ask(connection, queries, known)
    return {
        key: said and f"{said} {ordinals(question)}"
        for (key, question), said in zip(questions.items(), found, strict=True)
    }


@contextmanager
def traced(connection: Connection) -> Iterator[None]:
    """Let the server trace its optimizer in this session; afterwards the session is as it was.

    Raises:
        HiddenError: it cannot.
    """
    try:
        before = connection.exec_driver_sql(f"SELECT {', '.join(f'@@{name}' for name in SETTINGS)}").one()
        set_all(connection, SETTINGS)
    except DBAPIError as error:
        raise HiddenError(str(error.orig)) from error
    try:
        yield
    finally:
        after = {
            name: str(value) if isinstance(value, int) else f"'{value}'"
            for name, value in zip(SETTINGS, before, strict=True)
        }
        if not connection.invalidated:
            set_all(connection, after)


def set_all(connection: Connection, settings: Mapping[str, str]) -> None:
    """Set variables of the session."""
    connection.exec_driver_sql("SET " + ", ".join(f"{name} = {value}" for name, value in settings.items()))


def ask(connection: Connection, queries: list[str], views: Mapping[str, tuple[str, str]]) -> list[str | None]:
    """Ask all at once; what fails is found by halves.

    Raises:
        HiddenError: this user is not told.
    """
    try:
        connection.exec_driver_sql(explanation(queries, views), execution_options=AS_IT_IS).close()
    except DBAPIError as error:
        if error.connection_invalidated or code_of(error) in NOT_ABOUT_THE_QUERY:
            raise HiddenError(str(error.orig)) from error
        if len(queries) == 1:
            return [None]
        half = len(queries) // 2
        return [*ask(connection, queries[:half], views), *ask(connection, queries[half:], views)]
    trace = connection.exec_driver_sql("SELECT TRACE FROM information_schema.OPTIMIZER_TRACE").scalar()
    if not trace:
        raise HiddenError("it tells nothing of queries over views that have the rights of somebody else")
    return answers(trace, len(queries))


def explanation(queries: list[str], views: Mapping[str, tuple[str, str]]) -> str:
    """Return the statement that explains queries: each a derived table, whose columns may be any."""
    needed: dict[str, str] = {}
    for query in queries:
        need(query, views, needed)
    given = ", ".join(f"{identifier(name)} AS ({query})" for name, query in needed.items())
    given, queries = basic(given), [basic(query) for query in queries]
    parts = [
        f"SELECT 'stillhouse {number}' FROM (\n{query}\n) AS stillhouse_words" for number, query in enumerate(queries)
    ]
    return f"EXPLAIN {f'WITH {given} ' if given else ''}{' UNION ALL '.join(parts)}"


def basic(sql: str) -> str:
    """Return SQL whose texts can stand in a trace.

    They say no character set, because MySQL writes those that do without escaping anything, and they have no letters that
    are none of utf8mb3: each is written as its number.
    """
    found = tokens(sql)
    for token, following in reversed(list(pairwise(found))):
        if token.keyword in UNICODE and following.kind == "text":
            sql = sql[: token.start] + sql[token.end :]
    return BEYOND.sub(lambda match: f"\ue000{ord(match[0]):x}\ue001", sql)


def need(query: str, views: Mapping[str, tuple[str, str]], needed: dict[str, str]) -> None:
    """Add the views that a query speaks of, each behind those that it speaks of itself."""
    for word in sorted(names(query) & views.keys()):
        name, definition = views[word]
        if name not in needed:
            others = {other: view for other, view in views.items() if other != word}
            need(definition, others, needed)
            needed[name] = definition


def answers(trace: str, count: int) -> list[str | None]:
    """Return what a trace says of each query."""
    found: list[str | None] = [None] * count
    for match in EXPANDED.finditer(trace):
        said = NUMBERS.sub("", json.loads(match[1]))
        if (mark := MARK.match(said)) is not None:
            query = CHARACTER_SET.sub("", said[mark.end() :].partition(" from ")[2])
            found[int(mark[1])] = without_nests(ESCAPED.sub(unescaped, query))
    return found


def without_nests(text: str) -> str:
    """Return a query without parentheses around joins: ``a, b`` comes back as ``(a join b)``."""
    kept: list[str] = []
    nests: list[bool] = []
    found = [token.value for token in tokens(text)]
    for value, following in zip(found, [*found[1:], ""], strict=False):
        if value == "(":
            nests.append(kept[-1:] in (["from"], ["join"]) and following not in {"select", "with", "values"})
        if value not in {"(", ")"} or not (nests[-1] if value == "(" else nests.pop()):
            kept.append(value)
    return " ".join(kept)


def unescaped(match: re.Match[str]) -> str:
    """Return escaped letters as such."""
    if match[0].startswith("\\x"):
        return bytes.fromhex(match[0].replace("\\x", "")).decode(errors="replace")
    return match[0]


def ordinals(query: str) -> str:
    """Return the numbers of ORDER BY, which a trace leaves out behind a UNION."""
    found = tokens(query)
    triples = zip(found, found[1:], found[2:], strict=False)
    return " ".join(number.value for order, by, number in triples if is_ordinal(order.keyword, by.keyword, number.kind))


def is_ordinal(order: str, by: str, kind: str) -> bool:
    """Tell whether three tokens are ORDER BY and a number."""
    return order == "ORDER" and by == "BY" and kind == "number"


def code_of(error: DBAPIError) -> int:
    """Return the server's number of an error."""
    arguments = getattr(error.orig, "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], int) else 0
