"""What became of a job, as an ``Outcome``: from the worker's answer, or from the way its process died."""

from __future__ import annotations

import signal
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from stillhouse_orchestrator.workers.executor import Job, Outcome, Problem, ProjectKey

if TYPE_CHECKING:
    from stillhouse_engine.worker.messages import Done, Failed

KILLED_HINT = (
    "if nobody killed it, the machine may have run out of memory (look into the kernel's log). "
    "Run again: what was committed stays, and what was not was rolled back"
)
EXITED_HINT = (
    "a migration or a module it imports ended the process. Run again when that is corrected: what was committed stays"
)


@dataclass(frozen=True, slots=True)
class Death:
    """Why a worker is gone.

    Attributes:
        problem: the reason.
        started: whether it ever took jobs; if not, nothing was run.
        expected: it was closed, and no job was left.
    """

    problem: Problem
    started: bool = True
    expected: bool = False

    @classmethod
    def of_exit(cls, pid: int, status: int, *, closing: bool, started: bool) -> Death:
        """Read a process's exit status; negative for a signal."""
        who = f"the worker (pid {pid})"
        if closing and status == 0:
            return cls.of_unused(pid)
        when = "" if started else " before it was ready"
        if status < 0:
            what, hint = f"was killed by {_signal_name(-status)}", KILLED_HINT
        else:
            what, hint = f"exited with status {status}", EXITED_HINT
        return cls(Problem("worker_died", f"{who} {what}{when}", hint=hint), started=started)

    @classmethod
    def of_unused(cls, pid: int) -> Death:
        """Say that nobody needs it any more."""
        return cls(Problem("worker_closed", f"the worker (pid {pid}) was closed"), expected=True)

    @classmethod
    def of_mistake(cls, error: Exception, *, started: bool) -> Death:
        """Blame ourselves."""
        leaf: BaseException = error
        while isinstance(leaf, BaseExceptionGroup):
            leaf = leaf.exceptions[0]
        hint = "run again: what was committed stays; and report the traceback that the log has"
        return cls(
            Problem("internal", f"a bug of Stillhouse: {type(leaf).__name__}: {leaf}", hint=hint), started=started
        )

    def outcome(self, job: Job, printed: str | None) -> Outcome:
        """Return the outcome of a job that the worker took along.

        Args:
            job: the job.
            printed: the worker's last lines on stderr.
        """
        message = self.problem.message
        if self.started and job.target not in message:
            message = f"{message} while it ran {job.verb} of {job.target}"
        problem = replace(self.problem, message=message, traceback=self.problem.traceback or printed)
        return Outcome(job.target, job.verb, "lost" if self.started else "failed", problem=problem)


def could_not_start(key: ProjectKey, error: BaseException) -> Problem:
    """Explain why the operating system did not start a worker."""
    if not Path(key.root).is_dir():
        return Problem(
            "worker_start", f"the project's folder does not exist: {key.root}", hint="correct it in the fleet file"
        )
    if isinstance(error, TimeoutError):
        return Problem("worker_start", f"{key.python} did not start in time", hint="look at the machine's load")
    if isinstance(error, FileNotFoundError):
        reason = "does not exist"
    else:
        reason = "cannot be executed" if isinstance(error, PermissionError) else f"did not start: {error}"
    return Problem(
        "worker_start",
        f"the project's interpreter {key.python} {reason}",
        hint="correct 'python' in the fleet file, or make the environment",
    )


def outcome_of_success(job: Job, done: Done) -> Outcome:
    """Read the worker's good news."""
    return Outcome(
        job.target,
        job.verb,
        "done",
        before=done.before,
        after=done.after,
        applied=done.applied,
        seconds=done.seconds,
        snapshot=done.snapshot,
        fingerprint=done.fingerprint,
        plan=done.plan,
        heads=done.heads,
        revisions=done.revisions,
        originals=done.originals,
        checksums=done.checksums,
        written=done.written,
        squashed=done.squashed,
    )


def outcome_of_failure(job: Job, failed: Failed) -> Outcome:
    """Read the worker's bad news."""
    return Outcome(
        job.target,
        job.verb,
        failed.state,
        before=failed.before,
        after=failed.after,
        seconds=failed.seconds,
        problem=failed.problem,
    )


def _signal_name(number: int) -> str:
    try:
        return f"{signal.Signals(number).name} (signal {number})"
    except ValueError:
        return f"signal {number}"
