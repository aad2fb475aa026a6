"""Worker processes by project, started when a job needs one, and the executor that runs jobs in them."""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Self

import structlog

from stillhouse_orchestrator.workers.executor import Job, Outcome, Problem, Progress, ProjectKey
from stillhouse_orchestrator.workers.process import Patience, WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from types import TracebackType

MOST_SQLITE_WORKERS = 4  # SQLite runs in the process that asks: more processes use more cores, up to the disk
JOBS_BEFORE_ANOTHER = 2  # starting a worker costs as much as a few migrations
DRAIN_SECONDS = 30.0

log = structlog.get_logger("stillhouse.worker")


def width_for(job: Job, cores: int) -> int:
    """Say how many workers a project's jobs of this kind are spread over.

    A database server does the work of its targets itself, and one event loop keeps it busy; SQLite's work is the worker's.
    """
    return max(1, min(MOST_SQLITE_WORKERS, cores)) if job.database.url.startswith("sqlite") else 1


class WorkerPool:
    """Keeps the worker processes of every project.

    Args of the constructor:
        group: owns the tasks that watch the processes.
        patience: how long workers may take to start, stop and close.
    """

    def __init__(self, group: asyncio.TaskGroup, patience: Patience | None = None) -> None:
        self._group = group
        self._patience = patience or Patience()
        self._cores = os.cpu_count() or 1
        self._workers: defaultdict[ProjectKey, list[WorkerProcess]] = defaultdict(list)

    @property
    def workers(self) -> list[WorkerProcess]:
        """Every worker that has not died, retiring ones included."""
        return [worker for workers in self._workers.values() for worker in workers]

    def choose(self, job: Job) -> WorkerProcess:
        """Return the worker with the least to do for a job, a new one when that is better."""
        able = [worker for worker in self._workers[job.key] if worker.alive and not worker.retiring]
        width = width_for(job, self._cores)
        least = min(able[:width], key=lambda worker: worker.load, default=None)
        if least is None or (least.load >= JOBS_BEFORE_ANOTHER and len(able) < width):
            return self._start(job.key)
        return least

    def retire(self) -> None:
        """Let the workers finish their jobs and end: the next jobs get new ones, which import the code as it is then."""
        for worker in self.workers:
            worker.retire()

    async def prepare(self, wanted: Mapping[ProjectKey, Collection[str]]) -> None:
        """Start a worker for each project of some, and return while they get ready.

        Args:
            wanted: the drivers that each will probably need.
        """
        starting = [self._start(key, drivers) for key, drivers in wanted.items() if not self._workers[key]]
        await asyncio.gather(*(worker.opened.wait() for worker in starting))

    def _start(self, key: ProjectKey, drivers: Collection[str] = ()) -> WorkerProcess:
        worker = WorkerProcess(key, self._patience, drivers)
        self._workers[key].append(worker)
        self._group.create_task(self._serve(worker), name="stillhouse-worker")
        return worker

    async def _serve(self, worker: WorkerProcess) -> None:
        try:
            await worker.serve()
        except Exception:  # a mistake of ours with one worker must not end the others
            log.exception("watching a worker failed", pid=worker.pid)
        finally:
            self._workers[worker.key].remove(worker)

    async def close(self) -> None:
        """Ask every worker to exit; kill those that do not in time."""
        leaving = self.workers
        for worker in leaving:
            worker.close()
        try:
            async with asyncio.timeout(self._patience.close):
                await asyncio.gather(*(worker.ended.wait() for worker in leaving))
        except TimeoutError:
            for worker in leaving:
                worker.kill(Problem("worker_closed", "the worker was killed: it did not exit in time"))


class PoolExecutor:
    """Runs jobs in worker processes; an asynchronous context manager that owns them.

    It limits nothing: whoever starts jobs holds the server's budget for each.
    """

    def __init__(self, patience: Patience | None = None, drain: float = DRAIN_SECONDS) -> None:
        """Prepare; the processes come with the jobs.

        Args:
            patience: how long workers may take.
            drain: seconds that running jobs get to finish when the executor is left.
        """
        self._patience = patience or Patience()
        self._drain = drain
        self._stack = AsyncExitStack()
        self._pool: WorkerPool | None = None
        self._running = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def __aenter__(self) -> Self:
        group = await self._stack.enter_async_context(asyncio.TaskGroup())
        self._pool = WorkerPool(group, self._patience)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                await self.shut_down()
            elif self._pool is not None:
                await self._hurry(self._pool)
        finally:
            self._pool = None
            await self._stack.__aexit__(kind, error, trace)

    @property
    def pids(self) -> list[int]:
        """The process ids of its workers."""
        return [worker.pid for worker in self._pool.workers if worker.pid] if self._pool else []

    async def prepare(self, wanted: Mapping[ProjectKey, Collection[str]]) -> None:
        """Start workers ahead of their first jobs, with the drivers that each will probably need."""
        if self._pool is not None:
            await self._pool.prepare(wanted)

    async def run(self, job: Job, progress: Callable[[Progress], None] | None = None) -> Outcome:
        """Run a job to its end, in a worker of its project."""
        if self._pool is None:
            problem = Problem("shutting_down", "nothing was started: the daemon is shutting down", hint="run again")
            return Outcome(job.target, job.verb, "failed", problem=problem)
        self._running += 1
        self._idle.clear()
        try:
            return await self._pool.choose(job).run(job, progress)
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()

    def retire(self) -> None:
        """Give the next jobs new workers, so that they see the project's files as they are then."""
        if self._pool is not None:
            self._pool.retire()

    async def shut_down(self) -> None:
        """Start nothing new, let running jobs finish within the drain time, cancel the rest, and end the processes."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            async with asyncio.timeout(self._drain):
                await self._idle.wait()
        except TimeoutError:
            await self._hurry(pool)
            return
        await pool.close()

    async def _hurry(self, pool: WorkerPool) -> None:
        """Cancel what runs, then end the processes."""
        for worker in pool.workers:
            worker.cancel_all("the daemon is shutting down")
        try:
            async with asyncio.timeout(self._patience.cancel):
                await self._idle.wait()
        except TimeoutError:
            for worker in pool.workers:
                worker.kill(
                    Problem("shutting_down", "the worker was killed: the daemon is shutting down", hint="run again")
                )
        await pool.close()
