"""How the migrations of this task or thread are to run: locks, timeouts, schema, sender.

An env.py makes its own connection and knows nothing of these; the context variable carries them past it.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from stillhouse_engine.runtime.recordings import Recordings

LOCK_WAIT_SECONDS = 60.0
"""How long a run waits for another runner of the same database before it gives up."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Something that happened in a run, as plain data.

    Attributes:
        event: ``revision.started``, ``revision.finished``, ``revisions.replayed`` (several, in one transaction),
            ``backfill.advanced``, ``lock.waiting`` or ``run.retried``.
        facts: what happened, JSON-ready.
    """

    event: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Settings of one run that do not come from its env.py.

    Attributes:
        lock: take the migration lock of the database.
        lock_wait: seconds to wait for that lock.
        lock_timeout: seconds that one statement may wait for a lock of the database; None leaves the server's own.
        statement_timeout: seconds that one statement may take; None leaves the server's own.
        schema: the schema that unqualified names mean (PostgreSQL).
        version_table: overrides what env.py says, when set.
        version_table_schema: overrides what env.py says, when set.
        gather: send a revision's statements as one script where the driver can.
        output: where offline SQL goes, whatever env.py says.
        report: takes progress; called on the thread that migrates.
        after: called when a run has moved the version, on its connection, inside its lock and its transaction.
        hold: keep all revisions in one transaction, whatever env.py says, and let nothing commit in between.
        x_arguments: what ``-x`` would give; part of what recordings are found by.
        recordings: record revisions that read nothing, and send to siblings what was recorded; None runs them all.
    """

    lock: bool = True
    lock_wait: float = LOCK_WAIT_SECONDS
    lock_timeout: float | None = None
    statement_timeout: float | None = None
    schema: str | None = None
    version_table: str | None = None
    version_table_schema: str | None = None
    gather: bool = False
    output: Any = None
    report: Callable[[Progress], None] | None = None
    after: Callable[[Connection], None] | None = None
    hold: bool = False
    x_arguments: tuple[str, ...] = ()
    recordings: Recordings | None = None

    def tell(self, event: str, **facts: Any) -> None:
        """Report progress to whoever listens."""
        if self.report is not None:
            self.report(Progress(event, facts))


_current: ContextVar[RunSettings] = ContextVar("stillhouse_run_settings")
_DEFAULTS = RunSettings()


def current_settings() -> RunSettings:
    """Return the settings of the run that is under way here, or the defaults."""
    return _current.get(_DEFAULTS)


@contextmanager
def use_settings(settings: RunSettings) -> Iterator[RunSettings]:
    """Run the block with the given settings."""
    token = _current.set(settings)
    try:
        yield settings
    finally:
        _current.reset(token)
