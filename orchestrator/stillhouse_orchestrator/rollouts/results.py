"""What each result of the executor does to a rollout."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from stillhouse_orchestrator.rollouts import barrier
from stillhouse_orchestrator.rollouts import signals as s
from stillhouse_orchestrator.rollouts.edits import with_members
from stillhouse_orchestrator.values import Barrier, CheckState, MemberState, Rollout, RolloutState, RolloutTarget

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _ran(rollout: Rollout, signal: s.Ran) -> Rollout:
    member = rollout.targets[signal.target]
    if not member.working:  # the answer to a run that a recovery has judged already
        return rollout
    result = MemberState.ROLLED_BACK if member.undo and signal.result is MemberState.DONE else signal.result
    ended = replace(
        member,
        state=result,
        reason=None,
        error=signal.error,
        finished_at=signal.at,
        reached=member.reached if signal.reached is None else signal.reached,
    )
    if member.state is MemberState.VERIFYING:
        ended = barrier.after_hold(member, ended)
        if member.barrier is Barrier.REVERTING and ended.state is MemberState.FAILED and not _moved(member, ended):
            return _reverted(rollout, s.Reverted(signal.target, signal.at, signal.error or "its run was lost"))
    counted = rollout.consecutive + 1 if ended.state.bad else 0
    return with_members(replace(rollout, consecutive=counted), [ended])


def _deferred(rollout: Rollout, signal: s.Deferred) -> Rollout:
    member = rollout.targets[signal.target]
    if member.state is not MemberState.RUNNING:
        return rollout
    queued = replace(member, state=MemberState.WAITING, reason=signal.reason, retry_at=signal.retry_at, started_at=None)
    return with_members(rollout, [queued])


def _moved(before: RolloutTarget, after: RolloutTarget) -> bool:
    return set(before.applied) != set(after.applied)


def _held(rollout: Rollout, signal: s.Held) -> Rollout:
    member = rollout.targets[signal.target]
    if member.state is not MemberState.RUNNING:
        return rollout
    holding = replace(member, state=MemberState.VERIFYING, barrier=Barrier.HOLDING, reason=barrier.HOLDS)
    return with_members(rollout, [holding])


def _reverted(rollout: Rollout, signal: s.Reverted) -> Rollout:
    """Queue a member again, unless its wave has failed."""
    member = rollout.targets[signal.target]
    if not member.working:
        return rollout
    failed = any(other.state.bad for other in rollout.in_wave(member.wave))
    back = replace(member, state=MemberState.PENDING, barrier=None, reason=None, started_at=None)
    if failed:
        reason = f"rolled back with its wave: {signal.reason}"
        back = replace(member, state=MemberState.CANCELLED, barrier=None, reason=reason, finished_at=signal.at)
    return with_members(rollout, [back])


def _verified(rollout: Rollout, signal: s.Verified) -> Rollout:
    member = rollout.targets[signal.target]
    if member.state is not MemberState.VERIFYING or member.working:
        return rollout
    if signal.error is None:
        return with_members(rollout, [replace(member, state=MemberState.DONE, verified=rollout.step + 1)])
    return with_members(rollout, [replace(member, state=MemberState.FAILED, error=signal.error, finished_at=signal.at)])


def _checked(rollout: Rollout, signal: s.Checked) -> Rollout:
    if rollout.check is not CheckState.RUNNING:
        return rollout
    if signal.error is None:
        return replace(rollout, check=CheckState.PASSED)
    return replace(
        rollout, check=CheckState.FAILED, ending=RolloutState.FAILED, reason=f"verify failed: {signal.error}"
    )


def _recovered(rollout: Rollout, signal: s.Recovered) -> Rollout:
    working = rollout.targets.those(lambda standing: standing.working)
    judged = barrier.recovered(rollout, [_judged(member, signal) for member in working])
    verifying = (member for member in rollout.members(MemberState.VERIFYING) if not member.working)
    asked = [replace(member, state=MemberState.DONE) for member in verifying]
    check = CheckState.IDLE if rollout.check is CheckState.RUNNING else rollout.check
    return with_members(replace(rollout, check=check), [*judged, *asked])


def _judged(member: RolloutTarget, signal: s.Recovered) -> RolloutTarget:
    """Say what became of a member that was running when its process died: done, to be done, or in doubt."""
    found = signal.found.get(member.target, s.Found(None, "nobody looked"))
    if found.applied is None:
        evidence = f"its run was interrupted, and it cannot be read: {found.error}"
        return replace(member, state=MemberState.INDETERMINATE, error=evidence, finished_at=signal.at)
    if set(found.applied) == set(member.goal):
        state = MemberState.ROLLED_BACK if member.undo else MemberState.DONE
        return replace(member, state=state, reached=found.applied, finished_at=signal.at)
    on_the_way = {*member.applied, *member.goal, *member.revisions}
    if set(found.applied) <= on_the_way:
        reached = member.reached if set(found.applied) == set(member.applied) else found.applied
        return replace(member, state=MemberState.PENDING, reached=reached, reason=None)
    has, start, goal = (", ".join(each) or "base" for each in (found.applied, member.applied, member.goal))
    evidence = f"its run from {start} to {goal} was interrupted, and it is at {has}, which lies not between"
    return replace(
        member, state=MemberState.INDETERMINATE, error=evidence, reached=found.applied, finished_at=signal.at
    )


def _vanished(rollout: Rollout, signal: s.Vanished) -> Rollout:
    gone = [rollout.targets[name] for name in signal.targets if name in rollout.targets]
    why = "the fleet no longer declares it"
    skipped = [
        replace(item, state=MemberState.SKIPPED, reason=why, finished_at=signal.at)
        for item in gone
        if item.state.queued
    ]
    return with_members(rollout, skipped)


RESULTS: Mapping[type[Any], Callable[[Rollout, Any], Rollout]] = {
    s.Ran: _ran,
    s.Deferred: _deferred,
    s.Held: _held,
    s.Reverted: _reverted,
    s.Verified: _verified,
    s.Checked: _checked,
    s.Recovered: _recovered,
    s.Vanished: _vanished,
}
