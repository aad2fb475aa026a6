"""What a mutation of a schema is: statements, and exactly the changes that the comparison must name."""

from __future__ import annotations

from dataclasses import dataclass

Expected = tuple[str, str, str, "str | None"]


@dataclass(frozen=True)
class Mutation:
    """One way to change a schema by hand.

    Attributes:
        title: what somebody did, as the documentation lists it.
        sql: the statements.
        found: (op, kind, object, attribute) of every change that must be reported; none for what is not compared.
        repaired: whether the repair undoes it.
        reason: why it is not found.
    """

    title: str
    sql: tuple[str, ...]
    found: tuple[Expected, ...]
    repaired: bool = True
    reason: str = ""


def modified(title: str, kind: str, name: str, attribute: str, *sql: str, repaired: bool = True) -> Mutation:
    return Mutation(title, sql, (("modified", kind, name, attribute),), repaired)


def extra(title: str, kind: str, name: str, *sql: str) -> Mutation:
    return Mutation(title, sql, (("extra", kind, name, None),))


def missing(title: str, kind: str, name: str, *sql: str) -> Mutation:
    return Mutation(title, sql, (("missing", kind, name, None),))


def ignored(title: str, reason: str, *sql: str) -> Mutation:
    return Mutation(title, sql, (), reason=reason)
