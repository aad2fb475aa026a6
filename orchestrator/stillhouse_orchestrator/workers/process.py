"""One worker process, from the daemon's side: started, spoken to, and watched to its end.

Whatever becomes of the process, every job that was given to it gets exactly one ``Outcome``.
"""

from __future__ import annotations

import asyncio
import itertools
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from stillhouse_engine.faults import fault
from stillhouse_engine.worker.messages import (
    Cancel,
    Close,
    Commit,
    Done,
    Failed,
    Held,
    MessageError,
    Open,
    Ready,
    Refused,
    Rollback,
    Start,
    from_line,
    to_line,
)
from stillhouse_engine.worker.messages import Progress as ProgressMessage
from stillhouse_orchestrator.events import EventName
from stillhouse_orchestrator.workers.bootstrap import command
from stillhouse_orchestrator.workers.child import Child
from stillhouse_orchestrator.workers.executor import Job, Outcome, Problem, Progress, ProjectKey
from stillhouse_orchestrator.workers.lines import LineSplitter, LineTooLongError
from stillhouse_orchestrator.workers.postmortem import Death, could_not_start, outcome_of_failure, outcome_of_success
from stillhouse_orchestrator.workers.printed import Printed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from stillhouse_engine.worker.messages import Message

LINE_LIMIT = 256 * 1024 * 1024  # bytes: the snapshot of a schema with 100,000 tables is smaller
CHUNK = 1024 * 1024
LAST_WORDS_SECONDS = 2.0  # how long a dead process's pipes are read on, when a child of it holds them open

log = structlog.get_logger("stillhouse.worker")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a worker may take, in seconds.

    Attributes:
        start: until it is ready.
        cancel: to end a job after it was told to, or after the job's deadline; then the process is killed.
        close: to exit after it was told to; then the process is killed.
    """

    start: float = 60.0
    cancel: float = 10.0
    close: float = 5.0


@dataclass(slots=True)
class _Running:
    job: Job
    progress: Callable[[Progress], None] | None
    outcome: asyncio.Future[Outcome]


class WorkerProcess:
    """A worker process for the projects of one key."""

    def __init__(self, key: ProjectKey, patience: Patience | None = None, drivers: Iterable[str] = ()) -> None:
        self.key = key
        self.opened = asyncio.Event()  # the process exists and knows what to open, or never will
        self.retiring = False
        self.ended = asyncio.Event()
        self.printed = Printed()
        self._patience = patience or Patience()
        self._drivers = tuple(drivers)
        self._child: Child | None = None
        self._started = asyncio.Event()  # ready, or never to be
        self._running: dict[int, _Running] = {}
        self._ids = itertools.count(1)
        self._death: Death | None = None
        self._ready: Ready | None = None
        self._closing = False
        self._users = 0

    @property
    def alive(self) -> bool:
        """Whether it takes jobs, now or once it has started."""
        return self._death is None and not self._closing

    @property
    def load(self) -> int:
        """How many jobs it has."""
        return self._users

    @property
    def pid(self) -> int | None:
        """The process id, once there is one."""
        return self._child.pid if self._child else None

    async def serve(self) -> None:
        """Run the process to its end; the task that owns the worker awaits this.

        Raises nothing but cancellation and mistakes of ours, which fail the worker's jobs with their reason first.
        """
        try:
            child = self._child = await Child.start(command(self.key.python), self.key.root)
        except OSError as error:
            self._die(Death(could_not_start(self.key, error), started=False))
            return
        except Exception as error:
            self._die(Death.of_mistake(error, started=False))
            raise
        try:
            await self._converse(child)
        except Exception as error:
            self._death = self._death or Death.of_mistake(error, started=self._ready is not None)
            raise
        finally:
            self._bury(child)

    async def run(self, job: Job, progress: Callable[[Progress], None] | None = None) -> Outcome:
        """Run a job in this process, whatever happens to either."""
        self._users += 1
        try:
            await self._started.wait()
            if self._death is not None:
                return self._lost(job)
            return await self._run_started(job, progress)
        finally:
            self._users -= 1
            if self.retiring and not self._users:
                self.close()

    def close(self) -> None:
        """Ask the process to exit once its jobs are done; one that is still starting for nobody is not waited for."""
        self._closing = True
        if self._child is not None and self._ready is None and not self._users:
            self._death = self._death or Death.of_unused(self._child.pid)
            self._child.kill()
        self._send(Close())

    def retire(self) -> None:
        """Take no more new jobs (whoever chooses workers looks at ``retiring``), and close after the last one."""
        self.retiring = True
        if not self._users:
            self.close()

    def cancel_all(self, reason: str) -> None:
        """Ask every job to stop."""
        for number in tuple(self._running):
            self._send(Cancel(number, reason))

    def kill(self, problem: Problem | None = None) -> None:
        """End the process and its children at once.

        Args:
            problem: why, for the outcomes of its jobs; without it the signal speaks for itself.
        """
        if self._death is None and problem is not None:
            self._death = Death(problem, started=self._ready is not None)
        if self._child is not None:
            self._child.kill()

    async def _converse(self, child: Child) -> None:
        """Read both pipes until the process has ended."""
        self._send(Open(self.key.root, self.key.import_path, self._drivers))
        self.opened.set()
        if self._closing:  # asked to before there was anybody to tell
            self._send(Close())
        async with asyncio.TaskGroup() as group:
            readers = (group.create_task(self._read_messages(child)), group.create_task(self._read_printed(child)))
            group.create_task(self._watch_start())
            await asyncio.shield(child.exited)
            self._started.set()  # whoever waits for the start learns of the end below
            _, late = await asyncio.wait(readers, timeout=LAST_WORDS_SECONDS)
            for reader in late:
                reader.cancel()

    async def _watch_start(self) -> None:
        try:
            async with asyncio.timeout(self._patience.start):
                await self._started.wait()
        except TimeoutError:
            reason = f"the worker was not ready within {self._patience.start:g} s"
            self.kill(
                Problem("worker_start", reason, hint="see what the project imports at start, and the machine's load")
            )

    async def _read_messages(self, child: Child) -> None:
        splitter = LineSplitter(LINE_LIMIT)
        while chunk := await child.stdout.read(CHUNK):
            try:
                for line in splitter.feed(chunk):
                    self._receive(from_line(line))
            except (MessageError, LineTooLongError) as error:
                hint = "user code wrote to a descriptor that is not its own: print() and logging are fine, os.write to other descriptors is not"
                self.kill(Problem("worker_garbage", f"the worker wrote {error}", hint=hint))
                return

    async def _read_printed(self, child: Child) -> None:
        try:
            while chunk := await child.stderr.read(CHUNK):
                self.printed.feed(chunk)
                await asyncio.sleep(0)  # a flood must not keep the loop to itself
        finally:
            self.printed.end()

    def _receive(self, message: Message) -> None:
        if isinstance(message, ProgressMessage):
            self._pass_on(message)
        elif isinstance(message, Done | Failed):
            if running := self._running.get(message.id):
                make = outcome_of_success if isinstance(message, Done) else outcome_of_failure
                _settle(running.outcome, make(running.job, message))  # type: ignore[arg-type]  # make fits the message
                del self._running[message.id]
        elif isinstance(message, Held):
            self._hold(message.id)
        elif isinstance(message, Ready):
            self._ready = message
            log.info(EventName.WORKER_STARTED, pid=self.pid, python=message.python, sqlalchemy=message.sqlalchemy)
            self._started.set()
        elif isinstance(message, Refused):
            self._death = Death(message.problem, started=False)
        else:
            raise MessageError(f"not a worker's message: {type(message).__name__}")

    def _hold(self, number: int) -> None:
        """Let a job that holds its transaction wait at its gate."""
        running = self._running.get(number)
        if running is not None and running.job.gate is not None:
            running.job.gate.arrive(
                lambda refusal: self._send(Commit(number) if refusal is None else Rollback(number, refusal))
            )

    def _pass_on(self, message: ProgressMessage) -> None:
        """Tell the job's caller; what goes wrong there must not end the conversation."""
        running = self._running.get(message.id)
        if running is None or running.progress is None:
            return
        try:
            running.progress(Progress(running.job.target, message.event, message.facts))
        except Exception:
            log.exception("a progress callback failed", target=running.job.target)

    async def _run_started(self, job: Job, progress: Callable[[Progress], None] | None) -> Outcome:
        number = next(self._ids)
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._running[number] = _Running(job, progress, outcome)
        self.printed.hide(job.database.url)
        options = job.options if job.gate is None else {**job.options, "hold": True}
        self._send(Start(number, job.verb, job.project, job.database, job.revision, job.deadline, options))
        fault("after_job_sent")
        try:
            async with asyncio.timeout(job.deadline + self._patience.cancel):
                return await asyncio.shield(outcome)
        except TimeoutError:
            self._kill_hung(job, f"its deadline of {job.deadline:g} s")
            return await outcome
        except asyncio.CancelledError:
            await self._stop(number, job, outcome)
            raise

    async def _stop(self, number: int, job: Job, outcome: asyncio.Future[Outcome]) -> None:
        """Make sure that nothing works on the target any more before its caller goes away."""
        self._send(Cancel(number, "cancelled"))
        done, _ = await asyncio.wait([outcome], timeout=self._patience.cancel)
        if not done:
            self._kill_hung(job, "its cancellation")
            await outcome

    def _kill_hung(self, job: Job, missed: str) -> None:
        reason = (
            f"the worker (pid {self.pid}) was killed: {job.verb} of {job.target} did not end within "
            f"{self._patience.cancel:g} s of {missed}"
        )
        hint = "user code that never awaits (a busy loop, time.sleep, a blocking driver) cannot be stopped in any other way"
        self.kill(Problem("deadline", reason, hint=hint))

    def _send(self, message: Message) -> None:
        """Write a message; a worker that is gone is noticed where its exit is awaited."""
        if self._child is not None:
            self._child.write(to_line(message))

    def _bury(self, child: Child) -> None:
        """Leave nothing of the process behind, and settle its jobs."""
        status = child.exited.result() if child.exited.done() else -signal.SIGKILL
        if status != 0 or not self._closing:
            child.kill()
        child.close()
        started = self._ready is not None
        self._die(self._death or Death.of_exit(child.pid, status, closing=self._closing, started=started))

    def _die(self, death: Death) -> None:
        self._death = death
        self._closing = True
        self._started.set()
        self.opened.set()
        for running in tuple(self._running.values()):
            _settle(running.outcome, self._lost(running.job))
        if death.expected:
            log.info(EventName.WORKER_STOPPED, pid=self.pid)
        else:
            targets = [running.job.target for running in self._running.values()]
            log.error(EventName.WORKER_LOST, pid=self.pid, reason=death.problem.message, targets=targets)
        self._running.clear()
        self.ended.set()

    def _lost(self, job: Job) -> Outcome:
        assert self._death is not None  # noqa: S101 - only a dead worker loses jobs
        return self._death.outcome(job, self.printed.text())


def _settle(future: asyncio.Future[Outcome], outcome: Outcome) -> None:
    if not future.done():
        future.set_result(outcome)
