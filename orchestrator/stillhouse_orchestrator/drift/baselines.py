"""Baselines: recorded from what the worker saw under the migration's own lock, or accepted by a person."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from stillhouse_engine.schema import SchemaError, Snapshot
from stillhouse_orchestrator.batches import Batches
from stillhouse_orchestrator.events import Event, EventName, now
from stillhouse_orchestrator.jobs import project_key
from stillhouse_orchestrator.values import Baseline

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from stillhouse_orchestrator.store import Store
    from stillhouse_orchestrator.store.session import Session
    from stillhouse_orchestrator.workers.executor import Executor, Job, Outcome, Progress, Verb

MOVING: frozenset[Verb] = frozenset({"upgrade", "downgrade", "stamp"})


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a migration.

    Attributes:
        checksums: of the files of the revisions that it applied.
        baseline: what it left, unless nobody could see it.
    """

    project: str
    target: str
    checksums: Mapping[str, str]
    baseline: Baseline | None


def baseline_of(
    target: str, applied: tuple[str, ...], snapshot: str, *, source: str, at: datetime, by: str | None = None
) -> Baseline:
    """Make a baseline of a snapshot's JSON text.

    Raises:
        SchemaError: the text is not a snapshot.
    """
    fingerprint, normaliser = _identity(snapshot)
    return Baseline(
        target=target,
        applied=tuple(sorted(applied)),
        fingerprint=fingerprint,
        normaliser=normaliser,
        source=source,
        taken_at=at,
        snapshot=snapshot,
        by=by,
    )


@lru_cache(maxsize=4)
def _identity(snapshot: str) -> tuple[str, str]:
    """Return a snapshot's fingerprint and normaliser version; siblings that were migrated together have the same text."""
    read = Snapshot.from_json(snapshot)
    return read.fingerprint, str(read.normaliser)


class RecordingExecutor:
    """An executor that keeps the snapshot of each migration as the target's baseline before it reports the outcome.

    Args:
        executor: runs the jobs.
        store: keeps the baselines.
    """

    def __init__(self, executor: Executor, store: Store) -> None:
        self._executor = executor
        self._store = store
        self._batches = Batches(self._keep)

    async def run(self, job: Job, progress: Callable[[Progress], None] | None = None) -> Outcome:
        """Run a job to its end, and record what it left."""
        outcome = await self._executor.run(job, progress)
        if outcome.verb in MOVING and self._store.ownership is not None:
            kept = kept_of(job, outcome)
            if kept.checksums or kept.baseline:
                await self._batches.add(kept)
        return outcome

    async def _keep(self, kept: Sequence[Kept]) -> Sequence[None]:
        async with self._store.write() as session:
            await keep(session, kept)
        return [None] * len(kept)


def kept_of(job: Job, outcome: Outcome) -> Kept:
    """Return what is kept of a job."""
    project = project_key(job.project.script_location, job.project.alembic_ini, job.project.ini_section)
    baseline = None
    if outcome.ok and outcome.snapshot and outcome.after is not None:
        try:
            baseline = baseline_of(outcome.target, outcome.after, outcome.snapshot, source="migration", at=now())
        except SchemaError:  # a worker of another version: the next check says that nothing is known
            baseline = None
    return Kept(project, outcome.target, outcome.checksums, baseline)


async def keep(session: Session, kept: Sequence[Kept]) -> None:
    """Write what is kept of migrations."""
    await session.checksums.save((each.project, each.target, each.checksums) for each in kept)
    baselines = [each.baseline for each in kept if each.baseline is not None]
    await session.baselines.save(baselines)
    await session.record(*map(recorded, baselines))


def recorded(baseline: Baseline) -> Event:
    """Return the event that says what a migration left."""
    facts = {"applied": list(baseline.applied), "fingerprint": baseline.fingerprint}
    return Event(EventName.BASELINE_RECORDED, baseline.taken_at, target=baseline.target, facts=facts)
