"""Joins as MySQL and MariaDB write them: ``a, b`` of a view becomes ``a join b``, and that ``(a join b)`` when it is read again.

A view that was restored from a dump, or repaired, would differ from the first one for ever. Parentheses around the left
side of joins say nothing, so they are left out; those around the right side stay.
"""

from __future__ import annotations

from stillhouse_engine.schema.mysql.tokens import Token, tokens

JOINS = frozenset({"JOIN", "STRAIGHT_JOIN"})


def without_left_nests(query: str) -> str:
    """Return a view's query without parentheses around joins behind FROM."""
    found = tokens(query)
    ends = partners(found)
    left_out: set[int] = set()
    begins = False
    for place, token in enumerate(found):
        if begins and token.value == "(" and is_nest(found, place, ends[place]):
            left_out |= {token.start, found[ends[place]].start}
            continue
        begins = token.keyword == "FROM"
    return "".join(sign for place, sign in enumerate(query) if place not in left_out)


def partners(found: list[Token]) -> dict[int, int]:
    """Return the place of each opening parenthesis's counterpart; the last place where there is none."""
    ends: dict[int, int] = {}
    opened: list[int] = []
    for place, token in enumerate(found):
        if token.value == "(":
            opened.append(place)
            ends[place] = len(found) - 1
        elif token.value == ")" and opened:
            ends[opened.pop()] = place
    return ends


def is_nest(found: list[Token], start: int, end: int) -> bool:
    """Tell whether two parentheses stand around a join, not around a query that has a name or around an expression."""
    depth = 0
    for token in found[start + 1 : end]:
        depth += (token.value == "(") - (token.value == ")")
        if depth == 0 and token.keyword in JOINS:
            return end + 1 == len(found) or found[end + 1].kind != "quoted"
    return False
