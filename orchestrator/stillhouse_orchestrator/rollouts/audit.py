"""What a transition meant, for the history: events read off the difference between two states of a rollout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stillhouse_orchestrator.events import Event, EventName
from stillhouse_orchestrator.values import MemberState, RolloutState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from stillhouse_orchestrator.values import Decision, Rollout, RolloutTarget

VERBS = {
    "start": EventName.ROLLOUT_STARTED,
    "pause": EventName.ROLLOUT_PAUSED,
    "resume": EventName.ROLLOUT_RESUMED,
    "promote": EventName.ROLLOUT_PROMOTED,
    "approve": EventName.ROLLOUT_APPROVED,
    "skip": EventName.ROLLOUT_SKIPPED,
    "retry": EventName.ROLLOUT_RETRIED,
    "join": EventName.ROLLOUT_JOINED,
    "abort": EventName.ROLLOUT_ABORTED,
    "rollback": EventName.ROLLOUT_REVERSED,
}
STATES = {
    RolloutState.SUCCEEDED: EventName.ROLLOUT_SUCCEEDED,
    RolloutState.FAILED: EventName.ROLLOUT_FAILED,
    RolloutState.ABORTED: EventName.ROLLOUT_ENDED,
    RolloutState.ROLLED_BACK: EventName.ROLLOUT_ENDED,
    RolloutState.ROLLBACK_FAILED: EventName.ROLLOUT_FAILED,
}
TRIPS = (RolloutState.FAILED, RolloutState.ROLLBACK_FAILED)
MEMBERS = {
    MemberState.RUNNING: EventName.MEMBER_STARTED,
    MemberState.DONE: EventName.MEMBER_FINISHED,
    MemberState.SKIPPED: EventName.MEMBER_SKIPPED,
    MemberState.FAILED: EventName.MEMBER_FAILED,
    MemberState.CANCELLED: EventName.MEMBER_CANCELLED,
    MemberState.BLOCKED_DRIFT: EventName.MEMBER_BLOCKED,
    MemberState.INDETERMINATE: EventName.MEMBER_DOUBTED,
    MemberState.ROLLED_BACK: EventName.MEMBER_REVERSED,
}


def changes(before: Rollout, after: Rollout, at: datetime) -> list[Event]:
    """Return the events of a transition, in the order in which a reader wants them."""
    decisions = after.decisions[len(before.decisions) :]
    return [
        *(_decided(after, decision) for decision in decisions),
        *_moved(before, after, at),
        *(event for old, new in after.targets.since(before.targets) for event in _member(after, old, new, at)),
        *_over(before, after, at),
    ]


def _decided(rollout: Rollout, decision: Decision) -> Event:
    facts = {} if decision.why is None else {"why": decision.why}
    return Event(VERBS[decision.verb], decision.at, decision.by, rollout_id=rollout.id, facts=facts)


def _moved(before: Rollout, after: Rollout, at: datetime) -> Iterator[Event]:
    for index in range(before.step + 1, min(after.step, len(after.steps) - 1) + 1):
        facts = {"step": index + 1, "of": len(after.steps), "kind": after.steps[index].kind}
        yield Event(EventName.ROLLOUT_STEPPED, at, rollout_id=after.id, facts=facts)
    by_itself = len(after.decisions) == len(before.decisions)
    if after.state is RolloutState.PAUSED and before.state is not RolloutState.PAUSED and by_itself:
        yield Event(EventName.ROLLOUT_PAUSED, at, rollout_id=after.id, facts={"reason": after.reason})
    ending = after.ending or (after.state if after.state.over else None)
    if ending in TRIPS and before.ending is None and not before.state.over and by_itself:
        yield Event(EventName.ROLLOUT_TRIPPED, at, rollout_id=after.id, facts={"reason": after.reason})


def _member(rollout: Rollout, before: RolloutTarget | None, after: RolloutTarget, at: datetime) -> Iterator[Event]:
    state = before.state if before else None
    if state is after.state:
        return
    name = MEMBERS.get(after.state)
    if after.state is MemberState.VERIFYING and after.working:
        name = EventName.MEMBER_PREPARED
    elif state is MemberState.VERIFYING and after.state is MemberState.DONE and not (before and before.working):
        name = EventName.MEMBER_VERIFIED
    elif state is not None and not state.queued and after.state.queued:
        name = EventName.MEMBER_REQUEUED
    if name is not None:
        yield Event(name, at, target=after.target, rollout_id=rollout.id, facts=_facts(after))


def _facts(member: RolloutTarget) -> dict[str, Any]:
    facts: dict[str, Any] = {"wave": member.wave, "from": list(member.applied), "to": list(member.goal)}
    if member.reached is not None and member.state.settled:
        facts = {"wave": member.wave, "from": list(member.from_), "reached": list(member.reached)}
    optional = {
        "reason": member.reason,
        "error": member.error,
        "attempt": member.attempts if member.attempts > 1 else None,
    }
    return {**facts, **{key: value for key, value in optional.items() if value is not None}}


def _over(before: Rollout, after: Rollout, at: datetime) -> Iterator[Event]:
    if after.state.over and not before.state.over:
        counts: dict[str, int] = {}
        for member in after.members():
            counts[member.state.value] = counts.get(member.state.value, 0) + 1
        facts = {"state": after.state.value, "reason": after.reason, "targets": counts}
        yield Event(STATES[after.state], at, rollout_id=after.id, facts=facts)
