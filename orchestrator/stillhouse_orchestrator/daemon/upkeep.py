"""Brings targets to their heads by itself, where the fleet file says ``migrate: auto``."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from stillhouse_orchestrator.errors import StillhouseError
from stillhouse_orchestrator.events import now
from stillhouse_orchestrator.rollouts.freezing import Order
from stillhouse_orchestrator.rollouts.planning import Wish
from stillhouse_orchestrator.rollouts.signals import Start
from stillhouse_orchestrator.values import Health

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillhouse_config import TargetDeclaration
    from stillhouse_orchestrator.application import Application
    from stillhouse_orchestrator.values import Plan, Rollout, TargetState

ACTOR = "scheduler"
Place = tuple[tuple[str, ...], tuple[str, ...]]  # applied revisions and heads


class PlanFailedError(StillhouseError):
    """Pending revisions that no plan could be made for.

    Attributes:
        reasons: target → why.
    """

    def __init__(self, reasons: Mapping[str, str]) -> None:
        self.reasons = dict(reasons)
        super().__init__("; ".join(f"{target}: {reason}" for target, reason in sorted(reasons.items())))


class Upkeep:
    """Starts rollouts of what is pending.

    What failed is not tried again until the target's revisions or its heads change, or ``forget`` is called: a migration
    that fails every minute helps nobody.

    Args:
        application: the fleet and its services.
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self._failed: dict[str, Place] = {}
        application.rollouts.listeners.append(self._remember)

    def forget(self) -> None:
        """Try again what failed: somebody has changed something."""
        self._failed.clear()

    async def run(self, states: Mapping[str, TargetState]) -> Rollout | None:
        """Start one rollout of the targets that are pending, and return it; it runs by itself.

        Args:
            states: a fresh census.

        Raises:
            PlanFailedError: some targets could not be planned; the others were started.
        """
        chosen = await self._due(states)
        if not chosen:
            return None
        name, steps = self._application.rollouts.steps()
        plan = await self._application.planner.plan(chosen, Wish("head", name, steps))
        rollout = await self._start(plan, name) if plan.groups else None
        if plan.unknown:
            self._failed |= {target: _place(states[target]) for target in plan.unknown if target in states}
            raise PlanFailedError(plan.unknown)
        return rollout

    async def _due(self, states: Mapping[str, TargetState]) -> list[TargetDeclaration]:
        targets = [target for target in self._application.fleet.targets.values() if target.migrate == "auto"]
        pending = [target for target in targets if target.name in states and self._is_due(states[target.name])]
        busy = await self._members() if pending else set()
        return [target for target in pending if target.name not in busy]

    def _is_due(self, state: TargetState) -> bool:
        return (
            bool(state.pending) and state.health is Health.HEALTHY and self._failed.get(state.target) != _place(state)
        )

    async def _members(self) -> set[str]:
        """Return the targets that an unfinished rollout has already."""
        async with self._application.store.read() as session:
            ids = await session.rollouts.unfinished()
        rollouts = [await self._application.rollouts.get(rollout_id) for rollout_id in ids]
        return {member.target for rollout in rollouts for member in rollout.members() if not member.state.settled}

    async def _start(self, plan: Plan, strategy: str) -> Rollout:
        order = Order(secrets.token_hex(4), ACTOR, now(), strategy)
        rollout = await self._application.rollouts.create(plan, order)
        return await self._application.rollouts.say(rollout.id, Start(ACTOR, now()))

    def _remember(self, rollout: Rollout) -> None:
        if rollout.state.over and rollout.created_by == ACTOR:
            bad = [member for member in rollout.members() if member.state.bad]
            self._failed |= {member.target: (tuple(sorted(member.applied)), tuple(sorted(member.to))) for member in bad}


def _place(state: TargetState) -> Place:
    return tuple(sorted(state.current)), tuple(sorted(state.head))
