"""What each verb does to a rollout, and in which states it may be said."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from stillhouse_orchestrator.rollouts import signals as s
from stillhouse_orchestrator.rollouts.edits import next_step, with_members
from stillhouse_orchestrator.rollouts.errors import TransitionError
from stillhouse_orchestrator.values import (
    Approve,
    CheckState,
    Decision,
    MemberState,
    Pause,
    Rollout,
    RolloutState,
    RolloutTarget,
)
from stillhouse_orchestrator.values.rollout_target import BAD, BUSY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

DRAFT, RUNNING, PAUSED = RolloutState.DRAFT, RolloutState.RUNNING, RolloutState.PAUSED
WAITING, BACK = RolloutState.PENDING_APPROVAL, RolloutState.ROLLING_BACK
ALLOWED: Mapping[type[s.Verb], frozenset[RolloutState]] = {
    s.Start: frozenset({DRAFT}),
    s.Pause: frozenset({WAITING, RUNNING, PAUSED, BACK}),
    s.Resume: frozenset({WAITING, RUNNING, PAUSED, BACK}),
    s.Promote: frozenset({PAUSED}),
    s.Approve: frozenset({WAITING, PAUSED}),
    s.Skip: frozenset({WAITING, RUNNING, PAUSED, BACK, RolloutState.FAILED, RolloutState.ROLLBACK_FAILED}),
    s.Retry: frozenset(
        {RUNNING, PAUSED, BACK, RolloutState.SUCCEEDED, RolloutState.FAILED, RolloutState.ROLLBACK_FAILED}
    ),
    s.Join: frozenset({WAITING, RUNNING, PAUSED}),
    s.Abort: frozenset({DRAFT, WAITING, RUNNING, PAUSED, BACK}),
    s.Rollback: frozenset({PAUSED, RolloutState.SUCCEEDED, RolloutState.FAILED, RolloutState.ABORTED}),
}


def check(rollout: Rollout, verb: s.Verb) -> None:
    """Look whether a verb fits the state.

    Raises:
        TransitionError: it does not.
    """
    if rollout.state not in ALLOWED[type(verb)]:
        raise TransitionError(rollout.id, word_of(verb), f"it is {rollout.state.value}")
    if rollout.ending is not None and type(verb) not in (s.Skip, s.Retry, s.Abort):
        raise TransitionError(rollout.id, word_of(verb), f"it is ending as {rollout.ending.value}")


def say(rollout: Rollout, verb: s.Verb) -> Rollout:
    """Return the rollout after a verb.

    Raises:
        TransitionError: the verb does not fit the state.
    """
    check(rollout, verb)
    decided = (*rollout.decisions, Decision(word_of(verb), verb.by, verb.at, verb.why))
    return VERBS[type(verb)](replace(rollout, decisions=decided), verb)


def word_of(verb: s.Verb) -> str:
    """Return a verb as people write it."""
    return type(verb).__name__.lower()


def _start(rollout: Rollout, verb: s.Start) -> Rollout:
    return replace(rollout, state=RUNNING, started_at=verb.at, step_at=verb.at)


def _pause(rollout: Rollout, _verb: s.Pause) -> Rollout:
    if rollout.hold is not None:
        raise TransitionError(rollout.id, "pause", f"{rollout.hold.by} has paused it already")
    return replace(rollout, hold=rollout.decisions[-1])


def _resume(rollout: Rollout, _verb: s.Resume) -> Rollout:
    if rollout.hold is None:
        hint = "`promote` ends a pause of the strategy, `approve` agrees" if rollout.state is not RUNNING else None
        raise TransitionError(rollout.id, "resume", "nobody has paused it", hint)
    return replace(rollout, hold=None)


def _promote(rollout: Rollout, verb: s.Promote) -> Rollout:
    if not isinstance(_step(rollout), Pause):
        raise TransitionError(rollout.id, "promote", "it is not at a pause of its strategy")
    return next_step(rollout, verb.at)


def _approve(rollout: Rollout, verb: s.Approve) -> Rollout:
    step = _step(rollout)
    if not isinstance(step, Approve):
        raise TransitionError(rollout.id, "approve", "it does not wait for an approval")
    given = [
        item.by for item in rollout.decisions if item.verb == "approve" and item.at >= (rollout.step_at or item.at)
    ]
    if given.count(verb.by) > 1:
        raise TransitionError(rollout.id, "approve", f"{verb.by} has approved already", "somebody else must")
    return next_step(rollout, verb.at) if len(given) >= step.count else rollout


def _step(rollout: Rollout) -> object:
    return rollout.steps[rollout.step] if rollout.step < len(rollout.steps) else None


def _abort(rollout: Rollout, verb: s.Abort) -> Rollout:
    ending = RolloutState.ROLLBACK_FAILED if rollout.state is BACK else RolloutState.ABORTED
    return replace(rollout, ending=ending, reason=f"aborted by {verb.by}" + (f": {verb.why}" if verb.why else ""))


def _skip(rollout: Rollout, verb: s.Skip) -> Rollout:
    members = _named(rollout, verb, verb.targets)
    busy = [
        member.target
        for member in members
        if not (member.state.queued or member.state.bad or member.state is MemberState.CANCELLED)
    ]
    if busy:
        raise TransitionError(rollout.id, "skip", f"{busy[0]} is {rollout.targets[busy[0]].state.value}")
    reason = f"skipped by {verb.by}" + (f": {verb.why}" if verb.why else "")
    skipped = [replace(item, state=MemberState.SKIPPED, reason=reason, finished_at=verb.at) for item in members]
    return with_members(rollout, skipped)


def _retry(rollout: Rollout, verb: s.Retry) -> Rollout:
    named = _named(rollout, verb, verb.targets) if verb.targets else tuple(rollout.members(*BAD))
    wrong = [member for member in named if not (member.state.bad or member.state is MemberState.CANCELLED)]
    if wrong:
        raise TransitionError(rollout.id, "retry", f"{wrong[0].target} is {wrong[0].state.value}")
    back = rollout.state in (BACK, RolloutState.ROLLBACK_FAILED)
    chosen = {
        member.target: member for member in (*named, *rollout.members(MemberState.CANCELLED)) if member.undo or not back
    }
    asked = rollout.check is CheckState.FAILED
    if not chosen and not asked:
        raise TransitionError(rollout.id, "retry", "no target failed or was cancelled")
    again = [_again(member, verb.found.get(name)) for name, member in chosen.items()]
    opened = replace(
        rollout,
        state=BACK if back else RUNNING,
        ending=None,
        reason=None,
        consecutive=0,
        finished_at=None,
        check=CheckState.IDLE if asked else rollout.check,
    )
    return with_members(opened, again)


def _again(member: RolloutTarget, found: s.Replanned | None) -> RolloutTarget:
    """Return a member in the queue once more, from where it is found now."""
    fresh = replace(
        member, state=MemberState.PENDING, reason=None, error=None, finished_at=None, retry_at=None, barrier=None
    )
    if found is None:
        return fresh
    where = {"reached": found.applied} if member.reached is not None or member.undo else {"from_": found.applied}
    fresh = replace(fresh, revisions=found.revisions, drift_id=found.drift_id, **where)  # type: ignore[arg-type]
    if set(found.applied) != set(fresh.goal):
        return fresh
    return replace(fresh, state=MemberState.ROLLED_BACK if fresh.undo else MemberState.DONE, reached=found.applied)


def _join(rollout: Rollout, verb: s.Join) -> Rollout:
    for member in verb.members:
        if member.target in rollout.targets:
            raise TransitionError(rollout.id, "join", f"{member.target} is a member already")
    return with_members(rollout, verb.members)


def _rollback(rollout: Rollout, verb: s.Rollback) -> Rollout:
    busy = next((member.target for member in rollout.members(*BUSY)), None)
    if busy is not None:
        raise TransitionError(rollout.id, "rollback", f"{busy} is still running", "wait until it is through, or abort")
    changed = [
        member for member in rollout.members() if member.changed and member.state is not MemberState.INDETERMINATE
    ]
    if not changed:
        raise TransitionError(rollout.id, "rollback", "it changed nothing that could be brought back")
    queued = [
        replace(member, state=MemberState.PENDING, undo=True, reason=None, error=None, retry_at=None, barrier=None)
        for member in changed
    ]
    unstarted = [
        replace(member, state=MemberState.CANCELLED, reason="the rollout is rolled back", finished_at=verb.at)
        for member in rollout.members()
        if member.state.queued and not member.changed
    ]
    check = CheckState.IDLE if rollout.check is CheckState.RUNNING else rollout.check
    opened = replace(
        rollout, state=BACK, reason=None, ending=None, hold=None, consecutive=0, finished_at=None, check=check
    )
    return with_members(opened, [*queued, *unstarted])


def _named(rollout: Rollout, verb: s.Verb, names: Iterable[str]) -> tuple[RolloutTarget, ...]:
    names = tuple(names)
    strangers = [name for name in names if name not in rollout.targets]
    if strangers or not names:
        reason = f"{strangers[0]} is not a member" if strangers else "no target is named"
        raise TransitionError(rollout.id, word_of(verb), reason)
    return tuple(rollout.targets[name] for name in names)


VERBS: Mapping[type[s.Verb], Callable[[Rollout, Any], Rollout]] = {
    s.Start: _start,
    s.Pause: _pause,
    s.Resume: _resume,
    s.Promote: _promote,
    s.Approve: _approve,
    s.Abort: _abort,
    s.Skip: _skip,
    s.Retry: _retry,
    s.Join: _join,
    s.Rollback: _rollback,
}
