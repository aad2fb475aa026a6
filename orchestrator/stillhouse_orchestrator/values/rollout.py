"""A rollout and its members: one coordinated, persisted change of a frozen set of targets."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from stillhouse_orchestrator.values.strategy import Step, Wave


class RolloutState(StrEnum):
    """``draft → pending_approval → running ⇄ paused → succeeded | failed | aborted``, then optionally the way back."""

    DRAFT = "draft"
    PENDING_APPROVAL = "pending_approval"
    RUNNING = "running"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ABORTED = "aborted"
    ROLLING_BACK = "rolling_back"
    ROLLED_BACK = "rolled_back"
    ROLLBACK_FAILED = "rollback_failed"

    @property
    def over(self) -> bool:
        """Nothing happens any more unless somebody asks for it."""
        return self in OVER


OVER = frozenset({
    RolloutState.SUCCEEDED, RolloutState.FAILED, RolloutState.ABORTED,
    RolloutState.ROLLED_BACK, RolloutState.ROLLBACK_FAILED,
})  # fmt: skip


class MemberState(StrEnum):
    """Where one target of a rollout is."""

    PENDING = "pending"
    WAITING = "waiting"
    RUNNING = "running"
    VERIFYING = "verifying"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    CANCELLED = "cancelled"
    BLOCKED_DRIFT = "blocked_drift"
    INDETERMINATE = "indeterminate"
    ROLLED_BACK = "rolled_back"

    @property
    def queued(self) -> bool:
        """It has not started."""
        return self in QUEUED

    @property
    def busy(self) -> bool:
        """Something runs on it at this moment."""
        return self in BUSY

    @property
    def settled(self) -> bool:
        """It neither runs nor waits to."""
        return self not in UNSETTLED

    @property
    def bad(self) -> bool:
        """It counts against its wave's failure budget."""
        return self in BAD


QUEUED = frozenset({MemberState.PENDING, MemberState.WAITING})
BUSY = frozenset({MemberState.RUNNING, MemberState.VERIFYING})
UNSETTLED = QUEUED | BUSY
BAD = frozenset({MemberState.FAILED, MemberState.BLOCKED_DRIFT, MemberState.INDETERMINATE})
UNTOUCHED = QUEUED | {MemberState.SKIPPED, MemberState.CANCELLED}


class Barrier(StrEnum):
    """Where one target of a barrier wave is between its last statement and its COMMIT."""

    HOLDING = "holding"
    COMMITTING = "committing"
    COMMITTED = "committed"
    UNCOMMITTED = "uncommitted"
    REVERTING = "reverting"


HELD = frozenset({Barrier.HOLDING, Barrier.COMMITTING, Barrier.REVERTING})


@dataclass(frozen=True, slots=True)
class RolloutTarget:
    """One member of a rollout.

    Attributes:
        wave: number of its wave, from 1.
        from_: applied revisions recorded when the rollout was frozen; a rollback returns to them.
        to: the destination.
        revisions: what lies between, in order.
        reached: applied revisions after our last run on it; ``None`` before the first.
        depends_on: members that must be done before it starts.
        drift_id: the drift known when it was planned; another one blocks it.
        verified: how many of the strategy's steps have verified it.
        undo: it is on its way back.
        retry_at: it was busy or refused for a moment, and is tried again then.
        barrier: in a barrier wave, what becomes of the transaction that it holds open.
    """

    target: str
    wave: int
    from_: tuple[str, ...]
    to: tuple[str, ...]
    state: MemberState = MemberState.PENDING
    reason: str | None = None
    revisions: tuple[str, ...] = ()
    reached: tuple[str, ...] | None = None
    server: str | None = None
    depends_on: tuple[str, ...] = ()
    drift_id: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    retry_at: datetime | None = None
    attempts: int = 0
    verified: int = 0
    undo: bool = False
    error: str | None = None
    barrier: Barrier | None = None

    @property
    def working(self) -> bool:
        """Whether a job runs on it at this moment, if only to hold its transaction open."""
        held = self.state is MemberState.VERIFYING and self.barrier in HELD
        return self.state is MemberState.RUNNING or held

    @property
    def applied(self) -> tuple[str, ...]:
        """The revisions that it should have at this moment."""
        return self.from_ if self.reached is None else self.reached

    @property
    def goal(self) -> tuple[str, ...]:
        """The revisions that it is on its way to."""
        return self.from_ if self.undo else self.to

    @property
    def changed(self) -> bool:
        """This rollout left it at other revisions than it found."""
        return set(self.applied) != set(self.from_)


class CheckState(StrEnum):
    """How far the check of a ``verify`` step on one target is."""

    IDLE = "idle"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person asked of a rollout: who, when, why."""

    verb: str
    by: str
    at: datetime
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Rollout:
    """One rollout with all its members.

    Attributes:
        requested: the destination as asked for: ``head``, a revision.
        plan_id: the plan that it is bound to.
        step: index of the step in progress; ``len(steps)`` after the last one.
        step_at: when that step began.
        hold: an operator's pause; nothing starts while it is set.
        ending: the state it will have once nothing runs any more; nothing starts while it is set.
        consecutive: failures in a row in the wave in progress.
        unmatched: chosen targets that no wave took.
        not_before: nothing starts earlier.
        version: counts stored transitions; the store compares it before it writes.
    """

    id: str
    requested: str
    plan_id: str
    steps: tuple[Step, ...]
    targets: Mapping[str, RolloutTarget]
    created_at: datetime
    created_by: str
    state: RolloutState = RolloutState.DRAFT
    reason: str | None = None
    strategy: str | None = None
    selector: str | None = None
    step: int = 0
    step_at: datetime | None = None
    check: CheckState = CheckState.IDLE
    hold: Decision | None = None
    ending: RolloutState | None = None
    consecutive: int = 0
    unmatched: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()
    not_before: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    version: int = 0

    @property
    def waves(self) -> tuple[Wave, ...]:
        """The waves among its steps; wave 1 comes first."""
        return tuple(step for step in self.steps if isinstance(step, Wave))

    @property
    def wave(self) -> int:
        """Number of the last wave that was opened; 0 before the first."""
        return sum(isinstance(step, Wave) for step in self.steps[: self.step + 1])

    def members(self, *states: MemberState) -> Iterator[RolloutTarget]:
        """Yield its members, or those in some states."""
        return (member for member in self.targets.values() if not states or member.state in states)


@dataclass(frozen=True, slots=True)
class RolloutLine:
    """One line of ``rollout list``."""

    id: str
    state: RolloutState
    requested: str
    created_at: datetime
    created_by: str
    strategy: str | None = None
    reason: str | None = None
    finished_at: datetime | None = None
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Membership:
    """A target in the newest rollout that has touched it."""

    rollout: str
    state: RolloutState
    reason: str | None
    member: RolloutTarget
