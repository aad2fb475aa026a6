"""An executor in memory, for the tests of whatever decides: no process, no database, any outcome on demand."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from dataclasses import replace
from typing import TYPE_CHECKING

from stillhouse_orchestrator.workers.executor import Job, Outcome, Problem, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class FakeExecutor:
    """Moves imaginary targets along one line of revisions.

    Attributes:
        revisions: the project's revisions, oldest first.
        at: where each target stands; a target that is not here stands at base.
        started: every job, in the order of their starts.
        running: the names of the targets whose jobs run now.
        most_running: the largest number of jobs that ran at once.
        snapshots: the snapshot that a target's migration reports, by target name.
    """

    def __init__(self, revisions: Iterable[str] = ("r1", "r2", "r3"), at: dict[str, str] | None = None) -> None:
        self.revisions = tuple(revisions)
        self.at: dict[str, str | None] = dict(at or {})
        self.started: list[Job] = []
        self.running: set[str] = set()
        self.most_running = 0
        self.snapshots: dict[str, str] = {}
        self._planned: defaultdict[str, deque[Outcome | Problem | BaseException]] = defaultdict(deque)
        self._gates: dict[str, asyncio.Event] = {}

    def fail(self, target: str, message: str = "it failed", kind: str = "sql") -> None:
        """Let the target's next job fail."""
        self._planned[target].append(Problem(kind, message))

    def answer(self, outcome: Outcome) -> None:
        """Let the target's next job end with this outcome."""
        self._planned[outcome.target].append(outcome)

    def hold(self, target: str) -> asyncio.Event:
        """Let the target's jobs wait until the returned event is set."""
        return self._gates.setdefault(target, asyncio.Event())

    async def run(self, job: Job, progress: Callable[[Progress], None] | None = None) -> Outcome:
        """Run a job in memory."""
        self.started.append(job)
        self.running.add(job.target)
        self.most_running = max(self.most_running, len(self.running))
        try:
            await asyncio.sleep(0)
            if gate := self._gates.get(job.target):
                await gate.wait()
            return self._outcome(job, progress)
        finally:
            self.running.discard(job.target)

    def retire(self) -> None:
        """Do what ``PoolExecutor.retire`` does: here, nothing is kept."""

    def _outcome(self, job: Job, progress: Callable[[Progress], None] | None) -> Outcome:
        before = tuple(filter(None, [self.at.get(job.target)]))
        expected = job.options.get("expected", before)
        if set(expected) != set(before):
            problem = Problem("unexpected_revisions", f"it is at {before}, and was planned from {expected}")
            return Outcome(job.target, job.verb, "failed", before=before, problem=problem)
        planned = self._planned[job.target].popleft() if self._planned[job.target] else None
        if isinstance(planned, Problem):
            return Outcome(job.target, job.verb, "failed", before=before, after=before, problem=planned)
        if isinstance(planned, BaseException):
            raise planned
        if planned is not None:
            self.at[job.target] = planned.after[-1] if planned.after else None
            return replace(planned, verb=job.verb)
        return self._move(job, before, progress)

    def _move(self, job: Job, before: tuple[str, ...], progress: Callable[[Progress], None] | None) -> Outcome:
        start = self.revisions.index(before[0]) + 1 if before else 0
        end = self._index(job.revision)
        path = self.revisions[start:end] if end >= start else self.revisions[end:start][::-1]
        if job.verb in ("upgrade", "downgrade", "stamp"):
            for revision in path if job.verb != "stamp" else ():
                if progress:
                    progress(Progress(job.target, "revision.finished", {"revision": revision}))
            self.at[job.target] = self.revisions[end - 1] if end else None
        after = tuple(filter(None, [self.at.get(job.target)]))
        return Outcome(
            job.target,
            job.verb,
            "done",
            before=before,
            after=after,
            applied=path if job.verb in ("upgrade", "downgrade") else (),
            snapshot=self.snapshots.get(job.target),
            heads=self.revisions[-1:],
        )

    def _index(self, revision: str | None) -> int:
        """Return how many revisions a target has applied when it stands at one."""
        if revision == "base":
            return 0
        return len(self.revisions) if revision in (None, "head", "heads") else self.revisions.index(revision) + 1
