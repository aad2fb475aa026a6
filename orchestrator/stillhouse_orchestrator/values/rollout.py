"""A rollout and its members: one coordinated, persisted change of a frozen set of targets."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from stillhouse_orchestrator.values.members import Members
from stillhouse_orchestrator.values.rollout_target import MemberState, RolloutTarget
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
        targets: its members; a plain mapping becomes one.
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
    targets: Members
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

    def __post_init__(self) -> None:
        """Take a plain mapping of members as well."""
        given: Mapping[str, RolloutTarget] = self.targets
        object.__setattr__(self, "targets", given if isinstance(given, Members) else Members(given))

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
        if not states:
            return iter(self.targets.values())
        return self.targets.those(lambda standing: standing.state in states)

    def in_wave(self, number: int) -> Iterator[RolloutTarget]:
        """Yield the members of a wave that are on their way forwards."""
        return self.targets.those(lambda standing: standing.wave == number and not standing.undo)


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
