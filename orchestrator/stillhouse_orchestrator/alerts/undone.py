"""Findings about rollouts: what they left undone, and what they have worked on for too long.

They are read off the store, whoever ran the rollout and however it ended, so that a restart forgets none. A target is clean
again when a later rollout has brought it somewhere, when it was retried or skipped, or when it is at its head by other means.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from stillhouse_config.durations import format_duration
from stillhouse_orchestrator.alerts.findings import Finding, Look
from stillhouse_orchestrator.values import Health, RolloutState, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, timedelta

    from stillhouse_orchestrator.values import Membership, TargetState

KINDS = frozenset({"rollout", "stuck"})
ANSWERED = frozenset({RolloutState.ABORTED, RolloutState.ROLLED_BACK, RolloutState.ROLLING_BACK})
GRAVE = frozenset({RolloutState.FAILED, RolloutState.ROLLBACK_FAILED})
SHOWN_ERRORS = 3


def look_at_rollouts(
    memberships: Iterable[Membership],
    states: Mapping[str, TargetState],
    concerned: Iterable[str],
    at: datetime,
    stuck_after: timedelta | None,
) -> list[Look]:
    """Return what rollouts say about some targets.

    Args:
        memberships: what rollouts work on, or left in a bad state.
        states: of the targets, as the last census found them.
        concerned: targets that an alert of these kinds names already.
        at: now.
        stuck_after: how long one migration may take; None for ever.
    """
    found: defaultdict[str, list[Finding]] = defaultdict(list)
    undone: defaultdict[str, list[Membership]] = defaultdict(list)
    for membership in memberships:
        member = membership.member
        if member.working and stuck_after and member.started_at and at - member.started_at >= stuck_after:
            found[member.target].append(_stuck(membership, stuck_after))
        elif _is_undone(membership, states.get(member.target)):
            undone[membership.rollout].append(membership)
    for left in undone.values():
        finding = _undone(left)
        for membership in left:
            found[membership.member.target].append(finding)
    return [Look(target, at, KINDS, tuple(found[target])) for target in sorted({*found, *concerned})]


def _is_undone(membership: Membership, state: TargetState | None) -> bool:
    member = membership.member
    if membership.state in ANSWERED:
        return False
    if member.state.bad:
        mended = state is not None and state.health is Health.HEALTHY and state.pending == 0 and not member.undo
        return not mended
    return membership.state in GRAVE and member.state.settled


def _undone(left: Sequence[Membership]) -> Finding:
    rollout, state, reason = left[0].rollout, left[0].state, left[0].reason
    errors = [f"{one.member.target}: {error}" for one in left if (error := _first_line(one))]
    facts: dict[str, Any] = {"rollout": rollout, "state": state.value, "reason": reason}
    shown = errors[:SHOWN_ERRORS] or [reason or state.value]
    more = f"; and {len(errors) - SHOWN_ERRORS} more" if len(errors) > SHOWN_ERRORS else ""
    return Finding(
        key=f"rollout:{rollout}",
        kind="rollout",
        severity=Severity.CRITICAL if state in GRAVE else Severity.WARNING,
        title=f"rollout {rollout} did not do all that it should",
        summary=f"`stillhouse rollout show {rollout}` says why; answer with `rollout retry`, `rollout skip` or `rollout rollback`",
        facts={**facts, "error": "; ".join(shown) + more},
    )


def _first_line(membership: Membership) -> str:
    return (membership.member.error or membership.member.reason or "").partition("\n")[0]


def _stuck(membership: Membership, after: timedelta) -> Finding:
    rollout = membership.rollout
    return Finding(
        key=f"stuck:{rollout}",
        kind="stuck",
        severity=Severity.WARNING,
        title=f"migrating for more than {format_duration(after)} in rollout {rollout}",
        summary=f"`stillhouse rollout show {rollout}` says what it does; `alerts.stuck_after` says how long it may take",
        facts={"rollout": rollout},
    )
