"""How far a backfill has come: remembered in the journal, in the transaction that carries each chunk.

A backfill is one statement of its revision that is carried out in parts. Its row in the journal tells the last key that is
done; like all rows of the revision it goes with the transaction that writes the version.
"""

from __future__ import annotations

import json
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from stillhouse_engine.errors import CommandError
from stillhouse_engine.faults import fault
from stillhouse_engine.runtime.journal import Journal
from stillhouse_engine.runtime.journal_statements import JOURNALLED, Sent
from stillhouse_engine.runtime.journal_table import DONE, Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection, Executable

AFTER = " AFTER "
PARTLY = "partly"
"""The state of a row whose backfill has more rows to change."""


def encoded(key: Any) -> str:
    """Return a key as text.

    Raises:
        CommandError: it is of a type that would not come back as it was.
    """
    if isinstance(key, UUID):
        return json.dumps({"uuid": str(key)})
    if isinstance(key, str) or (isinstance(key, int) and not isinstance(key, bool)):
        return json.dumps(key)
    raise CommandError(
        f"A backfill walks along integers, text or UUIDs, not along {type(key).__name__}: choose another key"
    )


def decoded(text: str) -> Any:
    """Return the key that a text stands for."""
    key = json.loads(text)
    return UUID(key["uuid"]) if isinstance(key, dict) else key


class Record:
    """The row of one backfill in the journal.

    Args:
        journal: the journal of the run.
        statement: what the backfill does.

    Raises:
        IndeterminateError: an earlier run has carried out a part of it, and it is another one now.
    """

    def __init__(self, journal: Journal, statement: Executable) -> None:
        self.journal = journal
        dialect = journal.connection.dialect
        compiled: Any = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        self.sent = Sent(dialect, words=f"BACKFILL {compiled}", values=compiled.params)
        journal.position += 1
        self.sent.position = journal.position
        self.found = journal.known.get(journal.position)
        if self.found is not None and not journal.earlier.same(self.found, self.sent):
            raise journal.earlier.changed(self.found, f"a part of it was carried out, and now it is: {self.sent.sql}")

    @property
    def after(self) -> Any:
        """The last key that is done; None at the beginning."""
        return decoded(self.found.statement.rpartition(AFTER)[2]) if self.found is not None else None

    def write(self, state: str, after: Any) -> None:
        """Write how far the backfill has come."""
        rows, sent = self.journal.rows, self.sent
        words = f"{sent.sql}{AFTER}{encoded(after)}"
        revision, direction = self.journal.step or ("", "")
        entry = Entry(revision, direction, sent.position, state, sent.hash, sent.shape, self.journal.file, words)
        if self.found is None:
            rows.create()
            rows.add([entry])
            self.journal.written.append(entry)
        else:
            rows.replace(entry)
        self.found = entry


class Walk:
    """A backfill on its way.

    Args:
        connection: the connection that migrates.
        tell: reports each chunk.
        record: its row in the journal, where there is one.
        outside: leaves the migration's transaction; None where that is not to be, so that all chunks run in it.

    Attributes:
        after: the last key that is done.
        rows: rows that this run has changed.
    """

    def __init__(
        self,
        connection: Connection,
        tell: Callable[..., None],
        record: Record | None,
        outside: Callable[[], AbstractContextManager[None]] | None,
    ) -> None:
        self.connection = connection
        self.tell = tell
        self.record = record
        self._outside = outside
        self.after: Any = record.after if record is not None else None
        self.rows = 0

    @property
    def done(self) -> bool:
        """Whether an earlier run has come to the end."""
        return self.record is not None and self.record.found is not None and self.record.found.state == DONE

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Leave the migration's transaction within a block, unnoticed by the journal."""
        paused = self.record.journal.paused() if self.record is not None else nullcontext()
        with self._outside() if self._outside is not None else nullcontext(), paused:
            yield

    @contextmanager
    def chunk(self, last: Any) -> Iterator[None]:
        """Carry out a chunk in a transaction of its own, together with its row of the journal."""
        encoded(last)
        with self._transaction():
            yield
            if self.record is not None:
                self.record.write(PARTLY, last)
            fault("before_done")
        fault("after_done")
        self.after = last
        self.tell("backfill.advanced", rows=self.rows, after=str(last))

    def finish(self) -> None:
        """Say that there are no more rows."""
        if self.record is not None and self.after is not None:
            with self._transaction():
                self.record.write(DONE, self.after)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if self._outside is None or self.connection.dialect.name not in JOURNALLED:
            yield
            return
        before = self.record.found if self.record is not None else None
        self.connection.exec_driver_sql("BEGIN")
        try:
            yield
            self.connection.exec_driver_sql("COMMIT")
        except BaseException:
            if not self.connection.invalidated:
                with suppress(DBAPIError):  # what went wrong first is what the user needs to see
                    self.connection.exec_driver_sql("ROLLBACK")
            if self.record is not None:
                self.record.found = before
            raise


def open_walk(context: Any, journal: Any, statement: Executable, tell: Callable[..., None], *, held: bool) -> Walk:
    """Return the walk of a backfill in a migration context.

    Args:
        context: the migration context.
        journal: the journal of its run.
        statement: what the backfill does.
        tell: reports each chunk.
        held: the transaction is not to be left, so that all chunks run in it.
    """
    if held:
        return Walk(context.connection, tell, None, None)
    recorded = isinstance(journal, Journal) and journal.step is not None
    return Walk(context.connection, tell, Record(journal, statement) if recorded else None, context.autocommit_block)
