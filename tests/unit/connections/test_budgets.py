from __future__ import annotations

import asyncio

import pytest

from stillhouse_orchestrator.connections import Budget, Priority
from stillhouse_orchestrator.errors import ConnectionFailedError


class Holders:
    """Tasks that hold a budget until they are told to let go."""

    def __init__(self, budget: Budget, group: asyncio.TaskGroup) -> None:
        self.budget = budget
        self.group = group
        self.order: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}

    async def start(self, name: str, priority: Priority = Priority.COMMAND) -> asyncio.Task[None]:
        self.gates[name] = asyncio.Event()
        task = self.group.create_task(self.hold(name, priority))
        await settle()
        return task

    async def hold(self, name: str, priority: Priority) -> None:
        async with self.budget.hold(priority):
            self.order.append(name)
            await self.gates[name].wait()

    async def let_go(self, name: str) -> None:
        self.gates[name].set()
        await settle()

    def let_all_go(self) -> None:
        for gate in self.gates.values():
            gate.set()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_no_more_than_the_limit_hold_it_at_once():
    budget, most = Budget("db:5432", 3), 0

    async def use() -> None:
        nonlocal most
        async with budget.hold():
            most = max(most, budget.in_use)
            await settle()

    await asyncio.gather(*(use() for _ in range(20)))
    assert most == 3
    assert budget.in_use == 0


async def test_rollouts_go_before_checks_and_equals_in_their_order():
    async with asyncio.TaskGroup() as group:
        holders = Holders(Budget("db:5432", 1), group)
        await holders.start("first")
        await holders.start("check 1", Priority.CHECK)
        await holders.start("check 2", Priority.CHECK)
        await holders.start("rollout", Priority.ROLLOUT)
        holders.let_all_go()
    assert holders.order == ["first", "rollout", "check 1", "check 2"]


async def test_who_waits_for_too_long_is_told_why_and_leaves_no_hole():
    budget = Budget("db:5432", 1)
    async with budget.hold():
        with pytest.raises(ConnectionFailedError, match="server budget: all 1 connections to db:5432 are in use"):
            await budget.acquire_within(0.01, Priority.CHECK)
    assert (budget.in_use, budget.waiting) == (0, 0)


async def test_a_cancelled_waiter_leaves_no_hole():
    async with asyncio.TaskGroup() as group:
        budget = Budget("db:5432", 1)
        holders = Holders(budget, group)
        await holders.start("first")
        gone = await holders.start("second")
        await holders.start("third")
        gone.cancel()
        await holders.let_go("first")
        assert holders.order == ["first", "third"]
        holders.let_all_go()
    assert (budget.in_use, budget.waiting) == (0, 0)


async def test_a_waiter_cancelled_in_the_moment_of_its_turn_passes_it_on():
    async with asyncio.TaskGroup() as group:
        budget = Budget("db:5432", 1)
        holders = Holders(budget, group)
        await holders.start("first")
        gone = await holders.start("second")
        await holders.start("third")
        budget.resize(2)  # wakes the second
        gone.cancel()
        await settle()
        assert holders.order == ["first", "third"]
        holders.let_all_go()
    assert budget.in_use == 0


async def test_growing_starts_those_that_wait_and_shrinking_stops_nothing():
    async with asyncio.TaskGroup() as group:
        budget = Budget("db:5432", 1)
        holders = Holders(budget, group)
        for name in ("first", "second", "third"):
            await holders.start(name)
        budget.resize(3)
        await settle()
        assert holders.order == ["first", "second", "third"]
        budget.resize(0)
        assert (budget.limit, budget.in_use) == (1, 3)
        holders.let_all_go()
