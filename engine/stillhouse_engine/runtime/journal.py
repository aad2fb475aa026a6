"""The journal of statements that do not commit together with their revision's version row.

Where a revision's statements and its version row share one transaction, nothing is ever written here. Elsewhere (MySQL,
MariaDB, autocommit blocks, SQLite's PRAGMA and VACUUM in the middle of a revision) each statement leaves a row behind:
*done*, in the transaction that carries the statement, or *intent* before and *done* after a statement that commits by
itself. Where the catalogue tells on MySQL whether such a statement was carried out, *done* goes along with the next
intent. A run that finds rows goes on with the first statement that is not done.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from stillhouse_engine.faults import fault
from stillhouse_engine.runtime.journal_earlier import EarlierRun
from stillhouse_engine.runtime.journal_hiding import hide_journal
from stillhouse_engine.runtime.journal_probes import catalogue_of
from stillhouse_engine.runtime.journal_statements import (
    MYSQL,
    Fate,
    Sent,
    digest,
    fate,
    fits_transaction,
)
from stillhouse_engine.runtime.journal_table import DONE, INTENT, Entry, JournalTable
from stillhouse_engine.runtime.journal_verdicts import AGAIN
from stillhouse_engine.runtime.sqlite import first_word

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from sqlalchemy import Connection, CursorResult, Table

    from stillhouse_engine.dialects.statements import Statement
    from stillhouse_engine.script.steps import MigrationStep

log = logging.getLogger("alembic.runtime.journal")

NOTHING = {"mysql": "DO 0", "mariadb": "DO 0"}
"""What is sent in place of a statement that is done already and whose result the revision looks at."""


class Journal:
    """The journal of one run.

    Args:
        connection: the connection that migrates.
        version: the version table.
        found: whether the journal's table is there; None when nobody has looked.
    """

    def __init__(self, connection: Connection, version: Table, *, found: bool | None) -> None:
        self.connection = connection
        self.dialect = connection.dialect.name
        self.rows = JournalTable(connection, version.schema, version.name, found=found)
        self.catalogue = catalogue_of(connection)
        self.earlier = EarlierRun(self)
        self.loaded: list[Entry] | None = None
        self.known: dict[int, Entry] = {}
        self.pending: list[Sent] = []
        self.position = 0
        self.step: tuple[str, str] | None = None
        self._path: str | None = None
        self._file: str | None = None
        self.open: Entry | None = None  # a statement of the revision's own that commits by itself
        self.carried_out: Entry | None = None  # its row still says what was meant
        self.written: list[Entry] = []
        self.quiet = 0
        self.ended_by_hand = False
        hide_journal(connection.dialect)
        event.listen(connection, "before_cursor_execute", self._before, retval=True)
        event.listen(connection, "after_cursor_execute", self._after)
        event.listen(connection, "commit", self._committed)
        event.listen(connection, "rollback", self._rolled_back)
        event.listen(connection, "set_connection_execution_options", refuse_early)

    def close(self) -> None:
        """Stop watching the connection."""
        event.remove(self.connection, "before_cursor_execute", self._before)
        event.remove(self.connection, "after_cursor_execute", self._after)
        event.remove(self.connection, "commit", self._committed)
        event.remove(self.connection, "rollback", self._rolled_back)
        event.remove(self.connection, "set_connection_execution_options", refuse_early)

    @property
    def interrupted(self) -> bool:
        """Whether an earlier run was interrupted in the middle of a revision."""
        self._load()
        return bool(self.loaded)

    def _load(self) -> None:
        if self.loaded is None:
            with self.paused():
                self.loaded = self.rows.load()

    @contextmanager
    def recording(self, step: MigrationStep, heads: Collection[str]) -> Iterator[None]:
        """Record the statements of a step while its revision runs.

        Raises:
            IndeterminateError: an earlier run was interrupted in a way that this one cannot go on from.
        """
        self._begin(step, heads)
        try:
            yield
            self.earlier.check_consumed()
        except BaseException:
            with suppress(SQLAlchemyError):  # what went wrong first is what the user needs to see
                self._say_done()
            raise
        finally:
            self.step = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let the statements inside pass unrecorded: they are no part of the revision."""
        self.quiet += 1
        try:
            yield
        finally:
            self.quiet -= 1

    def clear(self) -> None:
        """Forget the step, in the transaction that carries its version row."""
        self.pending.clear()
        self.carried_out = None
        if entries := [*(self.loaded or ()), *self.written]:
            with self.paused():
                self.rows.clear(entries)
        self.loaded, self.written, self.known = [], [], {}

    def checkpoint(self) -> None:
        """Write down what the open transaction holds, because it is about to be committed without the version row."""
        if self.step is None:
            return
        self._say_done()
        if self.pending:
            sent, self.pending = self.pending, []
            with self.paused():
                self._add([self._entry(one, DONE) for one in sent])

    def send(self, statement: Statement, send: Callable[[Statement], CursorResult[Any] | None]) -> Any:
        """Send a statement that a directive made, unless it is done already."""
        if self.step is None or self.quiet:
            with self.paused():
                return send(statement)
        self._abandon()
        sent = Sent(self.connection.dialect, statement)
        what = self._fate(sent, read_by_user=False)
        if self._passes(sent, what):
            with self.paused():
                return send(statement)
        if self.earlier.is_done(sent, what):
            return None
        with self.paused():
            if what is not Fate.ALONE:
                self._wait_for_commit(sent)
                return send(statement)
            if self._autocommit and not self.ended_by_hand and fits_transaction(self.dialect, sent.sql):
                return self._with_its_row(sent, lambda: send(statement))
            return self._alone(sent, lambda: send(statement))

    @property
    def file(self) -> str:
        """A hash of the file of the revision that runs; most runs have no need of it."""
        if self._file is None:
            self._file = file_digest(self._path)
        return self._file

    @property
    def _autocommit(self) -> bool:
        return self.connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"

    def _fate(self, sent: Sent, *, read_by_user: bool) -> Fate:
        autocommit = self._autocommit or self.ended_by_hand
        if sent.is_construct and not autocommit and self.dialect not in MYSQL:
            return Fate.ATOMIC
        return fate(self.dialect, sent.sql, autocommit=autocommit, read_by_user=read_by_user)

    def _passes(self, sent: Sent, what: Fate) -> bool:
        """Tell whether a statement is none of the journal's business; number those that are."""
        if what is Fate.COMMITTING:
            if first_word(sent.sql) == "ROLLBACK":
                self.pending.clear()
            else:
                self.checkpoint()
            self.ended_by_hand = self.ended_by_hand or self.dialect == "postgresql"
        if what in {Fate.PASSING, Fate.COMMITTING}:
            return True
        self.position += 1
        sent.position = self.position
        return False

    def _begin(self, step: MigrationStep, heads: Collection[str]) -> None:
        script = getattr(step, "revision", None)  # a stamp has none
        self._load()
        with self.paused():
            self.pending, self.position, self.known, self.open, self.ended_by_hand = [], 0, {}, None, False
            self.carried_out = None
            if script is None:
                return
            revision, direction = script.revision, "upgrade" if step.is_upgrade else "downgrade"
            self._drop_finished(heads)
            self.earlier.refuse_other(revision, direction)
            if self.dialect in MYSQL:
                self.rows.create()  # now: it would commit what a revision has begun
        self.known = {entry.position: entry for entry in self.loaded or ()}
        self._path, self._file = script.path, None
        self.step = (revision, direction)
        if self.known:
            log.warning("going on with the %s of %s after statement %d", direction, revision, len(self.known))

    def _drop_finished(self, heads: Collection[str]) -> None:
        """Forget an upgrade whose version row is there: only the end of its rows was lost."""
        loaded = self.loaded or []
        finished = [one for one in loaded if one.direction == "upgrade" and one.revision in heads]
        if finished:
            self.rows.clear(finished)
        self.loaded = [one for one in loaded if one not in finished]

    def _with_its_row(self, sent: Sent, send: Callable[[], Any]) -> Any:
        """Carry out a statement and write its row in one transaction of their own."""
        found = self.rows.found
        self.connection.exec_driver_sql("BEGIN")
        try:
            result = send()
            self._add([self._entry(sent, DONE)])
            fault("before_done")
            self.connection.exec_driver_sql("COMMIT")
        except DBAPIError as error:
            if not error.connection_invalidated:
                self.connection.exec_driver_sql("ROLLBACK")
                self.rows.found = found
            raise
        fault("after_done")
        return result

    def _alone(self, sent: Sent, send: Callable[[], Any]) -> Any:
        """Carry out a statement that commits by itself, between an intent and its fulfilment."""
        entry = self._intend(sent)
        try:
            result = send()
        except DBAPIError as error:
            if not error.connection_invalidated:
                with suppress(SQLAlchemyError):  # the row goes with its transaction, which the statement may have ended
                    self.forget(entry)
            raise
        self._fulfil(entry)
        return result

    def _intend(self, sent: Sent) -> Entry:
        if self.pending:
            self.checkpoint()
        self.catalogue.prepare(sent.sql)
        entry = self._entry(sent, INTENT, self.catalogue.state(sent.sql))
        done, self.carried_out = self.carried_out, None
        if done is None:
            self._add([entry])
        else:
            self.rows.add_after(done, entry)
            self.written.append(entry)
        # On MySQL, DDL commits what is open, and so the intent, before it begins; other statements share its transaction.
        fault("after_intent")
        return entry

    def _fulfil(self, entry: Entry) -> None:
        fault("before_done")
        if self.dialect in MYSQL and entry.before not in {None, AGAIN}:
            self.carried_out = entry
        else:
            self.rows.mark_done(entry)
            self.commit_row()
        fault("after_done")

    def _say_done(self) -> None:
        """Write down that the last statement was carried out; nothing else is open, and what commits is this."""
        done, self.carried_out = self.carried_out, None
        if done is not None:
            with self.paused():
                self.rows.mark_done(done)
                self.commit_row()

    def _wait_for_commit(self, sent: Sent) -> None:
        """Note a statement that shares a transaction."""
        self._say_done()
        self.pending.append(sent)

    def forget(self, entry: Entry) -> None:
        """Take a row back: its statement was not carried out."""
        self.known.pop(entry.position, None)
        for kept in (self.loaded or [], self.written):
            if entry in kept:
                kept.remove(entry)
        self.rows.remove(entry)
        self.commit_row()

    def commit_row(self) -> None:
        """Commit a row on MySQL, whose transaction holds nothing else here; elsewhere it has been already."""
        if self.dialect in MYSQL:
            self.connection.exec_driver_sql("COMMIT")

    def _add(self, entries: list[Entry]) -> None:
        self.rows.create()
        self.rows.add(entries)
        self.written += entries

    def _entry(self, sent: Sent, state: str, before: str | None = None) -> Entry:
        revision, direction = self.step or ("", "")
        return Entry(revision, direction, sent.position, state, sent.hash, sent.shape, self.file, sent.sql, before)

    def _before(
        self, _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, executemany: bool
    ) -> tuple[str, Any]:
        """Take a statement that the revision sends by itself, through its connection."""
        if self.step is None or self.quiet:
            return statement, parameters
        self._abandon()
        sent = Sent(self.connection.dialect, words=statement, values=parameters)
        what = self._fate(sent, read_by_user=True)
        if self._passes(sent, what):
            return statement, parameters
        if self.earlier.is_done(sent, what):
            return NOTHING.get(self.dialect, "SELECT 1 WHERE 1 = 0"), [] if executemany else ()
        with self.paused():
            if what is Fate.ALONE:
                self.open = self._intend(sent)
            else:
                self._wait_for_commit(sent)
        fault("before_statement")
        return statement, parameters

    def _committed(self, _connection: Connection) -> None:
        """Take a commit of the revision's own."""
        if not self.quiet:
            self.checkpoint()

    def _rolled_back(self, _connection: Connection) -> None:
        if self.step is not None and not self.quiet:
            self.pending.clear()

    def _abandon(self) -> None:
        """Forget a statement of the revision's own that failed, and whose failure the revision took care of."""
        entry, self.open = self.open, None
        if entry is not None:
            with self.paused():
                self.forget(entry)

    def _after(self, *_: Any) -> None:
        if self.step is None or self.quiet:
            return
        fault("after_statement")
        entry, self.open = self.open, None
        if entry is not None:
            with self.paused():
                self._fulfil(entry)


def refuse_early(connection: Connection, options: dict[str, Any]) -> None:
    """Refuse an isolation level inside a transaction as SQLAlchemy does, and before the connection says that it has it.

    Raises:
        InvalidRequestError: the connection is in a transaction.
    """
    if "isolation_level" in options and connection.in_transaction():
        connection.dialect.set_connection_execution_options(connection, options)


def file_digest(path: str | None) -> str:
    """Return a hash of a revision's file as it is now."""
    try:
        return digest(Path(path).read_text(encoding="utf-8")) if path else ""
    except (OSError, UnicodeDecodeError):
        return ""
