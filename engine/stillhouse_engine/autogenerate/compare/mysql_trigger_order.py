"""The order in which MySQL's and MariaDB's triggers of one table and event run: that in which they were made. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillhouse_engine.schema.mysql.triggers import taken_apart

if TYPE_CHECKING:
    from stillhouse_engine.declared import Trigger
    from stillhouse_engine.schema.mysql.triggers import Declaration


def declaration(model: Trigger) -> Declaration:
    """Take a declared trigger apart; one of another database is all body."""
    return taken_apart(model.event, model.action)


def inserted(there: list[str], name: str, order: str, other: str) -> list[str]:
    """Return the order of triggers once one is made, in the last place unless it says another."""
    kept = [each for each in there if each != name]
    place = len(kept)
    if other in kept:
        place = kept.index(other) + (order == "FOLLOWS")
    return [*kept[:place], name, *kept[place:]]


def clause(wanted: list[str], there: list[str], name: str) -> tuple[str, str]:
    """Return what puts a trigger among those that are there into the place that it has among those that are wanted."""
    others = [each for each in there if each != name]
    here = wanted.index(name)
    before = [each for each in wanted[:here] if each in others]
    behind = [each for each in wanted[here + 1 :] if each in others]
    if not behind:
        return "", ""
    return ("FOLLOWS", before[-1]) if before else ("PRECEDES", behind[0])


def in_place(wanted: list[str], there: list[str]) -> bool:
    """Tell whether triggers stand in the wanted order, as far as they are there."""
    known = [each for each in there if each in wanted]
    return known == [each for each in wanted if each in known]


def staying(wanted: list[str], there: list[str]) -> list[str]:
    """Return the longest row of triggers that stand in the wanted order already; the others are put elsewhere."""
    best: dict[str, list[str]] = {}
    for name in there:
        here = wanted.index(name)
        before = (row for last, row in best.items() if wanted.index(last) < here)
        best[name] = [*max(before, key=len, default=[]), name]
    return max(best.values(), key=len, default=[])
