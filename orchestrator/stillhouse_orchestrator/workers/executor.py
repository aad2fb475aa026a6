"""The seam between what decides (rollouts, the daemon) and what runs: one job for one target at a time.

An executor decides nothing: no order, no retries, no budgets. What user code did is an ``Outcome``, never an exception.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from stillhouse_engine.runtime.specs import DatabaseSpec, ProjectSpec, RenderedRevision, RevisionSummary
from stillhouse_engine.worker.messages import Problem, Verb

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stillhouse_orchestrator.workers.gates import Gate

__all__ = [
    "DatabaseSpec",
    "Executor",
    "Job",
    "Outcome",
    "OutcomeState",
    "Problem",
    "Progress",
    "ProjectKey",
    "ProjectSpec",
    "RenderedRevision",
    "RevisionSummary",
    "Verb",
]

OutcomeState: TypeAlias = Literal["done", "failed", "busy", "indeterminate", "lost"]
DEADLINE = 3600.0  # seconds: a migration that runs longer than an hour says so in the fleet file


@dataclass(frozen=True, slots=True)
class ProjectKey:
    """What makes two projects fit into one worker: the same interpreter, folder, import path and ini file."""

    python: str
    root: str
    import_path: tuple[str, ...]
    alembic_ini: str | None


@dataclass(frozen=True, slots=True)
class Job:
    """One verb for one target.

    Attributes:
        revision: the destination of ``upgrade``, ``downgrade`` and ``plan``, or what to ``stamp``.
        python: the project's own interpreter.
        deadline: seconds until the job is cancelled, then its worker killed.
        options: further arguments of the verb.
        gate: where the job waits with its transaction open before it commits; without one it commits at once.
    """

    verb: Verb
    project: ProjectSpec
    database: DatabaseSpec
    revision: str | None = None
    python: str = sys.executable
    deadline: float = DEADLINE
    options: dict[str, Any] = field(default_factory=dict)
    gate: Gate | None = field(default=None, compare=False)

    @property
    def target(self) -> str:
        """The target's name."""
        return self.database.name

    @property
    def key(self) -> ProjectKey:
        """Which workers can run it."""
        return ProjectKey(self.python, self.project.root, self.project.import_path, self.project.alembic_ini)


@dataclass(frozen=True, slots=True)
class Progress:
    """A step of a job, as it happens.

    Attributes:
        event: ``revision.started``, ``revision.finished``, ``revisions.replayed``, ``lock.waiting``, ``run.retried``…
        facts: what happened, as plain data; ``revision`` where the step belongs to one.
    """

    target: str
    event: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended.

    Attributes:
        state: ``lost`` means that the worker died under it: what it did is in the database, and the next run goes on.
        before: the target's revisions before the job; ``None`` when they were never read.
        after: the target's revisions after it; ``None`` when nobody knows.
        applied: the revisions that ran, in order.
        snapshot: the schema's JSON, taken under the lock.
        originals: for ``describe``: the revisions that squashed ones have replaced.
        checksums: of the files of the revisions that were applied.
        written: the revision file that ``adopt`` wrote.
        squashed: what came of ``squash``.
        problem: what went wrong, unless ``done``.
    """

    target: str
    verb: Verb
    state: OutcomeState
    before: tuple[str, ...] | None = None
    after: tuple[str, ...] | None = None
    applied: tuple[str, ...] = ()
    seconds: float = 0.0
    snapshot: str | None = None
    fingerprint: str | None = None
    plan: tuple[RenderedRevision, ...] = ()
    heads: tuple[str, ...] = ()
    revisions: tuple[RevisionSummary, ...] = ()
    originals: tuple[RevisionSummary, ...] = ()
    checksums: Mapping[str, str] = field(default_factory=dict)
    written: str | None = None
    squashed: Mapping[str, Any] = field(default_factory=dict)
    problem: Problem | None = None

    @property
    def ok(self) -> bool:
        """Whether the job did what was asked."""
        return self.state == "done"


class Executor(Protocol):
    """Runs one job for one target; decides nothing."""

    async def run(self, job: Job, progress: Callable[[Progress], None] | None = None) -> Outcome:
        """Run a job to its end.

        Args:
            job: what to do.
            progress: called on the event loop for each step; it must not block or raise.
        """
        ...
