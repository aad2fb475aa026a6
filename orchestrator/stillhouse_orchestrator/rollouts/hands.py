"""The rollout machine's hands: what an action means for a database, and what came of it as a signal."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

from stillhouse_orchestrator.batches import Batches
from stillhouse_orchestrator.connections import Priority
from stillhouse_orchestrator.errors import ConnectionFailedError, StillhouseError
from stillhouse_orchestrator.events import now
from stillhouse_orchestrator.jobs import job_for
from stillhouse_orchestrator.rollouts.signals import Deferred, Found, Ran, Reverted
from stillhouse_orchestrator.values import MemberState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from stillhouse_config import TargetDeclaration
    from stillhouse_engine.worker.messages import Verb
    from stillhouse_orchestrator.connections import Connections
    from stillhouse_orchestrator.rollouts.advance import Migrate
    from stillhouse_orchestrator.store import Store
    from stillhouse_orchestrator.values import RolloutTarget, Verify
    from stillhouse_orchestrator.workers.executor import Executor, Outcome, Progress
    from stillhouse_orchestrator.workers.gates import Gate

    Report: TypeAlias = Callable[[Progress], None]
    Result: TypeAlias = Ran | Deferred | Reverted

LOOK_SECONDS = 60.0  # for reading the applied revisions of a target
UNREACHABLE = frozenset({"unreachable", "timeout", "too_many_connections", "connection_lost"})
UNHEARD = frozenset({"connection_lost", "timeout", "deadline", "cancelled"})
"""Problems that may hide a COMMIT which went through: its answer was lost."""
UNEXPECTED, ROLLED_BACK = "unexpected_revisions", "rolled_back"
VERIFY_SECONDS = 60.0
BUSY_SECONDS, BUSY_LONGEST, BUSY_GROWTH = 2.0, 60.0, 1.6


@dataclass(frozen=True, slots=True)
class Task:
    """One migration to be done.

    Attributes:
        unreachable_fails: whether a target that cannot be reached counts as failed.
        gate: where it waits with its transaction open, in a barrier wave.
    """

    action: Migrate
    target: TargetDeclaration
    unreachable_fails: bool = True
    gate: Gate | None = None

    @property
    def member(self) -> RolloutTarget:
        """The member as it was when it started."""
        return self.action.member


class Hands:
    """Carries out actions.

    Args:
        executor: runs the jobs.
        connections: reaches databases for ``verify`` steps.
        store: knows the drift that was found since.
        clock: tells the time.
    """

    def __init__(
        self, executor: Executor, connections: Connections, store: Store, clock: Callable[[], datetime] = now
    ) -> None:
        self._executor = executor
        self._connections = connections
        self._store = store
        self._clock = clock
        self._drift_ids = Batches(self._read_drift_ids)

    async def migrate(self, task: Task, report: Report | None = None) -> Result:
        """Bring a target from where it should be to its goal, and return what became of it."""
        try:
            if obstacle := await self._drifted(task.member):
                return Ran(task.member.target, self._clock(), MemberState.BLOCKED_DRIFT, None, obstacle)
            return await self._run(task, report)
        except StillhouseError as error:
            return Ran(task.member.target, self._clock(), MemberState.FAILED, None, str(error))

    async def look(self, target: TargetDeclaration) -> Found:
        """Read a target's applied revisions."""
        try:
            outcome = await self._executor.run(replace(job_for(target, "current"), deadline=LOOK_SECONDS))
        except StillhouseError as error:
            return Found(None, str(error))
        if outcome.ok and outcome.after is not None:
            return Found(outcome.after)
        return Found(None, str(outcome.problem or outcome.state))

    async def verify(self, target: TargetDeclaration, step: Verify) -> str | None:
        """Ask a target a ``verify`` step's question; return what is wrong, if anything."""
        url, seconds = target.url.reveal(), step.timeout or VERIFY_SECONDS
        try:
            async with self._connections.connect(url, priority=Priority.ROLLOUT, seconds=seconds) as connection:
                if target.schema and connection.dialect.name == "postgresql":
                    await connection.exec_driver_sql("SELECT set_config('search_path', $1, false)", (target.schema,))
                row = (await connection.exec_driver_sql(step.sql)).first()
        except TimeoutError:
            return f"{target.name}: no answer within {seconds:g} seconds"
        except ConnectionFailedError as error:
            return f"{target.name}: {error}"
        if row is None:
            return f"{target.name}: the query gave no row"
        return None if row[0] else f"{target.name}: the query gave {row[0]!r}"

    async def _drifted(self, member: RolloutTarget) -> str | None:
        """Say what drift was found on a target since it was planned."""
        found = await self._drift_ids.add(member.target)
        if found not in (None, member.drift_id) and member.reached is None:
            return f"drift was found since it was planned ({found})"
        return None

    async def _read_drift_ids(self, targets: Sequence[str]) -> list[str | None]:
        async with self._store.read() as session:
            found = await session.drift_reports.drift_ids(targets)
        return [found.get(target) for target in targets]

    async def _run(self, task: Task, report: Report | None) -> Result:
        """Run one job per destination; there is more than one only where branches end apart.

        Each job begins where the one before ended, and the worker refuses it, under the target's lock, anywhere else.
        """
        member, applied = task.member, task.member.applied
        verb: Verb = "downgrade" if member.undo else "upgrade"
        for destination in [revision for revision in member.goal if revision not in applied] or [*member.goal, "base"][
            :1
        ]:
            job = replace(job_for(task.target, verb, destination, expected=list(applied)), gate=task.gate)
            if task.action.deadline is not None:
                job = replace(job, deadline=task.action.deadline)
            outcome = await self._executor.run(job, report)
            if not outcome.ok:
                return await self._judged(task, outcome)
            applied = outcome.after or ()
        if set(applied) == set(member.goal):
            return Ran(member.target, self._clock(), MemberState.DONE, applied)
        has, goal = (", ".join(each) or "base" for each in (applied, member.goal))
        return Ran(member.target, self._clock(), MemberState.FAILED, applied, f"it ended at {has}, not at {goal}")

    async def _judged(self, task: Task, outcome: Outcome) -> Result:
        """Look where a failed run left its target, when the run could not say."""
        member, kind = task.member, outcome.problem.kind if outcome.problem else ""
        if kind == ROLLED_BACK and task.gate is not None and task.gate.refusal is not None:
            return Reverted(member.target, self._clock(), task.gate.refusal)
        if kind == UNEXPECTED:
            return self._elsewhere(member, outcome)
        if outcome.after is not None or outcome.state == "busy" or untouched(outcome):
            return self._ended(task, outcome)
        found = await self.look(task.target)
        if found.applied is None:
            doubt = outcome.state in ("lost", "indeterminate")
            state = MemberState.INDETERMINATE if doubt else MemberState.FAILED
            return Ran(member.target, self._clock(), state, None, evidence(told(outcome), found.error or ""))
        if set(found.applied) == set(member.goal) and (outcome.state == "lost" or kind in UNHEARD):
            return Ran(member.target, self._clock(), MemberState.DONE, found.applied)
        return self._ended(task, replace(outcome, after=found.applied))

    def _elsewhere(self, member: RolloutTarget, outcome: Outcome) -> Ran:
        """Judge a target that is not where it was planned from: at its destination already, or moved by somebody."""
        found = outcome.before or ()
        if set(found) == set(member.goal):
            return Ran(member.target, self._clock(), MemberState.DONE, found)
        has, planned = (", ".join(each) or "base" for each in (found, member.applied))
        why = f"it is at {has}, and was planned from {planned}"
        return Ran(member.target, self._clock(), MemberState.BLOCKED_DRIFT, None, why)

    def _ended(self, task: Task, outcome: Outcome) -> Result:
        member, moment = task.member, self._clock()
        if outcome.state == "busy":
            return Deferred(member.target, moment, moment + busy_delay(member.attempts), told(outcome))
        if untouched(outcome) and not task.unreachable_fails:
            return Ran(member.target, moment, MemberState.CANCELLED, None, told(outcome))
        state = MemberState.INDETERMINATE if outcome.state == "indeterminate" else MemberState.FAILED
        return Ran(member.target, moment, state, outcome.after, told(outcome))


def untouched(outcome: Outcome) -> bool:
    """Tell whether a job failed because its target could not be reached, before it read anything there."""
    kind = outcome.problem.kind if outcome.problem else ""
    return kind in UNREACHABLE and outcome.state == "failed" and outcome.before is None


def told(outcome: Outcome) -> str:
    """Return what a failed job says for people."""
    return str(outcome.problem) if outcome.problem else f"the job ended as {outcome.state}"


def busy_delay(attempts: int) -> timedelta:
    """Return how long to wait for a busy target: growing, with full jitter, at most a minute."""
    longest = min(BUSY_LONGEST, BUSY_SECONDS * BUSY_GROWTH ** max(0, attempts - 1))
    return timedelta(seconds=random.uniform(BUSY_SECONDS / 2, longest))  # noqa: S311 - jitter is no secret


def evidence(run: str, look: str) -> str:
    """Put together why a run failed and why the look after it did: each reason once, hints of the run last."""
    first, *hints = run.splitlines()
    reason = look.partition("\n")[0]
    if reason and reason not in first:
        first = f"{first}; afterwards it could not be read: {reason}"
    return "\n".join([first, *hints])
