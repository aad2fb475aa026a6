"""Baselines for targets that have none: their revisions replayed, or their models created, on a scratch database.

Targets that must come to the same schema share one replay. A replay that failed is not tried again at each check.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stillhouse_engine.schema import SchemaError, Snapshot
from stillhouse_orchestrator.connections import Priority
from stillhouse_orchestrator.events import now
from stillhouse_orchestrator.jobs import job_for, version_table

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from stillhouse_config import TargetDeclaration
    from stillhouse_orchestrator.connections import Connections
    from stillhouse_orchestrator.values import Baseline
    from stillhouse_orchestrator.workers.executor import Executor, Outcome, Verb

AT_ONCE = 2  # replays are DDL: more of them at once only slow a server down
FRESH_SECONDS = 600.0
FAILED_SECONDS = 3600.0
SOURCES: dict[Verb, str] = {"replay": "replayed", "models": "models"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A target whose expected schema is not known.

    Attributes:
        applied: its revisions.
        at_head: whether these are the heads of its script directory: only then do models say anything.
    """

    target: TargetDeclaration
    applied: tuple[str, ...]
    at_head: bool

    def verbs(self) -> tuple[Verb, ...]:
        """Return what may tell the expected schema, the best first."""
        policy = self.target.drift.baseline
        if policy == "models":
            return ("models",) if self.at_head else ()
        return ("replay", "models") if policy == "auto" and self.at_head else ("replay",)

    def key(self, verb: Verb) -> Hashable:
        """Return what two targets must have in common to share a replay."""
        target = self.target
        scratch = target.drift.scratch_url
        server = scratch.reveal() if scratch else (target.server, target.url.dialect)
        seen = (version_table(target)[0], target.drift.schemas, target.schema is None, target.x_arguments)
        return (verb, target.project, tuple(sorted(self.applied)), target.metadata, server, seen)


@dataclass(frozen=True, slots=True)
class Derived:
    """What came of it.

    Attributes:
        snapshot: its JSON; None when it failed.
        source: ``replayed`` or ``models``.
        problem: why it failed.
    """

    snapshot: str | None
    source: str
    problem: str | None = None


class Expectations:
    """Derives what schemas should be, through the projects' workers.

    Args:
        executor: runs the ``replay`` and ``models`` jobs.
        connections: whose budgets they use.
        clock: monotonic seconds.
    """

    def __init__(
        self, executor: Executor, connections: Connections, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._executor = executor
        self._connections = connections
        self._clock = clock
        self._known: dict[Hashable, tuple[float, Derived]] = {}
        self._since = now()
        self._limit = asyncio.Semaphore(AT_ONCE)

    def forget(self) -> None:
        """Ask again from now on: projects have changed."""
        self._known.clear()
        self._since = now()

    def stands(self, baseline: Baseline) -> bool:
        """Tell whether a baseline still says what it said: models may have changed since they were last read."""
        return baseline.source != SOURCES["models"] or baseline.taken_at >= self._since

    async def derive(self, wanted: Sequence[Wanted]) -> dict[str, Derived]:
        """Return what could be found out about some targets, by name; nothing about those without any way to."""
        found: dict[str, Derived] = {}
        waiting = [(each, each.verbs()) for each in wanted]
        while waiting := [(each, verbs) for each, verbs in waiting if verbs and not _has_snapshot(found, each)]:
            first: dict[Hashable, tuple[Wanted, Verb]] = {}
            for each, verbs in waiting:
                first.setdefault(each.key(verbs[0]), (each, verbs[0]))
            async with asyncio.TaskGroup() as group:
                tasks = {key: group.create_task(self._derived(key, *one)) for key, one in first.items()}
            for each, verbs in waiting:
                derived = tasks[each.key(verbs[0])].result()
                if derived.snapshot is not None or each.target.name not in found:
                    found[each.target.name] = derived  # of several failures the first says most
            waiting = [(each, verbs[1:]) for each, verbs in waiting]
        return found

    async def _derived(self, key: Hashable, wanted: Wanted, verb: Verb) -> Derived:
        until, known = self._known.get(key, (0.0, None))
        if known is not None and self._clock() < until:
            return known
        async with self._limit:
            derived = _read(await self._run(wanted, verb), verb)
        lasts = FRESH_SECONDS if derived.snapshot is not None else FAILED_SECONDS
        self._known[key] = (self._clock() + lasts, derived)
        return derived

    async def _run(self, wanted: Wanted, verb: Verb) -> Outcome:
        target = wanted.target
        scratch = target.drift.scratch_url
        options: dict[str, Any] = {"applied": list(wanted.applied)}
        if scratch is not None:
            options["scratch_url"] = scratch.reveal()
        where = scratch.reveal() if scratch is not None else target.url.reveal()
        async with self._connections.hold(where, Priority.CHECK):
            return await self._executor.run(job_for(target, verb, **options))


def _has_snapshot(found: dict[str, Derived], wanted: Wanted) -> bool:
    derived = found.get(wanted.target.name)
    return derived is not None and derived.snapshot is not None


def _read(outcome: Outcome, verb: Verb) -> Derived:
    source = SOURCES[verb]
    if not outcome.ok or outcome.snapshot is None:
        return Derived(None, source, _why(outcome))
    try:
        snapshot = Snapshot.from_json(outcome.snapshot)
    except SchemaError as error:
        return Derived(None, source, str(error))
    if not snapshot.coverage.complete:
        return Derived(None, source, "the scratch database could not be read wholly")
    return Derived(outcome.snapshot, source)


def _why(outcome: Outcome) -> str:
    problem = outcome.problem
    if problem is None:
        return f"the worker ended as {outcome.state}"
    place = f"revision {problem.revision}: " if problem.revision and problem.revision not in problem.message else ""
    return f"{place}{problem.message}"
