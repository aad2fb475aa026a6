"""Barrier waves: all commit when all have succeeded, else none; on a fleet of imaginary databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from rollout_bench import Bench, tenants

from stillhouse_engine.worker.messages import Problem
from stillhouse_orchestrator.events import EventName, now
from stillhouse_orchestrator.rollouts import signals as s
from stillhouse_orchestrator.rollouts.errors import BarrierError
from stillhouse_orchestrator.store import HistoryQuery, Store
from stillhouse_orchestrator.values import MemberState, RolloutState

STRATEGY = "strategies:\n  together:\n    - wave: {rest: true, barrier: true}\n"


@pytest.fixture
async def store(tmp_path):
    async with Store.open(f"sqlite+aiosqlite:///{tmp_path / 'state.db'}", holder="test") as found:
        yield found


@pytest.fixture
def bench(store, tmp_path):
    return Bench(store, tmp_path, tenants(4, STRATEGY))


async def begun(bench):
    rollout = await bench.create("together")
    await bench.service.say(rollout.id, s.Start("ann", now()))
    return await bench.service.run(rollout.id)


async def test_all_hold_then_all_commit(bench):
    rollout = await begun(bench)
    assert rollout.state is RolloutState.SUCCEEDED
    assert sorted(bench.executor.held) == [(f"t{n}", None) for n in range(4)]
    assert {bench.executor.stands(name) for name in rollout.targets} == {("r3",)}
    async with bench.store.read() as session:
        events = await session.history.newest(HistoryQuery(rollout_id="r-1", limit=100))
    prepared = [event for event in events if event.name is EventName.MEMBER_PREPARED]
    assert len(prepared) == 4


async def test_one_failure_rolls_all_back(bench):
    bench.executor.problems["t2"] = Problem("sql", "no such table")
    rollout = await begun(bench)
    assert rollout.state is RolloutState.FAILED
    assert bench.states(rollout) == {"t0": "cancelled", "t1": "cancelled", "t2": "failed", "t3": "cancelled"}
    assert {bench.executor.stands(name) for name in rollout.targets} == {("r1",)}
    assert "rolled back with its wave: t2 is failed" in rollout.targets["t0"].reason
    bench.executor.problems.clear()
    await bench.service.say("r-1", s.Retry("ann", now()))
    again = await bench.service.run("r-1")
    assert again.state is RolloutState.SUCCEEDED
    assert {bench.executor.stands(name) for name in rollout.targets} == {("r3",)}


async def until_paused_then(bench, verb):
    """Run the rollout until it pauses by itself, say a verb, and go on; return it as it paused and as it ended."""
    await bench.create("together")
    await bench.service.say("r-1", s.Start("ann", now()))
    paused = asyncio.Event()
    bench.service.listeners.append(lambda found: paused.set() if found.state is RolloutState.PAUSED else None)
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        running = group.create_task(bench.service.run("r-1"))
        await paused.wait()
        halfway = await bench.service.get("r-1")
        await bench.service.say("r-1", verb)
    return halfway, running.result()


async def test_a_commit_that_fails_pauses_with_the_list_and_resume_finishes(bench):
    bench.executor.commit_problems["t2"] = Problem("connection_lost", "the server closed the connection")
    halfway, ended = await until_paused_then(bench, s.Resume("ann", now()))
    assert "wave 1 is partly committed: t0, t1, t3 committed; t2 did not" in halfway.reason
    assert "the server closed the connection" in halfway.reason
    assert ended.state is RolloutState.SUCCEEDED
    assert {bench.executor.stands(name) for name in ended.targets} == {("r3",)}


async def test_a_partly_committed_wave_can_be_rolled_back(bench):
    bench.executor.commit_problems["t0"] = Problem("connection_lost", "the server closed the connection")
    _, ended = await until_paused_then(bench, s.Rollback("ann", now()))
    assert ended.state is RolloutState.ROLLED_BACK
    assert {bench.executor.stands(name) for name in ended.targets} == {("r1",)}


async def test_a_wave_larger_than_the_servers_budget_is_refused(store, tmp_path):
    bench = Bench(store, tmp_path, tenants(5, STRATEGY))
    with pytest.raises(
        BarrierError, match="needs 5 connections to db1:5432 at once, and the server's budget is 4"
    ) as refused:
        await bench.create("together")
    assert "max_connections" in refused.value.hint


@pytest.mark.parametrize("statement", ["CREATE INDEX CONCURRENTLY i ON t (c)", "COMMIT;", "VACUUM t"])
async def test_statements_outside_of_transactions_are_refused(bench, statement):
    plan = bench.plan()
    plan = replace(plan, groups=(replace(plan.groups[0], sql=("select 1", statement)),))
    with pytest.raises(BarrierError, match="outside of any transaction"):
        await bench.create("together", plan)


async def test_mysql_and_dependencies_inside_the_wave_are_refused(store, tmp_path):
    text = "fleet: f\ndatabases:\n  a: {url: 'mysql+asyncmy://u@db1/a', migrations: m}\n"
    with pytest.raises(BarrierError, match="a is on mysql"):
        await Bench(store, tmp_path, text + STRATEGY).create("together")
    text = tenants(1) + "  z: {url: 'postgresql+asyncpg://u@db1/z', migrations: m, depends_on: [t0]}\n"
    with pytest.raises(BarrierError, match="z depends on t0"):
        await Bench(store, tmp_path, text + STRATEGY).create("together")


async def test_a_busy_target_takes_the_whole_wave_back_and_all_start_again(bench, monkeypatch):
    monkeypatch.setattr("stillhouse_orchestrator.rollouts.hands.BUSY_SECONDS", 0.0)
    monkeypatch.setattr("stillhouse_orchestrator.rollouts.hands.BUSY_LONGEST", 0.01)
    bench.executor.problems["t1"], bench.executor.states["t1"] = Problem("busy", "pid 7 holds its lock"), "busy"

    def free_again(rollout):
        if rollout.targets["t1"].state is MemberState.WAITING:
            bench.executor.problems.clear()

    bench.service.listeners.append(free_again)
    rollout = await begun(bench)
    assert rollout.state is RolloutState.SUCCEEDED
    assert {bench.executor.stands(name) for name in rollout.targets} == {("r3",)}
    assert sorted(name for name, refusal in bench.executor.held if refusal is None) == ["t0", "t1", "t2", "t3"]
