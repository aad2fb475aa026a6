"""The rollout machine's second half: what happens next. Pure; the executor does what the actions say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

from stillhouse_orchestrator.rollouts import barrier
from stillhouse_orchestrator.rollouts.barrier import Finish
from stillhouse_orchestrator.rollouts.edits import next_step, with_members
from stillhouse_orchestrator.rollouts.startable import needed, survey, wave_of
from stillhouse_orchestrator.values import (
    Approve,
    Barrier,
    CheckState,
    MemberState,
    Pause,
    Rollout,
    RolloutState,
    Verify,
    Wave,
)
from stillhouse_orchestrator.values.places import lowest
from stillhouse_orchestrator.values.rollout_target import BAD, BUSY, QUEUED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stillhouse_orchestrator.rollouts.startable import Facts, Survey
    from stillhouse_orchestrator.values import RolloutTarget

ASKED_AT_ONCE = 32
LOST = BAD | {MemberState.CANCELLED}


@dataclass(frozen=True, slots=True)
class Migrate:
    """Bring one target from where it is to its goal."""

    member: RolloutTarget
    deadline: float | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask a target the SQL of a ``verify`` step; ``one`` when the step asks this target only."""

    target: str
    step: Verify
    one: bool = False


Action: TypeAlias = Migrate | Ask | Finish


def advance(rollout: Rollout, facts: Facts) -> tuple[Rollout, tuple[Action, ...]]:
    """Return the rollout after everything that follows from its state, and what to do now."""
    if rollout.state.over or (rollout.state is RolloutState.DRAFT and rollout.ending is None):
        return rollout, ()
    rollout, finishes = barrier.decide(_without_hopeless(_tripped(rollout), facts), facts)
    back = rollout.state is RolloutState.ROLLING_BACK
    if rollout.ending is None:
        rollout = _returned(rollout) if back else _walked(rollout, facts)
    if rollout.ending is not None:
        return _ended(rollout, facts), finishes
    rollout = rollout if back else _with_state(rollout)
    if rollout.hold is not None:
        return replace(rollout, reason=_because("paused", rollout)), finishes
    rollout, migrations = _started(rollout, survey(rollout, facts), facts)
    rollout, questions = (rollout, ()) if back else _asked(rollout)
    return rollout, (*finishes, *migrations, *questions)


def next_moment(rollout: Rollout, facts: Facts) -> timedelta | None:
    """Return how long until time alone changes something that the rollout knows of."""
    moments = [turn.retry_at for turn in rollout.targets.turns if turn.state is MemberState.WAITING and turn.retry_at]
    step = rollout.steps[rollout.step] if rollout.step < len(rollout.steps) else None
    if isinstance(step, Pause) and step.seconds is not None and rollout.step_at is not None:
        moments.append(rollout.step_at + timedelta(seconds=step.seconds))
    if rollout.not_before is not None:
        moments.append(rollout.not_before)
    return min((moment - facts.now for moment in moments if moment > facts.now), default=None)


def _tripped(rollout: Rollout) -> Rollout:
    """Stop a rollout that has more failures in a wave than its budget allows, or too many in a row."""
    if rollout.ending is not None:
        return rollout
    back = rollout.state is RolloutState.ROLLING_BACK
    bad = rollout.targets.by_wave(lambda standing: standing.state.bad and standing.undo is back)
    ending = RolloutState.ROLLBACK_FAILED if back else RolloutState.FAILED
    for number, wave in enumerate(rollout.waves, 1):
        allowed = wave.max_failures.allowed(wave.size)
        if bad[number] > allowed:
            done = [member for member in rollout.members() if member.wave == number and member.barrier]
            halfway = f"; {barrier.committed(done)}" if any(m.barrier is Barrier.COMMITTED for m in done) else ""
            reason = f"wave {number}: {bad[number]} failed, {allowed} may{halfway}"
            return replace(rollout, ending=ending, reason=reason)
    current = rollout.waves[rollout.wave - 1] if rollout.wave else None
    if current and current.max_consecutive_failures and rollout.consecutive >= current.max_consecutive_failures:
        return replace(rollout, ending=ending, reason=f"wave {rollout.wave}: {rollout.consecutive} failed in a row")
    return rollout


def _without_hopeless(rollout: Rollout, facts: Facts) -> Rollout:
    """Cancel queued members that need one that did not get through, and so on down the line."""
    while lost := list(_hopeless(rollout)):
        cancelled = [
            replace(
                member,
                state=MemberState.CANCELLED,
                reason=f"{other.target} is {other.state.value}",
                finished_at=facts.now,
            )
            for member, other in lost
        ]
        rollout = with_members(rollout, cancelled)
    return rollout


def _hopeless(rollout: Rollout) -> Iterator[tuple[RolloutTarget, RolloutTarget]]:
    """Yield queued members with one that they need and that will not get through by itself."""
    members = rollout.targets
    if not members.where(lambda standing: standing.state in LOST):
        return
    for turn, places in members.turns.items():
        other = next((other for other in needed(members, turn) if other.state in LOST), None)
        if other is not None:
            yield from ((member, other) for member in members.at(places))


def _walked(rollout: Rollout, facts: Facts) -> Rollout:
    """Go on to the first step that is not complete; end after the last one."""
    while rollout.step < len(rollout.steps) and _complete(rollout, facts):
        rollout = next_step(rollout, facts.now)
    if rollout.step < len(rollout.steps) or rollout.targets.where(lambda standing: not standing.state.settled):
        return rollout
    bad = rollout.targets.where(lambda standing: standing.state.bad).bit_count()
    reason = f"{bad} failed, within the budget" if bad else None
    return replace(rollout, ending=RolloutState.SUCCEEDED, reason=reason)


def _complete(rollout: Rollout, facts: Facts) -> bool:
    step = rollout.steps[rollout.step]
    if isinstance(step, Pause):
        ends = step.seconds is not None and rollout.step_at is not None
        return ends and facts.now >= rollout.step_at + timedelta(seconds=step.seconds)  # type: ignore[arg-type,operator]
    if isinstance(step, Approve):
        return False
    if isinstance(step, Verify) and step.on is not None:
        return rollout.check is CheckState.PASSED
    wave = rollout.wave
    unsettled = rollout.targets.where(lambda standing: standing.wave <= wave and not standing.state.settled)
    return not unsettled and (isinstance(step, Wave) or not _unverified(rollout))


def _unfinished(rollout: Rollout) -> bool:
    """Tell whether a target of the waves so far is still to be migrated: one that is tried again."""
    wave = rollout.wave
    left = rollout.targets.where(lambda each: each.wave <= wave and (each.state.queued or each.working))
    return bool(left)


def _unverified(rollout: Rollout) -> int:
    """Return the places of the targets that the ``verify`` step in progress has not asked yet."""
    done, wave, step = MemberState.DONE, rollout.wave, rollout.step
    return rollout.targets.where(lambda each: each.state is done and each.wave <= wave and each.verified <= step)


def _returned(rollout: Rollout) -> Rollout:
    """End a rollback once every member that was to go back did, or did not."""
    if rollout.targets.where(lambda standing: standing.undo and not standing.state.settled):
        return rollout
    left = [member.target for member in rollout.members() if _astray(member)]
    if not left:
        return replace(rollout, ending=RolloutState.ROLLED_BACK, reason=None)
    return replace(rollout, ending=RolloutState.ROLLBACK_FAILED, reason=f"{len(left)} not rolled back: {left[0]}…")


def _astray(member: RolloutTarget) -> bool:
    """Tell whether a member is not, or not surely, back where the rollout found it."""
    return member.state is MemberState.INDETERMINATE or (member.changed and member.state is not MemberState.SKIPPED)


def _ended(rollout: Rollout, facts: Facts) -> Rollout:
    """End once nothing runs any more; until then nothing starts."""
    if rollout.ending is None or any(rollout.members(*BUSY)):
        return rollout
    reason = f"the rollout {rollout.ending.value.replace('_', ' ')}"
    cancelled = [
        replace(member, state=MemberState.CANCELLED, reason=reason, finished_at=facts.now)
        for member in rollout.members(*QUEUED)
    ]
    ended = replace(rollout, state=rollout.ending, ending=None, hold=None, finished_at=facts.now)
    return with_members(ended, cancelled)


def _with_state(rollout: Rollout) -> Rollout:
    """Return the rollout with the state that its step and an operator's pause make."""
    step = rollout.steps[rollout.step] if rollout.step < len(rollout.steps) else None
    if isinstance(step, Approve):
        state = RolloutState.PAUSED if rollout.wave else RolloutState.PENDING_APPROVAL
        people = f"{step.count} people" if step.count > 1 else "somebody"
        return replace(rollout, state=state, reason=f"waits until {people} with role {step.role} approve")
    if isinstance(step, Pause):
        return replace(rollout, state=RolloutState.PAUSED, reason=_pause_ends(rollout, step))
    return replace(rollout, state=RolloutState.PAUSED if rollout.hold else RolloutState.RUNNING, reason=None)


def _pause_ends(rollout: Rollout, step: Pause) -> str:
    if step.seconds is None or rollout.step_at is None:
        return "waits until promoted"
    return f"waits until {(rollout.step_at + timedelta(seconds=step.seconds)).isoformat(timespec='seconds')}"


def _because(word: str, rollout: Rollout) -> str:
    hold = rollout.hold
    if hold is None:
        return word
    return f"{word} by {hold.by}" + (f": {hold.why}" if hold.why else "")


def _started(rollout: Rollout, answer: Survey, facts: Facts) -> tuple[Rollout, tuple[Action, ...]]:
    """Mark what may start as running, and give the rest their reasons."""
    running = [_running(rollout.targets[name], facts) for name in answer.start]
    waiting = [rollout.targets[name].waiting(reason) for name, reason in answer.waiting.items()]
    actions = tuple(Migrate(member, wave_of(rollout, member).deadline) for member in running)
    return with_members(rollout, [*running, *waiting]), actions


def _running(member: RolloutTarget, facts: Facts) -> RolloutTarget:
    return replace(
        member,
        state=MemberState.RUNNING,
        reason=None,
        error=None,
        barrier=None,
        retry_at=None,
        started_at=facts.now,
        finished_at=None,
        attempts=member.attempts + 1,
    )


def _asked(rollout: Rollout) -> tuple[Rollout, tuple[Action, ...]]:
    """Begin what a ``verify`` step has to ask, some targets at a time."""
    step = rollout.steps[rollout.step] if rollout.step < len(rollout.steps) else None
    if not isinstance(step, Verify) or _unfinished(rollout):
        return rollout, ()
    if step.on is not None:
        if rollout.check is not CheckState.IDLE:
            return rollout, ()
        return replace(rollout, check=CheckState.RUNNING), (Ask(step.on, step, one=True),)
    asking = rollout.targets.where(lambda standing: standing.state is MemberState.VERIFYING)
    chosen = lowest(_unverified(rollout), max(0, ASKED_AT_ONCE - asking.bit_count()))
    asked = [replace(member, state=MemberState.VERIFYING) for member in rollout.targets.at(chosen)]
    return with_members(rollout, asked), tuple(Ask(member.target, step) for member in asked)
