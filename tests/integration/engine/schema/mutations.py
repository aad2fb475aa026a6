"""What a mutation of a schema is: statements, and exactly the changes that the comparison must name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Expected = tuple[str, str, str, "str | None"]


@dataclass(frozen=True)
class Mutation:
    """One way to change a schema by hand.

    Attributes:
        title: what somebody did, as the documentation lists it.
        sql: the statements.
        found: (op, kind, object, attribute) of every change that must be reported; none for what is not compared.
        repaired: whether the repair undoes it.
        adopted: whether a revision brings a sibling to it.
        reason: why it is not found.
    """

    title: str
    sql: tuple[str, ...]
    found: tuple[Expected, ...]
    repaired: bool = True
    reason: str = ""
    adopted: bool = True


def modified(
    title: str, kind: str, name: str, attribute: str, *sql: str, repaired: bool = True, also: Iterable[Expected] = ()
) -> Mutation:
    return Mutation(title, sql, (("modified", kind, name, attribute), *also), repaired)


def extra(title: str, kind: str, name: str, *sql: str, also: Iterable[Expected] = ()) -> Mutation:
    return Mutation(title, sql, (("extra", kind, name, None), *also))


def missing(title: str, kind: str, name: str, *sql: str) -> Mutation:
    return Mutation(title, sql, (("missing", kind, name, None),))


def ignored(title: str, reason: str, *sql: str) -> Mutation:
    return Mutation(title, sql, (), reason=reason)
