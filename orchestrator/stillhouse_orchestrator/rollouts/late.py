"""Targets that appeared after a rollout's members were frozen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillhouse_config import Selector

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stillhouse_config import TargetDeclaration
    from stillhouse_orchestrator.store import Session
    from stillhouse_orchestrator.values import Plan, Rollout


def late_targets(rollout: Rollout, plan: Plan | None, targets: Iterable[TargetDeclaration]) -> tuple[str, ...]:
    """Return the targets that a rollout would have taken, had its plan known them."""
    known = {*rollout.targets, *rollout.unmatched}
    if plan is not None:
        known |= {*plan.up_to_date, *plan.ahead, *plan.unknown, *plan.unreachable}
    selector = Selector.parse(rollout.selector) if rollout.selector else None
    chosen = (target for target in targets if selector is None or target.matches(selector))
    return tuple(sorted(target.name for target in chosen if target.name not in known))


async def late_for_all(session: Session, targets: Iterable[TargetDeclaration]) -> set[str]:
    """Return the targets that are late for any rollout in progress."""
    everyone, late = tuple(targets), set[str]()
    for rollout_id in await session.rollouts.unfinished():
        if rollout := await session.rollouts.get(rollout_id):
            late.update(late_targets(rollout, await session.plans.get(rollout.plan_id), everyone))
    return late
