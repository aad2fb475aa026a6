"""What an operator wants to know about a statement before it runs: locks it takes, data it loses, scans and rewrites.

Rules are patterns over PostgreSQL's and MySQL's DDL, from their documentation of lock levels and online DDL. They warn; they
never stop anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stillhouse_orchestrator.values import Hazard

if TYPE_CHECKING:
    from collections.abc import Iterable

COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Rule:
    """One pattern, and what it means."""

    name: str
    pattern: re.Pattern[str]
    message: str
    lock: str | None = None
    backends: tuple[str, ...] = ("postgresql", "mysql", "mariadb")


def _rule(name: str, pattern: str, message: str, lock: str | None = None, *backends: str) -> Rule:
    found = re.compile(pattern, re.IGNORECASE | re.DOTALL)
    return Rule(name, found, message, lock, backends or ("postgresql", "mysql", "mariadb", "sqlite"))


PG, MY = ("postgresql",), ("mysql", "mariadb")
EXCLUSIVE, SHARE = "ACCESS EXCLUSIVE", "SHARE"
RULES = (
    _rule("drop-table", r"^\s*DROP\s+TABLE\b", "drops a table with its rows", EXCLUSIVE),
    _rule(
        "drop-column",
        r"^\s*ALTER\s+TABLE\b.*\bDROP\s+(?:COLUMN\s+)(?!CONSTRAINT)",
        "drops a column with its values",
        EXCLUSIVE,
    ),
    _rule("truncate", r"^\s*TRUNCATE\b", "removes every row", EXCLUSIVE),
    _rule("rewrite", r"^\s*(?:UPDATE|DELETE\s+FROM)\b(?!.*\bWHERE\b)", "touches every row in one transaction"),
    _rule(
        "rename", r"^\s*ALTER\s+TABLE\b.*\bRENAME\b", "breaks programs that still use the old name", EXCLUSIVE, *PG, *MY
    ),
    _rule(
        "index-blocks-writes",
        r"^\s*CREATE\s+(?:UNIQUE\s+)?INDEX\s+(?!CONCURRENTLY)",
        "blocks writes to the table while the index is built; CONCURRENTLY does not",
        SHARE,
        *PG,
    ),
    _rule(
        "drop-index",
        r"^\s*DROP\s+INDEX\s+(?!CONCURRENTLY)",
        "waits for, and then blocks, everything that uses the table",
        EXCLUSIVE,
        *PG,
    ),
    _rule(
        "type-change",
        r"^\s*ALTER\s+TABLE\b.*\bALTER\s+(?:COLUMN\s+)?\S+\s+(?:SET\s+DATA\s+)?TYPE\b",
        "may rewrite the whole table while nobody can use it",
        EXCLUSIVE,
        *PG,
    ),
    _rule(
        "not-null",
        r"^\s*ALTER\s+TABLE\b.*\bSET\s+NOT\s+NULL\b",
        "scans the whole table while nobody can use it",
        EXCLUSIVE,
        *PG,
    ),
    _rule(
        "not-null-without-default",
        r"^\s*ALTER\s+TABLE\b.*\bADD\s+COLUMN\b(?=.*\bNOT\s+NULL\b)(?!.*\b(?:DEFAULT|GENERATED|SERIAL|BIGSERIAL)\b)",
        "fails on a table that has rows",
        EXCLUSIVE,
    ),
    _rule(
        "constraint-scans",
        r"^\s*ALTER\s+TABLE\b.*\bADD\s+CONSTRAINT\b.*\b(?:FOREIGN\s+KEY|CHECK)\b(?!.*\bNOT\s+VALID\b)",
        "checks every row under its lock; NOT VALID and a later VALIDATE do not",
        "SHARE ROW EXCLUSIVE",
        *PG,
    ),
    _rule(
        "unique-blocks",
        r"^\s*ALTER\s+TABLE\b.*\bADD\s+CONSTRAINT\b.*\b(?:UNIQUE|PRIMARY\s+KEY)\s*\(",
        "builds an index while nobody can use the table; USING INDEX does not",
        EXCLUSIVE,
        *PG,
    ),
    _rule(
        "modify-copies",
        r"^\s*ALTER\s+TABLE\b.*\b(?:MODIFY|CHANGE)\b",
        "may copy the whole table",
        "SHARED_NO_WRITE",
        *MY,
    ),
    _rule(
        "mysql-ddl-commits",
        r"^\s*(?:CREATE|ALTER|DROP|RENAME)\b",
        "commits at once: a later failure does not take it back",
        None,
        *MY,
    ),
    _rule("lock-table", r"^\s*LOCK\s+TABLE", "locks a table for the rest of the transaction"),
)


def hazards_of(statements: Iterable[str], backend: str) -> tuple[Hazard, ...]:
    """Return the hazards of some statements on a kind of database; a rule is named once with the first statement it met."""
    found: dict[str, Hazard] = {}
    created: set[str] = set()
    for statement in statements:
        bare = COMMENT.sub(" ", statement).strip()
        if _harmless(bare, created):
            continue
        for rule in RULES:
            if backend in rule.backends and rule.name not in found and rule.pattern.search(bare):
                lock = rule.lock if backend != "sqlite" else None
                found[rule.name] = Hazard(rule.name, rule.message, bare, lock)
    return tuple(found.values())


TABLE = re.compile(r"^CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(?P<name>[^\s(]+)", re.IGNORECASE)
ON_TABLE = re.compile(
    r"^(?:ALTER\s+TABLE|CREATE\s+(?:UNIQUE\s+)?INDEX\s+\S+\s+ON)\s+(?:ONLY\s+)?(?P<name>[^\s(]+)", re.IGNORECASE
)


def _harmless(statement: str, created: set[str]) -> bool:
    """Tell whether a statement concerns only a table that the same plan has just made: nobody uses it yet."""
    if match := TABLE.match(statement):
        created.add(match["name"])
        return False
    match = ON_TABLE.match(statement)
    return match is not None and match["name"] in created
