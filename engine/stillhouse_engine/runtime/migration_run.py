"""One run of revisions: where the database is, what is to be done from there, and each step with its version row."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy.schema import CreateTable

from stillhouse_engine.faults import fault
from stillhouse_engine.operations import Operations
from stillhouse_engine.runtime import replay
from stillhouse_engine.runtime.heads import HeadMaintainer
from stillhouse_engine.runtime.journal import Journal
from stillhouse_engine.runtime.journalling import JournalSink, NoJournal, open_journal
from stillhouse_engine.runtime.running import RunningStep

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager

    from stillhouse_engine.runtime.heads import VersionedContext
    from stillhouse_engine.runtime.session import MigrationSession
    from stillhouse_engine.script.steps import MigrationStep

    class Context(replay.Context, VersionedContext, Protocol):
        """What a run asks of its migration context."""

        as_sql: bool
        running: RunningStep | None
        purge: bool
        _migrations_fn: Any
        _session: MigrationSession | None

        def begin_transaction(self, _per_migration: bool = False) -> AbstractContextManager[Any, bool | None]:
            """Begin the transaction that this level is responsible for, or none."""
            ...

        def _starting_heads(self) -> tuple[str, ...]: ...

        def _open_session(self, *, migrates: bool = False) -> bool: ...


log = logging.getLogger("alembic.runtime.migration")


class MigrationRun:
    """Runs the steps that a command planned.

    Args:
        context: the migration context.
        arguments: handed to each revision's ``upgrade()`` or ``downgrade()``.

    Attributes:
        keeper: knows the heads as they move; None before they were read.
        journal: what it writes of statements that no transaction holds.
        replay: sends what a sibling recorded, or records.
        began_idle: no transaction was open when it began; one that is open before the first step holds its questions only.
    """

    def __init__(self, context: Context, arguments: dict[str, Any]) -> None:
        self.context = context
        self.arguments = arguments
        self.keeper: HeadMaintainer | None = None
        self.journal: Journal | NoJournal = NoJournal()
        self.replay: replay.Replay | replay.NoReplay = replay.NoReplay()
        online = not context.as_sql and context._connection is not None
        self.began_idle = online and not context._connection.in_transaction()

    def go(self) -> None:
        """Plan, and run the plan."""
        context = self.context
        keeper, steps = self._planned()
        self.replay = replay.start_replay(context, self.journal, keeper.heads, steps, self.arguments)
        with self.replay.watching():
            for stretch in self.replay.stretches(steps):
                if stretch.statements is None:
                    context._sender.settle()
                with context.begin_transaction(_per_migration=True):
                    if stretch.statements is None:
                        self._run_step(stretch.steps[0], keeper)
                    else:
                        with self.journal.paused():  # what is replayed commits with its version row
                            replay.send_recorded(context, stretch, keeper)
                        self._call_back(stretch.steps[-1], keeper.heads)
        if not context.as_sql:
            context._sender.flush()
        if context.purge and not steps:  # an emptied version table is what was asked for, and no step commits it
            with context.begin_transaction(_per_migration=True):
                pass
        self.replay.finish()
        if steps and context._settings.after is not None and not context.as_sql:
            context._settings.after(context._connection)

    def close(self) -> None:
        """Let go of what only the run needs."""
        self.journal.close()
        self.replay.close()

    def _planned(self) -> tuple[HeadMaintainer, list[MigrationStep]]:
        """Return where the database is and what is to run from there, with the session locked and the journal open.

        A program's own function may say only now that there is something to do; what it saw before the lock may have moved.
        """
        keeper, steps = self._plan()
        if steps and self.context._open_session(migrates=True) and set(self.context._starting_heads()) != keeper.heads:
            keeper, steps = self._plan()
        if steps:
            self._open_journal()
        return keeper, steps

    def _plan(self) -> tuple[HeadMaintainer, list[MigrationStep]]:
        keeper = self.keeper = HeadMaintainer(self.context, self.context._starting_heads())
        return keeper, list(self.context._migrations_fn(tuple(sorted(keeper.heads)), self.context))

    def _open_journal(self) -> None:
        session = self.context._session
        if session is not None:
            self.journal = open_journal(self.context._connection, self.context._version, found=session.journal)
        if isinstance(self.journal, Journal):
            self.context.impl.sink = JournalSink(self.context.impl.sink, self.journal)

    def _run_step(self, step: MigrationStep, keeper: HeadMaintainer) -> None:
        context = self.context
        if context.as_sql and not keeper.heads:
            context.impl._exec(CreateTable(context._version))
        log.info("Running %s", step)
        if context.as_sql:
            context.impl.static_output(f"-- Running {step.short_log}")
        with RunningStep(step, context._settings) as running, Operations.context(context):
            context.running = running
            with self.journal.recording(step, keeper.heads):
                self.replay.run(step, self.arguments)
            fault("before_version_row")
            keeper.update_to_step(step)
            self.journal.clear()
            fault("after_version_row")
            context._sender.flush()
            self._call_back(step, keeper.heads)
            running.heads = tuple(sorted(keeper.heads))
        context.running = None

    def _call_back(self, step: MigrationStep, heads: Iterable[str]) -> None:
        for callback in self.context.on_version_apply_callbacks:
            callback(ctx=self.context, step=step.info, heads=set(heads), run_args=self.arguments)
