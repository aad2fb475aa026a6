"""A look into the catalogue: was a statement carried out whose process died before it could say so?

Before such a statement is sent, the state of what it changes is noted. Afterwards the same state says that it was not
carried out, because these statements are atomic on their servers; another state, together with what the statement should
have made or removed, says that it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from stillhouse_engine.runtime.journal_statements import MYSQL
from stillhouse_engine.runtime.journal_verdicts import Finding, Verdict

if TYPE_CHECKING:
    from sqlalchemy import Connection


class Catalogue(Protocol):
    """What one kind of database can tell of a statement."""

    def state(self, sql: str) -> str | None:
        """Return the state of what a statement changes, in 64 characters at most; None when it cannot be told."""
        ...

    def judge(self, sql: str, before: str | None) -> Finding:
        """Say whether a statement was carried out since the state was another one."""
        ...

    def prepare(self, sql: str) -> None:
        """Clear away what a failed attempt at a statement has left behind."""
        ...


class SilentCatalogue:
    """Tells nothing: on SQLite every statement shares a transaction with its row of the journal."""

    def state(self, sql: str) -> str | None:
        """Return nothing."""
        del sql
        return None

    def judge(self, sql: str, before: str | None) -> Finding:
        """Know nothing."""
        del sql, before
        return Finding(Verdict.UNKNOWN, "this kind of database has no catalogue that would tell")

    def prepare(self, sql: str) -> None:
        """Do nothing."""


def catalogue_of(connection: Connection) -> Catalogue:
    """Return what can be asked of a connection's database."""
    kind = connection.dialect.name
    if kind == "postgresql":
        from stillhouse_engine.runtime.journal_postgresql import PostgresCatalogue

        return PostgresCatalogue(connection)
    if kind in MYSQL:  # its patterns take a tenth of the time that the engine takes to import
        from stillhouse_engine.runtime.journal_mysql import MySQLCatalogue

        return MySQLCatalogue(connection)
    return SilentCatalogue()
