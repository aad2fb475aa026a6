"""One member of a rollout: a target, where it was found, where it goes, and how far it is."""

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any


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


def works(state: MemberState, barrier: Barrier | None) -> bool:
    """Tell whether a job runs on a member, if only to hold its transaction open."""
    return state is MemberState.RUNNING or (state is MemberState.VERIFYING and barrier in HELD)


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

    def waiting(self, reason: str) -> "RolloutTarget":
        """Return it waiting for a reason; thousands are told at once, and ``replace`` takes three times as long."""
        facts: list[Any] = [*BEFORE_STATE(self), MemberState.WAITING, reason, *AFTER_REASON(self)]
        return RolloutTarget(*facts)

    @property
    def working(self) -> bool:
        """Whether a job runs on it at this moment, if only to hold its transaction open."""
        return works(self.state, self.barrier)

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


NAMES = [field.name for field in fields(RolloutTarget)]
BEFORE_STATE = attrgetter(*NAMES[: NAMES.index("state")])
AFTER_REASON = attrgetter(*NAMES[NAMES.index("reason") + 1 :])
