"""Takes the declarations of MySQL's and MariaDB's triggers apart."""

from __future__ import annotations

import re
from typing import NamedTuple

from stillhouse_engine.schema.mysql.tokens import tokens

PREAMBLE = ("FOR", "EACH", "ROW")
ORDER = re.compile(r"\s*(FOLLOWS|PRECEDES)\s+(`(?:[^`]|``)*`|[\w$]+)", re.IGNORECASE)


class Declaration(NamedTuple):
    """What a declared trigger says.

    Attributes:
        event: when it runs, in capitals: ``BEFORE UPDATE``.
        order: ``FOLLOWS`` or ``PRECEDES``; empty where it says neither.
        other: the trigger that it follows or precedes.
        body: what it does.
    """

    event: str
    order: str
    other: str
    body: str


def taken_apart(event: str, action: str) -> Declaration:
    """Take a trigger apart, from ``FOR EACH ROW`` on."""
    said = " ".join(event.upper().split())
    first = tokens(action)[:3]
    body = action[first[-1].end :] if tuple(each.keyword for each in first) == PREAMBLE else action
    order = ORDER.match(body)
    if order is None:
        return Declaration(said, "", "", body.strip())
    other = order[2].strip("`").replace("``", "`")
    return Declaration(said, order[1].upper(), other, body[order.end() :].strip())
