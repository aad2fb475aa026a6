"""The worker process: one event loop, any number of jobs at once, told what to do over pipes.

How many jobs run at once is the daemon's decision: everything that is started runs. A job can end only itself: whatever
its user code raises, ``SystemExit`` included, becomes that job's ``Failed``.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib.util
import os
import platform
import sys
import time
from typing import TYPE_CHECKING, Protocol

from stillhouse_engine.worker.channel import Channel
from stillhouse_engine.worker.holding import Hold
from stillhouse_engine.worker.messages import (
    PROTOCOL,
    Cancel,
    Close,
    Commit,
    Done,
    Failed,
    Open,
    Problem,
    Ready,
    Refused,
    Rollback,
    Start,
)
from stillhouse_engine.worker.problems import problem_of, state_of
from stillhouse_engine.worker.report import Report
from stillhouse_engine.worker.scrub import secrets_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillhouse_engine.worker.messages import Message

OLDEST_SQLALCHEMY = (2, 0, 36)
REFUSED_EXIT = 78  # EX_CONFIG of sysexits.h
ORPHANED_EXIT = 75  # EX_TEMPFAIL
ORPHANED_SECONDS = 5.0  # how long a busy loop may take to notice that the daemon is gone


class Runner(Protocol):
    """Runs the verbs; the seam between this loop and the engine."""

    async def run(self, start: Start, report: Report) -> Done:
        """Run one job to its end, or raise."""
        ...


class Worker:
    """Serves one daemon until it closes the conversation or dies."""

    def __init__(
        self, channel: Channel, make_runner: Callable[[], Runner], orphaned: Callable[[], None] | None = None
    ) -> None:
        """Prepare to serve.

        Args:
            channel: the conversation.
            make_runner: called once the project's environment is found fit.
            orphaned: called in the listening thread when the daemon is gone.
        """
        self._channel = channel
        self._make_runner = make_runner
        self._on_orphaned = orphaned
        self._runner: Runner | None = None
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._reasons: dict[int, str] = {}
        self._holds: dict[int, Hold] = {}

    async def serve(self) -> int:
        """Answer messages until the end; return the process's exit status."""
        loop = asyncio.get_running_loop()
        inbox: asyncio.Queue[Message | None] = asyncio.Queue()

        def receive(message: Message | None) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has just closed: nobody is left to tell
                loop.call_soon_threadsafe(inbox.put_nowait, message)

        self._channel.listen(receive, lambda: self._orphaned(receive))
        async with asyncio.TaskGroup() as group:
            return await self._answer(inbox, group)

    async def _answer(self, inbox: asyncio.Queue[Message | None], group: asyncio.TaskGroup) -> int:
        while True:
            message = await inbox.get()
            if isinstance(message, Start):
                self._tasks[message.id] = group.create_task(self._job(message))
                await asyncio.sleep(0)  # a task that is cancelled before its first step would answer nothing
            elif isinstance(message, Cancel) and message.id in self._tasks:
                self._reasons[message.id] = message.reason
                self._tasks[message.id].cancel()
                self._say(Rollback(message.id, message.reason))
            elif isinstance(message, Commit | Rollback):
                self._say(message)
            elif isinstance(message, Open):
                if refused := self._open(message):
                    self.send(refused)
                    return REFUSED_EXIT
            elif isinstance(message, Close):
                return 0
            elif message is None:
                self._abandon()
                return ORPHANED_EXIT

    def _abandon(self) -> None:
        """End every job because the daemon is gone, but let those commit that were told to: others may have done so."""
        for number, task in self._tasks.items():
            hold = self._holds.get(number)
            if hold is None or not hold.commits:
                task.cancel()
                self._say(Rollback(number, "the daemon went away"))

    def _say(self, word: Commit | Rollback) -> None:
        """Tell a job what becomes of the transaction that it holds, or will hold."""
        hold = self._holds.get(word.id)
        if hold is not None and isinstance(word, Commit):
            hold.commit()
        elif hold is not None and isinstance(word, Rollback):
            hold.roll_back(word.reason)

    def _orphaned(self, receive: Callable[[Message | None], None]) -> None:
        receive(None)
        if self._on_orphaned is not None:
            self._on_orphaned()

    def _open(self, message: Open) -> Refused | None:
        """Enter the project's folder and check what its environment offers."""
        try:
            os.chdir(message.root)
            sys.path[:0] = [path for path in message.import_path if path not in sys.path]
            if problem := unfit(message):
                return Refused(problem)
            self._runner = self._make_runner()
        except BaseException as error:  # noqa: BLE001 - whatever user code does at import, the daemon hears of it
            return Refused(problem_of(error))
        self.send(ready())
        for driver in message.drivers:
            load_driver(driver)
        return None

    async def _job(self, start: Start) -> None:
        """Run one job and answer exactly once."""
        began = time.monotonic()
        report = Report(start.id, self.send)
        if start.options.get("hold"):
            report.hold = self._holds[start.id] = Hold(start.id, self.send, start.deadline)
        timeout = asyncio.timeout(start.deadline)
        try:
            if self._runner is None:
                raise RuntimeError("a job was started before the worker was opened")  # noqa: TRY301 - answered below
            async with timeout:
                done = await self._runner.run(start, report)
        except BaseException as error:  # noqa: BLE001 - SystemExit and the like cost this job only
            self.send(self._failed(start, report, error, timed_out=timeout.expired(), seconds=time.monotonic() - began))
        else:
            self.send(done)
        finally:
            del self._tasks[start.id]
            self._reasons.pop(start.id, None)
            self._holds.pop(start.id, None)

    def _failed(self, start: Start, report: Report, error: BaseException, *, timed_out: bool, seconds: float) -> Failed:
        if timed_out:
            problem = Problem(
                "deadline",
                f"stopped at its deadline of {start.deadline:g} s; its open transaction was rolled back",
                revision=report.revision,
                hint="see what it waited for, or raise the target's deadline",
            )
        elif isinstance(error, asyncio.CancelledError):
            reason = self._reasons.get(start.id, "the daemon went away")
            problem = Problem("cancelled", f"{reason}; its open transaction was rolled back", revision=report.revision)
        else:
            problem = problem_of(error, revision=report.revision, secrets=secrets_of(start.database.url))
        return Failed(start.id, problem, state_of(error), report.before, report.after, seconds)

    def send(self, message: Message) -> None:
        """Send a message; when the daemon is gone nobody misses it."""
        with contextlib.suppress(BrokenPipeError):
            self._channel.send(message)


def unfit(message: Open) -> Problem | None:
    """Say why this environment cannot run migrations, if it cannot."""
    if message.protocol != PROTOCOL:
        text = f"the daemon speaks protocol {message.protocol}, this worker {PROTOCOL}"
        return Problem("protocol", text, hint="restart the daemon: it was updated while it ran")
    try:
        import sqlalchemy
    except ImportError as error:
        missing = error.name == "sqlalchemy"
        text = "has no SQLAlchemy" if missing else f"cannot import SQLAlchemy: {error}"
        return Problem(
            "missing_sqlalchemy",
            f"the interpreter {sys.executable} {text}",
            hint="install 'sqlalchemy>=2.0.36' and a driver for the target's URL there, or correct 'python' in the fleet file",
        )
    version = tuple(int(part) for part in sqlalchemy.__version__.split(".")[:3] if part.isdigit())
    if version < OLDEST_SQLALCHEMY:
        oldest = ".".join(map(str, OLDEST_SQLALCHEMY))
        text = f"the interpreter {sys.executable} has SQLAlchemy {sqlalchemy.__version__}; {oldest} is the oldest that works"
        return Problem("old_sqlalchemy", text, hint=f"upgrade it there: 'sqlalchemy>={oldest}'")
    return None


def load_driver(name: str) -> None:
    """Import a dialect and its driver ahead of the first job that needs them; one that is missing is that job's to tell."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    with contextlib.suppress(ImportError, ArgumentError):
        make_url(f"{name}://").get_dialect().import_dbapi()


def ready() -> Ready:
    """Describe this process."""
    import sqlalchemy

    bridged = importlib.util.find_spec("greenlet") is not None
    return Ready(os.getpid(), platform.python_version(), sqlalchemy.__version__, bridged)


def die_soon() -> None:
    """End the process although user code keeps the loop or a thread busy: nobody waits for it any more."""
    time.sleep(ORPHANED_SECONDS)  # the usual end comes first, and takes this thread along
    os._exit(ORPHANED_EXIT)


def main() -> None:
    """Run a worker over this process's stdin and stdout: what the bootstrap calls."""
    sys.argv = ["stillhouse-worker"]
    gc.disable()  # what the imports make stays for good: looking for garbage among it takes a tenth of the start
    channel = Channel.take_over()

    def make_runner() -> Runner:
        from stillhouse_engine.worker.jobs import Jobs

        runner = Jobs()
        gc.freeze()
        gc.enable()
        return runner

    raise SystemExit(asyncio.run(Worker(channel, make_runner, die_soon).serve()))
