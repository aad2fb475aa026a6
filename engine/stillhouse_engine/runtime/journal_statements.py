"""What becomes of a statement when its process dies: decided by the database, and by the statement's first words."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import TextClause
from sqlalchemy.schema import DDLElement

from stillhouse_engine.runtime.sqlite import first_word

if TYPE_CHECKING:
    from sqlalchemy import Dialect

    from stillhouse_engine.dialects.statements import Statement

MYSQL = frozenset({"mysql", "mariadb"})
JOURNALLED = MYSQL | {"postgresql", "sqlite"}


class Fate(Enum):
    """What a statement does to transactions, and what a run that goes on has to do about it."""

    PASSING = "changes nothing that lasts, or may be done again: sent every time"
    COMMITTING = "sent every time; ends the transaction that is open"
    ATOMIC = "commits or vanishes with the transaction that it is in"
    ALONE = "commits by itself: needs an intent"
    TEMPORARY = "makes what dies with the session"


READING = frozenset({"SELECT", "VALUES", "WITH", "TABLE"})
ALWAYS = frozenset(
    {"", "SET", "SHOW", "RESET", "EXPLAIN", "SAVEPOINT", "RELEASE", "DESCRIBE", "DESC", "USE", "DISCARD"}
)
ENDING = frozenset({"BEGIN", "START", "COMMIT", "END", "ROLLBACK"})
ALSO_PASSING: dict[str, frozenset[str]] = {
    "mysql": frozenset(),
    "mariadb": frozenset(),
    "sqlite": frozenset({"PRAGMA", "VACUUM", "ATTACH", "DETACH", "ANALYZE", "REINDEX"}),
    "postgresql": frozenset({"LOCK", "VACUUM", "ANALYZE", "REINDEX", "CLUSTER", "CHECKPOINT", "REFRESH", "NOTIFY"}),
}
MYSQL_DATA = READING | {"INSERT", "UPDATE", "DELETE", "REPLACE", "DO", "LOAD", "HANDLER"}
MYSQL_ENDING = ENDING | {"LOCK", "UNLOCK", "FLUSH", "ANALYZE", "OPTIMIZE", "REPAIR", "CHECK"}
"""MySQL commits implicitly before each of these; doing them again is harmless."""
WRITES = re.compile(r"\b(?:INSERT|UPDATE|DELETE|MERGE|REPLACE)\b", re.IGNORECASE)
TEMPORARY = re.compile(
    r"\s*(?:CREATE|DROP)\s+(?:OR\s+REPLACE\s+)?(?:LOCAL\s+|GLOBAL\s+)?TEMP(?:ORARY)?\b", re.IGNORECASE
)
SETTING = re.compile(r"\s*SELECT\b.*\bset_config\s*\(", re.IGNORECASE | re.DOTALL)
TO_SAVEPOINT = re.compile(r"\s*ROLLBACK\s+(?:\w+\s+)?TO\b", re.IGNORECASE)
FITS_TRANSACTION = re.compile(
    r"\s*(?:(?:INSERT|UPDATE|DELETE|MERGE|REPLACE|WITH|SELECT|VALUES|COMMENT|TRUNCATE|GRANT|REVOKE)\b"
    r"|(?:CREATE|ALTER|DROP)\s+(?:OR\s+REPLACE\s+|UNIQUE\s+|MATERIALIZED\s+|UNLOGGED\s+|RECURSIVE\s+)*"
    r"(?:TABLE|INDEX|VIEW|SEQUENCE|SCHEMA|FUNCTION|PROCEDURE|TRIGGER|DOMAIN|EXTENSION|POLICY|AGGREGATE)\b)"
    r"(?!.*\bCONCURRENTLY\b)",
    re.IGNORECASE | re.DOTALL,
)
"""Statements that a transaction of their own changes nothing about."""


def fate(dialect: str, sql: str, *, autocommit: bool, read_by_user: bool) -> Fate:
    """Say what becomes of a statement.

    Args:
        dialect: SQLAlchemy's name of the database.
        sql: the statement's text.
        autocommit: whether the connection is outside of transactions.
        read_by_user: whether the revision sees its result, so that a SELECT is a question and not an action.
    """
    word = first_word(sql)
    asks = read_by_user and word in READING and not (word == "WITH" and WRITES.search(sql))
    if asks or word in ALWAYS or word in ALSO_PASSING[dialect] or SETTING.match(sql) or TO_SAVEPOINT.match(sql):
        return Fate.PASSING
    if TEMPORARY.match(sql):
        return Fate.TEMPORARY
    if word in (MYSQL_ENDING if dialect in MYSQL else ENDING):
        return Fate.COMMITTING
    alone = word not in MYSQL_DATA if dialect in MYSQL else False
    return Fate.ALONE if alone or autocommit else Fate.ATOMIC


def fits_transaction(dialect: str, sql: str) -> bool:
    """Tell whether a statement outside of transactions may as well have one of its own, with its row of the journal."""
    if ";" in sql.strip().rstrip(";"):
        return False
    if dialect in MYSQL:
        return first_word(sql) in MYSQL_DATA
    return dialect == "sqlite" or FITS_TRANSACTION.match(sql) is not None


@dataclass
class Sent:
    """A statement on its way to the database.

    Attributes:
        dialect: renders it.
        statement: the statement; None when only its text is known.
        words: its text, when that is known.
        values: its bound values, when its text is known.
        position: its number among the statements of its revision that count.
    """

    dialect: Dialect
    statement: Statement | None = None
    words: str | None = None
    values: Any = None
    position: int = 0

    @cached_property
    def sql(self) -> str:
        """The statement's text, with placeholders."""
        return self._rendered[0]

    @cached_property
    def _rendered(self) -> tuple[str, Any]:
        if self.words is not None or self.statement is None:
            return self.words or "", self.values
        construct: Any = self.statement.construct
        if isinstance(construct, str):
            return construct, self.statement.parameters
        if isinstance(construct, TextClause):
            return construct.text, (construct.compile().params, self.statement.parameters)
        compiled = construct.compile(dialect=self.dialect)
        values = None if isinstance(construct, DDLElement) else compiled.params
        return str(compiled), (values, self.statement.parameters)

    @property
    def is_construct(self) -> bool:
        """Whether it is DDL that a directive made, which needs no look at its text inside a transaction."""
        return self.statement is not None and isinstance(self.statement.construct, DDLElement)

    @property
    def shape(self) -> str:
        """The hash of its text without bound values."""
        return digest(self.sql)

    @property
    def hash(self) -> str:
        """The hash of its text and its bound values."""
        return digest(self.sql, repr(self._rendered[1]))


def digest(*words: str) -> str:
    """Return 32 hexadecimal digits that stand for some text."""
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:32]
