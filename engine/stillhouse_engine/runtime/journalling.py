"""Whether a run keeps a journal, and how the journal sees what the run sends."""

from __future__ import annotations

from contextlib import nullcontext
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from stillhouse_engine.faults import fault
from stillhouse_engine.runtime.journal import Journal
from stillhouse_engine.runtime.journal_statements import JOURNALLED

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection, CursorResult, Table

    from stillhouse_engine.dialects.statements import Statement, StatementSink
    from stillhouse_engine.runtime.journal_table import Entry
    from stillhouse_engine.script.steps import MigrationStep


class JournalSink:
    """Stands before another sink, and lets a journal see what goes there."""

    def __init__(self, inner: StatementSink, journal: Journal) -> None:
        self.inner = inner
        self.journal = journal

    def execute(self, statement: Statement) -> CursorResult[Any] | None:
        """Send a statement, unless it is done already."""
        result: CursorResult[Any] | None = self.journal.send(statement, self._send)
        return result

    def flush(self) -> None:
        """Flush the other sink."""
        self.inner.flush()

    def _send(self, statement: Statement) -> CursorResult[Any] | None:
        fault("before_statement")
        result = self.inner.execute(statement)
        fault("after_statement")
        return result


class NoJournal:
    """Stands in for a journal where there is nothing to record."""

    known: Mapping[int, Entry] = MappingProxyType({})
    interrupted = False

    def recording(self, _step: MigrationStep, _heads: Collection[str]) -> AbstractContextManager[None]:
        """Record nothing."""
        return nullcontext()

    def paused(self) -> AbstractContextManager[None]:
        """Record nothing."""
        return nullcontext()

    def checkpoint(self) -> None:
        """Do nothing."""

    def clear(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


def open_journal(connection: Connection, version: Table, *, found: bool | None) -> Journal | NoJournal:
    """Return the journal of a run."""
    if connection.dialect.name not in JOURNALLED:
        return NoJournal()
    return Journal(connection, version, found=found)
