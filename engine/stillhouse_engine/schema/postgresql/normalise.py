"""What still differs between servers after rendering, evened out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stillhouse_engine.schema.snapshot import SchemaObject

TOKEN = re.compile(r"""'(?:[^']|'')*'|(?:"(?:[^"]|"")*"|[^\W\d][\w$]*)|\s+|.""", re.DOTALL)
AFTER_FROM = frozenset(
    {"WHERE", "GROUP", "HAVING", "WINDOW", "UNION", "INTERSECT", "EXCEPT", "ORDER", "LIMIT", "OFFSET", "FETCH", "FOR"}
)
SEVERAL = frozenset({"JOIN", "UNION", "INTERSECT", "EXCEPT", "LATERAL", ","})


def normalised(item: SchemaObject) -> SchemaObject:
    """Return an object without what legitimately differs between two servers.

    PostgreSQL 15 and older write ``SELECT t.a FROM t`` where later ones write ``SELECT a FROM t``.
    """
    if item.kind not in {"view", "materialized_view"}:
        return item
    query = item.text("definition")
    bare = without_only_relation(query)
    return item._replace(attributes={**item.attributes, "definition": bare}, hints={**item.hints, "query": query})


def without_only_relation(query: str) -> str:
    """Leave the name of the only relation of a query out in front of its columns."""
    tokens = TOKEN.findall(query)
    name = _only_relation(tokens)
    return "".join(_without(tokens, name)) if name else query


def _only_relation(tokens: Sequence[str]) -> str:
    """Return the name by which the outermost query knows its only relation; nothing when it has several or none."""
    depth, inside, name = 0, False, ""
    for token in tokens:
        depth += (token == "(") - (token == ")")
        if depth or token.isspace():
            continue
        if token == "FROM":
            inside = True
        elif inside and token in SEVERAL:
            return ""
        elif token in AFTER_FROM:
            inside = False
            if token in SEVERAL:
                return ""
        elif inside and (token[0] in '"_' or token[0].isalpha()):
            name = token
    return name


def _without(tokens: Sequence[str], name: str) -> Iterator[str]:
    depths: list[bool] = []
    skip = False
    for place, token in enumerate(tokens):
        if token == "(":
            depths.append(next((word for word in tokens[place + 1 :] if not word.isspace()), "") in {"SELECT", "WITH"})
        elif token == ")" and depths:
            depths.pop()
        if skip:
            skip = False
            continue
        follows = tokens[place + 1] if place + 1 < len(tokens) else ""
        before = tokens[place - 1] if place else ""
        if token == name and follows == "." and before != "." and not any(depths):
            skip = True
            continue
        yield token
