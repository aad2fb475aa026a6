"""What a run that was interrupted has left in the journal of the step that runs now, and what that means."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from stillhouse_engine.errors import IndeterminateError
from stillhouse_engine.runtime.journal_statements import Fate
from stillhouse_engine.runtime.journal_table import DONE, INTENT
from stillhouse_engine.runtime.journal_verdicts import Verdict

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection

    from stillhouse_engine.runtime.journal_probes import Catalogue
    from stillhouse_engine.runtime.journal_statements import Sent
    from stillhouse_engine.runtime.journal_table import Entry, JournalTable

    class Journal(Protocol):
        """What is asked of the journal of this run."""

        connection: Connection
        rows: JournalTable
        catalogue: Catalogue
        loaded: list[Entry] | None
        known: dict[int, Entry]
        position: int

        @property
        def file(self) -> str:
            """A hash of the file of the revision that runs."""
            ...

        def paused(self) -> AbstractContextManager[None]:
            """Let the statements inside pass unrecorded."""
            ...

        def forget(self, entry: Entry) -> None:
            """Take a row back."""
            ...

        def commit_row(self) -> None:
            """Commit a row."""
            ...


log = logging.getLogger("alembic.runtime.journal")


class EarlierRun:
    """Judges the statements of a step by the rows of an earlier run.

    Args:
        journal: the journal of this run.
    """

    def __init__(self, journal: Journal) -> None:
        self.journal = journal

    def refuse_other(self, revision: str, direction: str) -> None:
        """Make sure that it is this step that was interrupted.

        Raises:
            IndeterminateError: it was another one.
        """
        for entry in self.journal.loaded or ():
            if (entry.revision, entry.direction) != (revision, direction):
                raise IndeterminateError(
                    entry.statement,
                    f"an earlier {entry.direction} of {entry.revision} was interrupted after this statement, and this run "
                    f"begins with the {direction} of {revision}; finish that {entry.direction} first, or put the database "
                    f"right by hand and stamp it",
                    entry.revision,
                )

    def is_done(self, sent: Sent, what: Fate) -> bool:
        """Tell whether an earlier run has carried out a statement already.

        Raises:
            IndeterminateError: nobody can tell, or the revision is not the same any more.
        """
        entry = self.journal.known.get(sent.position)
        if entry is None:
            return False
        with self.journal.paused():
            if not self.same(entry, sent):
                self._replace_unsent(entry, sent)
                return False
            if what is Fate.TEMPORARY:
                raise IndeterminateError(
                    entry.statement,
                    "the run that made it was interrupted, and what is temporary went with its session; "
                    + self._advice(entry),
                    entry.revision,
                )
            if entry.state == DONE:
                log.info("statement %d of %s is done already", entry.position, entry.revision)
                return True
            return self._settle(entry)

    def same(self, entry: Entry, sent: Sent) -> bool:
        """Tell whether a statement is the one of an entry; values like the time of day differ from run to run."""
        return entry.hash == sent.hash or (entry.file == self.journal.file and entry.shape == sent.shape)

    def check_consumed(self) -> None:
        """Make sure that the revision has sent again all that the earlier run sent.

        Raises:
            IndeterminateError: it has not.
        """
        left = [entry for number, entry in sorted(self.journal.known.items()) if number > self.journal.position]
        if left:
            raise self.changed(left[0], "the revision does not send it any more")

    def changed(self, entry: Entry, how: str) -> IndeterminateError:
        """Return the error that says how a revision differs from the one that was interrupted."""
        evidence = (
            f"the revision has changed since its {entry.direction} was interrupted: at statement {entry.position}, {how}; "
            "put the revision back as it was and run it again, or put the database right by hand and stamp it"
        )
        return IndeterminateError(entry.statement, evidence, entry.revision)

    def _replace_unsent(self, entry: Entry, sent: Sent) -> None:
        """Let another statement take the place of one that was meant to be sent and was not."""
        if entry.state == INTENT:
            finding = self.journal.catalogue.judge(entry.statement, entry.before)
            if finding.verdict is Verdict.NOT_APPLIED:
                self.journal.forget(entry)
                return
            raise self.changed(entry, f"it was about to be sent ({finding.evidence}), and now it is: {sent.sql}")
        raise self.changed(entry, f"it was carried out, and now it is: {sent.sql}")

    def _settle(self, entry: Entry) -> bool:
        """Find out whether a statement that was about to be sent was carried out."""
        finding = self.journal.catalogue.judge(entry.statement, entry.before)
        if finding.verdict is Verdict.UNKNOWN:
            raise IndeterminateError(entry.statement, f"{finding.evidence}; {self._advice(entry)}", entry.revision)
        log.warning(
            "statement %d of %s was interrupted and %s: %s",
            entry.position, entry.revision, finding.verdict.value, finding.evidence,
        )  # fmt: skip
        if finding.verdict is Verdict.NOT_APPLIED:
            self.journal.forget(entry)
            return False
        self.journal.rows.mark_done(entry)
        self.journal.commit_row()
        return True

    def _advice(self, entry: Entry) -> str:
        table = self.journal.connection.dialect.identifier_preparer.format_table(self.journal.rows.table)
        where = (
            f"WHERE version_table = '{self.journal.rows.version_table}' AND revision = '{entry.revision}' "
            f"AND direction = '{entry.direction}' AND position = {entry.position}"
        )
        return (
            f"look yourself: if it was carried out, UPDATE {table} SET state = '{DONE}' {where}; "
            f"if not, DELETE FROM {table} {where}; then run again"
        )
