"""Barrier waves: every target holds its transaction open, and all commit when all have succeeded, else none.

A member of such a wave goes ``running → verifying → done``; while it is ``verifying``, ``barrier`` says what becomes of the
transaction that it holds. Pure, as the rest of the machine.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stillhouse_orchestrator.rollouts.edits import with_members
from stillhouse_orchestrator.values import Barrier, Decision, MemberState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stillhouse_orchestrator.rollouts.startable import Facts
    from stillhouse_orchestrator.values import Rollout, RolloutTarget

HOLDS = "holds its transaction until all of the wave have succeeded"
COMMITS = "commits: all of the wave have succeeded"
SHOWN = 10
OURSELVES = "stillhouse"


@dataclass(frozen=True, slots=True)
class Finish:
    """Tell a target what becomes of the transaction that it holds.

    Attributes:
        refusal: why it must roll back; ``None`` to commit.
    """

    target: str
    refusal: str | None = None


def is_barrier(rollout: Rollout, member: RolloutTarget) -> bool:
    """Tell whether a member holds its transaction open before it commits; the way back knows no barrier."""
    return rollout.waves[member.wave - 1].barrier and not member.undo


def decide(rollout: Rollout, facts: Facts) -> tuple[Rollout, tuple[Finish, ...]]:
    """Let the members that hold their transactions commit or roll back, as soon as that is clear."""
    finishes: list[Finish] = []
    for number, wave in enumerate(rollout.waves, 1):
        if not wave.barrier:
            continue
        members = list(rollout.in_wave(number))
        rollout, said = _word(rollout, members)
        finishes += said
        rollout = _paused_halfway(rollout, number, members, facts)
    return rollout, tuple(finishes)


def committed(members: Iterable[RolloutTarget]) -> str:
    """List the members of a wave that have committed, for a reason."""
    names = [member.target for member in members if member.barrier is Barrier.COMMITTED]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more} committed" if names else "none committed"


def _word(rollout: Rollout, members: Sequence[RolloutTarget]) -> tuple[Rollout, list[Finish]]:
    holding = [member for member in members if member.barrier is Barrier.HOLDING]
    if not holding:
        return rollout, []
    refusal = _refusal(members)
    if refusal is None and any(member.state is MemberState.RUNNING for member in members):
        return rollout, []
    fate, reason = (Barrier.COMMITTING, COMMITS) if refusal is None else (Barrier.REVERTING, f"rolls back: {refusal}")
    told = [replace(member, barrier=fate, reason=reason) for member in holding]
    return with_members(rollout, told), [Finish(member.target, refusal) for member in told]


def _refusal(members: Sequence[RolloutTarget]) -> str | None:
    """Say why a wave cannot commit as one."""
    for member in members:
        if member.state.bad:
            return f"{member.target} is {member.state.value}"
    for member in members:
        if member.state.queued:
            return f"{member.target} has to start again"
    if any(member.barrier is Barrier.REVERTING for member in members):
        return "the wave starts again"
    return None


def _paused_halfway(rollout: Rollout, number: int, members: Sequence[RolloutTarget], facts: Facts) -> Rollout:
    """Pause for a person when a COMMIT failed, or the process died between two of them."""
    left = [member for member in members if member.barrier is Barrier.UNCOMMITTED]
    if not left or any(member.barrier is Barrier.COMMITTING for member in members):
        return rollout
    rollout = with_members(rollout, [replace(member, barrier=None) for member in left])
    if rollout.ending is not None:
        return rollout
    first = f"{left[0].target} did not" + (f" ({left[0].error})" if left[0].error else "")
    others = f", nor did {len(left) - 1} more" if len(left) > 1 else ""
    why = f"wave {number} is partly committed: {committed(members)}; {first}{others}"
    return replace(rollout, hold=Decision("pause", OURSELVES, facts.now, why))


def after_hold(member: RolloutTarget, ended: RolloutTarget) -> RolloutTarget:
    """Judge the end of a run that held its transaction.

    Args:
        member: as it was when the word was given.
        ended: what any other run would have left it as.
    """
    if ended.state is MemberState.DONE:
        return replace(ended, barrier=Barrier.COMMITTED)
    unchanged = set(ended.applied) == set(member.applied) and ended.state is MemberState.FAILED
    if unchanged and member.barrier is Barrier.COMMITTING:
        return replace(ended, state=MemberState.PENDING, barrier=Barrier.UNCOMMITTED, finished_at=None)
    return replace(ended, barrier=None)


def recovered(before: Rollout, judged: Sequence[RolloutTarget]) -> list[RolloutTarget]:
    """Tell the committed from the others, after the process died that told members to commit."""
    told = {m.target for m in judged if before.targets[m.target].barrier is Barrier.COMMITTING}
    found = [
        replace(member, barrier=Barrier.COMMITTED if member.target in told and _done(member) else None)
        for member in judged
    ]
    both = [*found, *(member for member in before.members() if member.target not in {m.target for m in judged})]
    waves = {member.wave for member in both if member.barrier is Barrier.COMMITTED and not member.undo}
    return [
        replace(member, barrier=Barrier.UNCOMMITTED)
        if member.target in told and member.state.queued and member.wave in waves
        else member
        for member in found
    ]


def _done(member: RolloutTarget) -> bool:
    return member.state is MemberState.DONE
