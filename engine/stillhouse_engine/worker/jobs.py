"""The verbs of a worker: what each asks of the engine, and what it answers."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from stillhouse_engine import as_alembic
from stillhouse_engine.runtime.conditions import Conditions
from stillhouse_engine.runtime.project import Project
from stillhouse_engine.worker.checksums import checksums_of
from stillhouse_engine.worker.messages import Done
from stillhouse_engine.worker.scripts import ScriptFiles
from stillhouse_engine.worker.sharing import SharedSnapshots
from stillhouse_engine.worker.snapshots import SnapshotTaker

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy import Connection

    from stillhouse_engine.runtime.settings import Progress
    from stillhouse_engine.runtime.specs import ProjectSpec, RunResult
    from stillhouse_engine.worker.messages import Start, Verb
    from stillhouse_engine.worker.report import Report

PLANNING = frozenset({"plan", "describe"})
"""Verbs that run once for many targets, and on which the others' work is decided."""


class Jobs:
    """Runs jobs on projects, each opened once and again when its files have changed."""

    def __init__(self) -> None:
        as_alembic.install()
        self._opened: dict[ProjectSpec, tuple[Project, ScriptFiles]] = {}
        self._snapshots = SharedSnapshots()
        self._verbs: dict[Verb, Callable[[Project, Start, Report], Awaitable[Done]]] = {
            "upgrade": self._migrate,
            "downgrade": self._migrate,
            "stamp": self._migrate,
            "plan": self._plan,
            "current": self._current,
            "describe": self._describe,
        }

    async def run(self, start: Start, report: Report) -> Done:
        """Run one job to its end, or raise."""
        began = time.monotonic()
        verb = self._verbs.get(start.verb) or rare_verb(start.verb)
        done = await verb(self._project(start.project, at_once=start.verb in PLANNING), start, report)
        return replace(done, seconds=round(time.monotonic() - began, 6))

    def _project(self, spec: ProjectSpec, *, at_once: bool) -> Project:
        """Return a project as its files are now."""
        known = self._opened.get(spec)
        if known is not None and not known[1].changed(at_once=at_once):
            return known[0]
        project = Project(spec)
        script = project.script
        self._opened[spec] = (project, ScriptFiles((script.dir, *script._version_locations)))  # noqa: SLF001 - Alembic's name
        return project

    async def _migrate(self, project: Project, start: Start, report: Report) -> Done:
        taker = SnapshotTaker(start, report, self._snapshots)

        def tell(progress: Progress) -> None:
            report.step(progress.event, progress.facts)

        def finish(connection: Connection) -> None:
            taker.take(connection)
            if report.hold is not None:
                report.hold.wait(connection)

        revision = start.revision or "heads"
        if start.verb == "stamp":
            result = await project.stamp(start.database, revision, tell, finish)
        else:
            run = project.upgrade if start.verb == "upgrade" else project.downgrade
            result = await run(start.database, revision, tell, finish, conditions_of(start, report))
        taken = taker.taken
        return Done(
            start.id,
            before=result.from_heads,
            after=result.to_heads,
            applied=tuple(applied.revision for applied in result.applied),
            snapshot=taken.text if taken else None,
            fingerprint=taken.snapshot.fingerprint if taken else None,
            checksums=checksums_of(project.script, applied_by(result)) if start.verb == "upgrade" else {},
        )

    async def _plan(self, project: Project, start: Start, report: Report) -> Done:
        before = report.before = await project.current(start.database)
        rendered = await project.render(start.database, before or "base", start.revision or "heads")
        return Done(start.id, before=before, after=before, plan=rendered, heads=tuple(project.script.get_heads()))

    async def _current(self, project: Project, start: Start, report: Report) -> Done:
        before = report.before = await project.current(start.database)
        return Done(start.id, before=before, after=before, heads=tuple(project.script.get_heads()))

    async def _describe(self, project: Project, start: Start, report: Report) -> Done:
        del report
        summary = project.describe()
        return Done(start.id, heads=summary.heads, revisions=summary.revisions, originals=summary.originals)


def rare_verb(name: Verb) -> Callable[[Project, Start, Report], Awaitable[Done]]:
    """Return a verb that few workers are ever asked for; its modules are imported only then."""
    from stillhouse_engine.worker import adopting, expected, squashing

    return {
        "replay": expected.replay,
        "models": expected.models,
        "adopt": adopting.adopt,
        "squash": squashing.squash,
    }[name]


def conditions_of(start: Start, report: Report) -> Conditions:
    """Read the options ``expected`` (revisions that must be applied at the beginning) and ``hold``."""
    expected = start.options.get("expected")
    return Conditions(
        expected=None if expected is None else tuple(expected), hold=report.hold is not None, found=report.begins_at
    )


def applied_by(result: RunResult) -> list[str]:
    """Return the revisions that a run applied."""
    return [applied.revision for applied in result.applied if applied.is_upgrade]
