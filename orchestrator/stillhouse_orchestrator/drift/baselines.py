"""Baselines: recorded from what the worker saw under the migration's own lock, or accepted by a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillhouse_engine.schema import SchemaError, Snapshot
from stillhouse_orchestrator.events import Event, EventName, now
from stillhouse_orchestrator.jobs import project_key
from stillhouse_orchestrator.values import Baseline

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from stillhouse_orchestrator.store import Store
    from stillhouse_orchestrator.workers.executor import Executor, Job, Outcome, Progress, Verb

MOVING: frozenset[Verb] = frozenset({"upgrade", "downgrade", "stamp"})


def baseline_of(
    target: str, applied: tuple[str, ...], snapshot: str, *, source: str, at: datetime, by: str | None = None
) -> Baseline:
    """Make a baseline of a snapshot's JSON text.

    Raises:
        SchemaError: the text is not a snapshot.
    """
    read = Snapshot.from_json(snapshot)
    return Baseline(
        target=target,
        applied=tuple(sorted(applied)),
        fingerprint=read.fingerprint,
        normaliser=str(read.normaliser),
        source=source,
        taken_at=at,
        snapshot=snapshot,
        by=by,
    )


class RecordingExecutor:
    """An executor that keeps the snapshot of each migration as the target's baseline before it reports the outcome.

    Args:
        executor: runs the jobs.
        store: keeps the baselines.
    """

    def __init__(self, executor: Executor, store: Store) -> None:
        self._executor = executor
        self._store = store

    async def run(self, job: Job, progress: Callable[[Progress], None] | None = None) -> Outcome:
        """Run a job to its end, and record what it left."""
        outcome = await self._executor.run(job, progress)
        if outcome.verb in MOVING and self._store.ownership is not None:
            await self._remember(job, outcome)
            if outcome.ok and outcome.snapshot and outcome.after is not None:
                await self._record(outcome.target, outcome.after, outcome.snapshot)
        return outcome

    async def _remember(self, job: Job, outcome: Outcome) -> None:
        """Keep what the files of the applied revisions were."""
        if outcome.checksums:
            project = project_key(job.project.script_location, job.project.alembic_ini, job.project.ini_section)
            async with self._store.write() as session:
                await session.checksums.save(project, outcome.target, outcome.checksums)

    async def _record(self, target: str, applied: tuple[str, ...], snapshot: str) -> None:
        moment = now()
        try:
            baseline = baseline_of(target, applied, snapshot, source="migration", at=moment)
        except SchemaError:  # a worker of another version: the next check says that nothing is known
            return
        async with self._store.write() as session:
            await session.baselines.save([baseline])
            facts = {"applied": list(baseline.applied), "fingerprint": baseline.fingerprint}
            await session.record(Event(EventName.BASELINE_RECORDED, moment, target=target, facts=facts))
