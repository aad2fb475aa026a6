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
    """Return a view without what legitimately differs between two servers.

    PostgreSQL 15 and older write ``SELECT t.a FROM t`` where later ones write ``SELECT a FROM t``.
    """
    query = item.text("definition")
    bare = without_only_relation(query)
    return item._replace(attributes={**item.attributes, "definition": bare}, hints={**item.hints, "query": query})


def without_only_relation(query: str) -> str:
    """Leave the name of the only relation of a query out in front of its columns."""
    words = TOKEN.findall(query)
    name = _only_relation(words)
    return "".join(_without(words, name)) if name else query


def _only_relation(words: Sequence[str]) -> str:
    """Return the name by which the outermost query knows its only relation; nothing when it has several or none."""
    depth, inside, name = 0, False, ""
    for word in words:
        depth += (word == "(") - (word == ")")
        if depth or word.isspace():
            continue
        if word == "FROM":
            inside = True
        elif inside and word in SEVERAL:
            return ""
        elif word in AFTER_FROM:
            inside = False
            if word in SEVERAL:
                return ""
        elif inside and (word[0] in '"_' or word[0].isalpha()):
            name = word
    return name


def _without(words: Sequence[str], name: str) -> Iterator[str]:
    depths: list[bool] = []
    skip = False
    for place, word in enumerate(words):
        if word == "(":
            depths.append(
                next((other for other in words[place + 1 :] if not other.isspace()), "") in {"SELECT", "WITH"}
            )
        elif word == ")" and depths:
            depths.pop()
        if skip:
            skip = False
            continue
        follows = words[place + 1] if place + 1 < len(words) else ""
        before = words[place - 1] if place else ""
        if word == name and follows == "." and before != "." and not any(depths):
            skip = True
            continue
        yield word
