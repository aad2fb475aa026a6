"""Migrating a project's databases from an event loop: many at once, each retried when somebody else held a lock."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from stillhouse_engine.errors import CommandError, LockBusyError, VersionMovedError
from stillhouse_engine.runtime.blockers import describe_blocker, find_blockers
from stillhouse_engine.runtime.conditions import Conditions
from stillhouse_engine.runtime.failures import is_lock_conflict, is_sqlite_busy
from stillhouse_engine.runtime.opened import OpenedProject
from stillhouse_engine.runtime.record import RunRecord
from stillhouse_engine.runtime.rendering import render_steps
from stillhouse_engine.runtime.settings import LOCK_WAIT_SECONDS, Progress, RunSettings
from stillhouse_engine.runtime.specs import (
    AppliedRevision,
    DatabaseSpec,
    ProjectSpec,
    ProjectSummary,
    RenderedRevision,
    RevisionSummary,
    RunResult,
)
from stillhouse_engine.runtime.waiting import Backoff
from stillhouse_engine.script.planning import runnable

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from sqlalchemy import Connection

    After: TypeAlias = Callable[[Connection], None]
    Report: TypeAlias = Callable[[Progress], None]
    Steps: TypeAlias = Callable[[tuple[str, ...], Any], list[Any]]

__all__ = [
    "AppliedRevision",
    "DatabaseSpec",
    "Progress",
    "Project",
    "ProjectSpec",
    "ProjectSummary",
    "RenderedRevision",
    "RevisionSummary",
    "RunResult",
]

FREE = Conditions()
REPLANS = 5
"""How often a run starts over because another runner moved the version under it."""


class Project(OpenedProject):
    """A project whose revisions run on any number of databases at once.

    Args:
        spec: where the project is.
        backoff: when to try again after a lock conflict.
        lock_wait: seconds to wait for another runner of the same database.
    """

    def __init__(
        self, spec: ProjectSpec, *, backoff: Backoff | None = None, lock_wait: float = LOCK_WAIT_SECONDS
    ) -> None:
        super().__init__(spec)
        self.backoff = backoff or Backoff()
        self.lock_wait = lock_wait

    async def upgrade(
        self,
        database: DatabaseSpec,
        destination: str = "heads",
        on_progress: Report | None = None,
        after: After | None = None,
        conditions: Conditions = FREE,
    ) -> RunResult:
        """Apply revisions up to a destination."""
        plan = self.script._upgrade_revs  # noqa: SLF001 - Alembic's name for it
        return await self._migrate(database, plan, destination, on_progress, after, conditions=conditions)

    async def downgrade(
        self,
        database: DatabaseSpec,
        destination: str,
        on_progress: Report | None = None,
        after: After | None = None,
        conditions: Conditions = FREE,
    ) -> RunResult:
        """Revert revisions down to a destination."""
        plan = self.script._downgrade_revs  # noqa: SLF001
        return await self._migrate(database, plan, destination, on_progress, after, conditions=conditions)

    async def stamp(
        self, database: DatabaseSpec, revision: str, on_progress: Report | None = None, after: After | None = None
    ) -> RunResult:
        """Write a revision into the version table without running anything."""
        return await self._migrate(database, self.script._stamp_revs, revision, on_progress, after)  # noqa: SLF001

    async def current(self, database: DatabaseSpec) -> tuple[str, ...]:
        """Return the revisions that a database stands at; writes nothing."""
        found: list[str] = []

        def look(heads: tuple[str, ...], _context: Any) -> list[Any]:
            found.extend(heads)
            return []

        settings = replace(self.settings_for(database), lock=False, gather=False, recordings=None)
        await self.run(database, partial(self.run_here, database, settings, look, dont_mutate=True))
        return tuple(sorted(found))

    async def render(
        self, database: DatabaseSpec, start: str | tuple[str, ...], destination: str
    ) -> tuple[RenderedRevision, ...]:
        """Return what a run from one revision to another would send, revision by revision; touches no database."""
        return await self.run(database, partial(render_steps, self, database, start, destination))

    async def _migrate(
        self,
        database: DatabaseSpec,
        plan: Callable[[str, Any], list[Any]],
        destination: str,
        on_progress: Report | None,
        after: After | None,
        *,
        conditions: Conditions = FREE,
    ) -> RunResult:
        record = RunRecord(on_progress)
        settings = self.settings_for(database, record.report)
        settings = replace(settings, after=after, hold=conditions.hold, lock_wait=self.lock_wait)

        def steps(heads: tuple[str, ...], _context: Any) -> list[Any]:
            conditions.check(heads, ours=record.reached(heads))
            record.started(heads)
            return runnable(plan(destination, heads))

        moved, delays = 0, None
        while True:
            record.attempts += 1
            attempt = partial(self.run_here, database, settings, steps, destination_rev=destination)
            try:
                await self.run(database, attempt, holds=settings.hold)
            except VersionMovedError:
                moved += 1
                if moved > REPLANS:
                    raise
            except Exception as error:
                cause = error.__cause__ or error
                if is_lock_conflict(cause):
                    delays = delays or self._backoff_for(cause, settings.lock_wait).delays()
                    await self._wait_before_retry(database, error, record, delays)
                elif names_too_little(error, settings):
                    # Run again one by one, so that the error names the revision and the statement.
                    settings = replace(settings, gather=False, recordings=None)
                else:
                    raise
            else:
                return record.result()

    def _backoff_for(self, cause: BaseException, lock_wait: float) -> Backoff:
        return (
            replace(self.backoff, total=min(self.backoff.total, lock_wait)) if is_sqlite_busy(cause) else self.backoff
        )

    async def _wait_before_retry(
        self, database: DatabaseSpec, error: Exception, record: RunRecord, delays: Any
    ) -> None:
        """Wait before the next attempt, and say who was in the way.

        Raises:
            LockBusyError: no attempts are left.
        """
        cause = error.__cause__ or error
        blockers = await self._blockers(database, str(getattr(cause, "statement", "") or ""))
        delay = next(delays, None)
        if delay is None:
            who = "; ".join(describe_blocker(blocker) for blocker in blockers) or None
            raise LockBusyError(f"{database.name} after {record.attempts} attempts", who) from error
        facts = {"attempt": record.attempts, "delay": round(delay, 3), "error": str(error), "blockers": blockers}
        record.report(Progress("run.retried", facts))
        await asyncio.sleep(delay)

    async def _blockers(self, database: DatabaseSpec, statement: str) -> list[dict[str, Any]]:
        def look() -> list[dict[str, Any]]:
            engine = self.engines.make(database.url)
            try:
                with engine.connect() as connection:
                    return find_blockers(connection, statement)
            finally:
                engine.dispose()

        try:
            return await self.run(database, look)
        except DBAPIError:
            return []


def names_too_little(error: BaseException, settings: RunSettings) -> bool:
    """Tell whether a script failed as a whole, or a version row that was written along with it."""
    if not settings.gather and settings.recordings is None:
        return False
    cause = error if isinstance(error, DBAPIError) else error.__cause__
    if isinstance(cause, DBAPIError):
        return cause.statement is not None and not cause.connection_invalidated
    return type(error) is CommandError and settings.recordings is not None
