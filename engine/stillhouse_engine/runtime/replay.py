"""Running a plan's revisions, or sending what a sibling recorded of them.

A revision that reads nothing gives every database of one plan the same statements. The first run records them; the
others, under the same key, send them without running Python. Steps that share a transaction are sent as one stretch, and
the version table makes one guarded move for all of them.
"""

from __future__ import annotations

import logging
import re
import time
from contextlib import nullcontext
from itertools import chain, groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from stillhouse_engine.faults import fault
from stillhouse_engine.runtime.plan_keys import connection_key, dialect_key, frozen, options_key, steps_key
from stillhouse_engine.runtime.recorder import RecordedSink, Recorder
from stillhouse_engine.runtime.waiting import pause

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from stillhouse_engine.runtime.heads import HeadMaintainer
    from stillhouse_engine.runtime.journal import Journal
    from stillhouse_engine.runtime.journalling import NoJournal
    from stillhouse_engine.runtime.recordings import Recordings, SentStatement
    from stillhouse_engine.runtime.settings import RunSettings

    class Context(Protocol):
        """What a replay asks of a migration context."""

        opts: dict[str, Any]
        dialect: Any
        impl: Any
        version_table: str
        version_table_schema: str | None
        on_version_apply_callbacks: Any
        _transaction_per_migration: bool
        _connection: Any
        _settings: RunSettings
        _sender: Any


log = logging.getLogger("alembic.runtime.migration")

DIALECTS = frozenset({("postgresql", "asyncpg"), ("sqlite", "pysqlite"), ("sqlite", "aiosqlite")})
UNSTEADY = re.compile(
    r"^[ \t]*(?:import|from)[ \t]+(?:[\w.]+[ \t]*,[ \t]*)*"
    r"(?:datetime|http|httpx|multiprocessing|os|random|requests|secrets|shutil|socket|subprocess|tempfile|threading|time|"
    r"urllib|uuid)\b",
    re.MULTILINE,
)
"""Imports with which a revision may say something else, or do something besides its statements, each time it runs."""
OPT_OUT = "stillhouse_replay"
PATIENCE_SECONDS = 1.0
"""How long a run waits for a sibling to finish a recording."""
POLL_SECONDS = 0.01


class Stretch(NamedTuple):
    """Steps that run in one go.

    Attributes:
        steps: the steps.
        statements: what was recorded of them; None for a single step whose Python runs.
    """

    steps: list[Any]
    statements: tuple[SentStatement, ...] | None = None


class NoReplay:
    """Runs every revision's Python."""

    spoil = staticmethod(lambda _reason: None)

    def watching(self) -> AbstractContextManager[Any]:
        """Watch nothing."""
        return nullcontext()

    def stretches(self, steps: Sequence[Any]) -> Iterator[Stretch]:
        """Yield every step by itself."""
        return (Stretch([step]) for step in steps)

    def run(self, step: Any, arguments: dict[str, Any]) -> None:
        """Run a step's function."""
        step.migration_fn(**arguments)

    def finish(self) -> None:
        """Keep nothing."""

    def close(self) -> None:
        """Do nothing."""


class Replay:
    """Runs the steps of one plan, by recording or by Python.

    Args:
        context: the migration context.
        recordings: those of the project.
        plan: the key of the plan.
    """

    def __init__(self, context: Context, recordings: Recordings, plan: Hashable) -> None:
        self.context = context
        self.recordings = recordings
        self.plan = plan
        self.leads = recordings.lead(plan)
        self.known = recordings.find(plan)
        self.recorder = Recorder(context._connection)  # noqa: SLF001 - reading it through the property means looking

    def wait(self) -> None:
        """Wait while a sibling records the plan: its statements cost less than running Python beside it.

        Not for long: what takes its time is the database's work, which siblings do side by side.
        """
        until = time.monotonic() + PATIENCE_SECONDS
        while not self.known and self.recordings.is_led(self.plan) and time.monotonic() < until:
            pause(self.context.dialect, POLL_SECONDS)
            self.known = self.recordings.find(self.plan)

    def stretches(self, steps: Sequence[Any]) -> Iterator[Stretch]:
        """Yield the steps; those together that are replayed and may share a transaction."""
        apart = self.context._transaction_per_migration or self.context.on_version_apply_callbacks  # noqa: SLF001 - its own part
        for replayed, several in groupby(steps, self._is_known):
            if replayed and not apart:
                yield self._stretch(list(several))
            else:
                yield from (self._stretch([step]) if replayed else Stretch([step]) for step in several)

    def _is_known(self, step: Any) -> bool:
        revision = getattr(step, "revision", None)
        return revision is not None and (revision.revision, step.is_upgrade) in self.known

    def _stretch(self, steps: list[Any]) -> Stretch:
        recorded = (self.known[step.revision.revision, step.is_upgrade] for step in steps)
        return Stretch(steps, tuple(chain.from_iterable(recorded)))

    def watching(self) -> AbstractContextManager[Any]:
        """Record inside the block, unless the plan was recorded before."""
        if self.known:
            return nullcontext()
        self.context.impl.sink = RecordedSink(self.context.impl.sink, self.recorder)
        self.context._sender.tape = self.recorder  # noqa: SLF001 - its own part
        return self.recorder.watching()

    def spoil(self, reason: str) -> None:
        """Note that the running revision looked at something of its own database."""
        self.recorder.spoil(reason)

    def run(self, step: Any, arguments: dict[str, Any]) -> None:
        """Run a step's Python; record it, unless the plan was recorded before."""
        revision = getattr(step, "revision", None)
        if revision is None or self.known:
            self.context._sender.flush()  # noqa: SLF001 - its own part
            step.migration_fn(**arguments)
            return
        memo = dict(self.context.impl.memo)
        with self.recorder.revision(revision.revision, is_upgrade=step.is_upgrade):
            step.migration_fn(**arguments)
            if memo != self.context.impl.memo:
                self.spoil("it leaves notes for later revisions")
            if not is_steady(revision):
                self.spoil("its file uses modules that may answer otherwise each time")

    def finish(self) -> None:
        """Keep what was recorded: the run has come to its end."""
        self.recordings.keep(self.plan, self.recorder.recorded)

    def close(self) -> None:
        """Let siblings that wait go on."""
        if self.leads:
            self.recordings.leave(self.plan)


def start_replay(
    context: Context, journal: Journal | NoJournal, heads: set[str], steps: Sequence[Any], arguments: dict[str, Any]
) -> Replay | NoReplay:
    """Decide how a plan runs."""
    settings = context._settings  # noqa: SLF001 - its own part
    if settings.recordings is None or not steps or not is_ours(context) or journal.interrupted:
        return NoReplay()
    plan = (
        dialect_key(context.dialect),
        connection_key(context._connection),  # noqa: SLF001 - as above
        options_key(context.opts),
        frozen(arguments),
        (settings.schema, context.version_table, context.version_table_schema, settings.x_arguments),
        steps_key(heads, steps),
    )
    replay = Replay(context, settings.recordings, plan)
    if not replay.leads:
        replay.wait()
    return replay


def send_recorded(context: Context, stretch: Stretch, keeper: HeadMaintainer) -> None:
    """Send what was recorded of steps that share a transaction; an error says nothing of a single one."""
    started = time.monotonic()
    for step in stretch.steps:
        log.info("Running %s", step)
    context._sender.send_recorded(stretch.statements)  # noqa: SLF001 - its own part
    fault("before_version_row")
    keeper.update_to_steps(stretch.steps)
    fault("after_version_row")
    context._sender.flush()  # noqa: SLF001 - its own part
    context._settings.tell(  # noqa: SLF001 - its own part
        "revisions.replayed",
        revisions=[step.revision.revision for step in stretch.steps],
        is_upgrade=stretch.steps[0].is_upgrade,
        seconds=round(time.monotonic() - started, 6),
        heads=sorted(keeper.heads),
    )


def is_ours(context: Context) -> bool:
    """Tell whether it is a kind of database that replays, through our own implementation of its dialect."""
    kind = (context.dialect.name, context.dialect.driver)
    return kind in DIALECTS and type(context.impl).__module__.startswith("stillhouse_engine.")


def is_steady(revision: Any) -> bool:
    """Tell whether a revision's file imports nothing that answers otherwise each time, and does not opt out."""
    if not getattr(revision.module, OPT_OUT, True):
        return False
    path = getattr(revision, "path", None)
    if not path or not str(path).endswith(".py"):
        return False
    return UNSTEADY.search(Path(path).read_text(encoding="utf-8", errors="replace")) is None
