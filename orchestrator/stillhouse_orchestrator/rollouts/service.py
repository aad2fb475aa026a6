"""The rollout service: makes rollouts of plans, takes verbs, runs what is not over, goes on after a restart."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from stillhouse_orchestrator.abbreviations import meant
from stillhouse_orchestrator.events import Event, EventName, now
from stillhouse_orchestrator.rollouts import windows
from stillhouse_orchestrator.rollouts.errors import (
    IrreversibleError,
    StrategyError,
    TransitionError,
)
from stillhouse_orchestrator.rollouts.freezing import Order, freeze
from stillhouse_orchestrator.rollouts.hands import Hands
from stillhouse_orchestrator.rollouts.late import late_targets
from stillhouse_orchestrator.rollouts.machine import apply
from stillhouse_orchestrator.rollouts.preparing import Preparing
from stillhouse_orchestrator.rollouts.runner import Runner, World, write
from stillhouse_orchestrator.rollouts.strategies import steps_of
from stillhouse_orchestrator.values import Rollout, RolloutState
from stillhouse_orchestrator.values.rollout_target import BUSY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from stillhouse_config import Fleet
    from stillhouse_orchestrator.connections import Connections
    from stillhouse_orchestrator.rollouts import signals as s
    from stillhouse_orchestrator.rollouts.planning import Planner
    from stillhouse_orchestrator.store import Store
    from stillhouse_orchestrator.values import Plan, RolloutLine, Step
    from stillhouse_orchestrator.workers.executor import Executor, Progress

ABBREVIATED = 500  # newest rollouts whose ids may be cut short


class Rollouts:
    """All rollouts of a fleet.

    Args:
        store: keeps them.
        executor: runs jobs.
        connections: owns the servers' budgets.
        planner: looks again at targets that are tried again, join or go back.
        fleet: returns the fleet as it is now.

    Attributes:
        listeners: told each rollout after a transition was written; they must not block or raise.
        progress_listeners: told each step of each job, with the rollout's id.
    """

    def __init__(
        self, store: Store, executor: Executor, connections: Connections, planner: Planner, fleet: Callable[[], Fleet]
    ) -> None:
        self._store = store
        self._fleet = fleet
        self.clock = now
        self.listeners: list[Callable[[Rollout], None]] = []
        self.progress_listeners: list[Callable[[str, Progress], None]] = []
        hands = Hands(executor, connections, store)
        self._world = World(
            store, connections, hands, fleet, others=self._elsewhere, changed=self._changed, progress=self._progress
        )
        self._preparing = Preparing(self._world, planner)
        self._runners: dict[str, Runner] = {}
        self._news = asyncio.Event()

    def steps(self, strategy: str | None = None) -> tuple[str, tuple[Step, ...]]:
        """Return the name and the steps of a strategy; without a name, of the fleet's default.

        Raises:
            StrategyError: there is none of this name.
        """
        settings = self._fleet().settings
        name = strategy or settings.default_strategy
        return name, steps_of(settings.strategies, name)

    async def create(self, plan: Plan, order: Order) -> Rollout:
        """Make the draft of a rollout that does what a plan says, and keep both.

        Raises:
            StrategyError: the strategy does not exist, or the plan has nothing that it could move.
            DependencyError: targets would wait for one another for ever.
            BarrierError: a barrier wave cannot hold all its transactions at once.
        """
        name, steps = self.steps(order.strategy)
        rollout = freeze(plan, steps, self._fleet().targets, order)
        if not rollout.targets:
            reason = "no wave takes any target of the plan" if plan.groups else "the plan moves no target"
            raise StrategyError(name, reason, "`stillhouse plan` shows why")
        facts = {"plan_id": plan.id, "to": plan.requested, "targets": len(rollout.targets), "strategy": name}
        await self._preparing.check_dependencies(rollout)
        await self._preparing.check_barriers(rollout, plan.groups)
        async with self._store.write() as session:
            await session.plans.add(plan)
            await session.rollouts.add(rollout)
            await session.record(
                Event(EventName.ROLLOUT_CREATED, order.at, order.by, rollout_id=rollout.id, facts=facts)
            )
        return rollout

    async def say(self, rollout_id: str, verb: s.Verb) -> Rollout:
        """Say a verb to a rollout; it is written, and in force, when this returns.

        Raises:
            NotFoundError: there is no such rollout.
            AmbiguousError: several begin like that.
            TransitionError: the verb does not fit its state.
            IrreversibleError: a rollback that cannot be carried through.
        """
        rollout = await self.get(rollout_id)
        prepared = await self._preparing.prepare(rollout, verb)
        if runner := self._runners.get(rollout.id):
            return await runner.transition(prepared)
        after = apply(rollout, prepared)
        if after.ending is not None and not any(after.members(*BUSY)):
            return await Runner(self._world, rollout).transition(prepared)
        moved = await write(self._store, rollout, after, self.clock(), (prepared,))
        self._changed(moved)
        self._news.set()
        return moved

    async def get(self, rollout_id: str) -> Rollout:
        """Return a rollout by its id, or by the beginning of one.

        Raises:
            NotFoundError: there is none.
            AmbiguousError: several begin like that.
        """
        if runner := self._runners.get(rollout_id):
            return runner.rollout
        async with self._store.read() as session:
            if found := await session.rollouts.get(rollout_id):
                return found
            known = [line.id for line in await session.rollouts.lines(ABBREVIATED)]
            found = await session.rollouts.get(
                meant("rollout", rollout_id, known, "`stillhouse rollout list` shows their ids")
            )
        assert found is not None  # noqa: S101 - the store has just named it
        return found

    async def lines(self, limit: int = 50) -> list[RolloutLine]:
        """Return the newest rollouts."""
        async with self._store.read() as session:
            return await session.rollouts.lines(limit)

    async def run(self, rollout_id: str, *, attended: bool = True) -> Rollout:
        """Run one rollout until it is over.

        Args:
            rollout_id: which.
            attended: people can speak to it meanwhile; an embedded command, which nobody can reach, leaves it alone as
                soon as it waits for somebody.

        Raises:
            TransitionError: it is a draft.
        """
        rollout = await self.get(rollout_id)
        if rollout.state is RolloutState.DRAFT:
            raise TransitionError(rollout.id, "run", "it was not started")
        if rollout.state.over or rollout.id in self._runners:
            return rollout
        runner = self._runners[rollout.id] = Runner(self._world, rollout, attended=attended)
        try:
            return await runner.run()
        finally:
            del self._runners[rollout.id]
            self._poke()

    async def serve(self) -> None:
        """Run every rollout that is not over, also those of a process that died, until cancelled."""
        async with asyncio.TaskGroup() as group:
            while not self._world.stopping:
                self._news.clear()
                for rollout_id in await self._unfinished():
                    group.create_task(self.run(rollout_id), name=f"rollout {rollout_id}")
                await self._news.wait()

    async def drain(self) -> None:
        """Start nothing more, and let ``run`` and ``serve`` return once nothing runs; a restart goes on from there."""
        self._world.stopping = True
        self._poke()
        self._news.set()

    async def late(self, rollout: Rollout) -> tuple[str, ...]:
        """Return the targets that appeared after a rollout was frozen, and that it would have taken."""
        async with self._store.read() as session:
            plan = await session.plans.get(rollout.plan_id)
        return late_targets(rollout, plan, self._fleet().targets.values())

    async def refusals(self, rollout: Rollout) -> dict[str, str]:
        """Return the targets that a rollback could not bring back, each with the reason."""
        try:
            await self._preparing.check_way_back(rollout)
        except IrreversibleError as error:
            return dict(error.reasons)
        return {}

    async def next_window(self, plan: Plan) -> datetime | None:
        """Return when the next maintenance window of a plan's targets opens; ``None`` when all are open now.

        Raises:
            NoWindowError: no window is for these targets, or none opens soon.
        """
        fleet = self._fleet()
        names = {name for group in plan.groups for name in group.targets}
        return await asyncio.to_thread(windows.next_opening, fleet.settings.windows, fleet.targets, names, self.clock())

    def follow_fleet(self) -> None:
        """Look again now: the fleet has changed."""
        self._poke()

    async def _unfinished(self) -> list[str]:
        async with self._store.read() as session:
            lines = await session.rollouts.lines(500)
            ids = await session.rollouts.unfinished()
        drafts = {line.id for line in lines if line.state is RolloutState.DRAFT}
        return [rollout_id for rollout_id in ids if rollout_id not in drafts and rollout_id not in self._runners]

    def _elsewhere(self, rollout_id: str) -> Mapping[str, str]:
        return {
            member.target: other
            for other, runner in self._runners.items()
            if other != rollout_id
            for member in runner.rollout.targets.those(lambda standing: standing.working)
        }

    def _poke(self) -> None:
        for runner in self._runners.values():
            runner.poke()

    def _changed(self, rollout: Rollout) -> None:
        for listener in self.listeners:
            listener(rollout)

    def _progress(self, rollout_id: str, progress: Progress) -> None:
        for listener in self.progress_listeners:
            listener(rollout_id, progress)
