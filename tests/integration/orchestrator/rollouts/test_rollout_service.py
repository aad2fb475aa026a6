"""The service over a real store in memory, with imaginary databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from rollout_bench import REVISIONS, Bench, fleet_of, tenants

from stillhouse_engine.worker.messages import Problem
from stillhouse_orchestrator.errors import AmbiguousError, NotFoundError
from stillhouse_orchestrator.events import EventName, now
from stillhouse_orchestrator.rollouts import signals as s
from stillhouse_orchestrator.rollouts.errors import (
    DependencyError,
    IrreversibleError,
    StrategyError,
    TransitionError,
)
from stillhouse_orchestrator.store import HistoryQuery
from stillhouse_orchestrator.store.testing import memory_store
from stillhouse_orchestrator.values import DriftReport, DriftStatus, MemberState, RolloutState

WAVES = """
strategies:
  careful:
    - wave: {match: "ring=0", max_failures: 0}
    - pause: {}
    - wave: {match: "ring=1", max_parallel: 1, max_failures: 0}
    - wave: {rest: true, max_failures: 50%}
  approved: [approve: {}, wave: {rest: true}]
  ring0: [wave: {match: "ring=0"}]
  ignoring: [wave: {rest: true, unreachable: ignored}]
"""


@pytest.fixture
async def store():
    async with memory_store() as opened:
        yield opened


@pytest.fixture
def bench(store, tmp_path):
    return Bench(store, tmp_path, tenants(6, WAVES))


def verb(kind, *names, **more):
    return kind("ann", now(), None, *((names,) if names else ()), **more)


async def run(bench, strategy=None, **options):
    await bench.create(strategy, **options)
    await bench.service.say("r-1", verb(s.Start))
    async with asyncio.timeout(60):
        return await bench.service.run("r-1")


async def running(bench, group, strategy=None, **options):
    """Start a rollout in the background."""
    await bench.create(strategy, **options)
    await bench.service.say("r-1", verb(s.Start))
    return group.create_task(bench.service.run("r-1"))


async def until(bench, condition, rollout_id="r-1"):
    """Wait until a rollout meets a condition."""
    async with asyncio.timeout(60):
        while True:
            rollout = await bench.service.get(rollout_id)
            if condition(rollout):
                return rollout
            await asyncio.sleep(0)


async def names(bench, **query):
    async with bench.store.read() as session:
        return [event.name for event in reversed(await session.history.newest(HistoryQuery(limit=1000, **query)))]


async def test_everything_at_once_brings_every_target_to_its_destination(bench):
    rollout = await run(bench)
    assert rollout.state is RolloutState.SUCCEEDED
    assert set(bench.states(rollout).values()) == {"done"}
    assert all(tuple(bench.executor.applied(name)) == REVISIONS for name in rollout.targets)
    told = await names(bench, rollout_id="r-1")
    assert told[:2] == [EventName.ROLLOUT_CREATED, EventName.ROLLOUT_STARTED]
    assert told[-1] == EventName.ROLLOUT_SUCCEEDED
    assert told.count(EventName.MEMBER_STARTED) == told.count(EventName.MEMBER_FINISHED) == 6


async def test_what_the_store_holds_is_what_the_service_says(bench):
    rollout = await run(bench)
    async with bench.store.read() as session:
        assert await session.rollouts.get("r-1") == rollout


async def test_the_servers_budget_is_kept(store, tmp_path):
    bench = Bench(store, tmp_path, tenants(40), limit=3)
    bench.executor.gates = {name: asyncio.Event() for name in bench.fleet.targets}
    async with asyncio.TaskGroup() as group:
        task = await running(bench, group)
        rollout = await until(bench, lambda _: len(bench.executor.started) == 3)
        waiting = {member.reason for member in rollout.members(MemberState.WAITING)}
        assert waiting == {"waits for a place on db1:5432"}
        for gate in bench.executor.gates.values():
            gate.set()
        assert (await task).state is RolloutState.SUCCEEDED
    assert bench.executor.most == {"db1": 3}
    assert bench.connections.budgets["db1:5432"].in_use == 0


async def test_waves_pauses_and_promotion(bench):
    async with asyncio.TaskGroup() as group:
        task = await running(bench, group, "careful")
        rollout = await until(bench, lambda each: each.state is RolloutState.PAUSED)
        assert rollout.reason == "waits until promoted"
        assert set(bench.executor.started) == {"t0", "t1"}
        assert rollout.targets["t2"].reason == "wave 2 of 3"
        await bench.service.say("r-1", verb(s.Promote))
        assert (await task).state is RolloutState.SUCCEEDED
    assert bench.executor.started[:2] == ["t0", "t1"]
    assert set(bench.executor.started[2:4]) == {"t2", "t3"}


async def test_a_failure_over_the_budget_stops_further_starts_and_running_ones_finish(store, tmp_path):
    bench = Bench(store, tmp_path, tenants(6, WAVES), limit=2)
    bench.executor.problems["t0"] = Problem("sql", "no such column")
    gate = bench.executor.gates["t1"] = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        task = await running(bench, group)
        rollout = await until(bench, lambda each: each.ending is not None)
        assert rollout.reason == "wave 1: 1 failed, 0 may"
        gate.set()
        rollout = await task
    assert rollout.state is RolloutState.FAILED
    assert bench.states(rollout) == {
        "t0": "failed",
        "t1": "done",
        "t2": "cancelled",
        "t3": "cancelled",
        "t4": "cancelled",
        "t5": "cancelled",
    }
    assert "no such column" in rollout.targets["t0"].error
    told = await names(bench, rollout_id="r-1")
    assert EventName.ROLLOUT_TRIPPED in told
    assert told[-1] == EventName.ROLLOUT_FAILED


async def test_pause_is_in_force_when_it_returns_with_300_targets_waiting_and_20_running(store, tmp_path):
    bench = Bench(store, tmp_path, tenants(300), limit=20)
    gates = {name: asyncio.Event() for name in bench.fleet.targets}
    bench.executor.gates = gates
    async with asyncio.TaskGroup() as group:
        task = await running(bench, group)
        await until(bench, lambda _: len(bench.executor.started) == 20)
        rollout = await bench.service.say("r-1", s.Pause("ann", now(), "something smells"))
        assert rollout.state is RolloutState.PAUSED
        assert rollout.reason == "paused by ann: something smells"
        for gate in gates.values():
            gate.set()
        await until(bench, lambda each: not any(each.members(MemberState.RUNNING)))
        assert len(bench.executor.started) == 20
        await bench.service.say("r-1", verb(s.Resume))
        assert (await task).state is RolloutState.SUCCEEDED
    assert len(bench.executor.started) == 300


async def test_abort_lets_running_targets_finish_and_reverts_nothing(store, tmp_path):
    bench = Bench(store, tmp_path, tenants(6), limit=1)
    gate = bench.executor.gates["t0"] = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        task = await running(bench, group)
        await until(bench, lambda _: bench.executor.started)
        await bench.service.say("r-1", s.Abort("bob", now(), "wrong day"))
        gate.set()
        rollout = await task
    assert (rollout.state, rollout.reason) == (RolloutState.ABORTED, "aborted by bob: wrong day")
    assert bench.states(rollout)["t0"] == "done"
    assert bench.executor.started == ["t0"]


async def test_a_draft_is_aborted_at_once(bench):
    await bench.create()
    rollout = await bench.service.say("r-1", verb(s.Abort))
    assert rollout.state is RolloutState.ABORTED
    assert set(bench.states(rollout).values()) == {"cancelled"}


async def test_approval_comes_before_anything_starts(bench):
    async with asyncio.TaskGroup() as group:
        task = await running(bench, group, "approved")
        await until(bench, lambda each: each.state is RolloutState.PENDING_APPROVAL)
        assert bench.executor.started == []
        await bench.service.say("r-1", s.Approve("bob", now(), "reviewed"))
        rollout = await task
    assert rollout.state is RolloutState.SUCCEEDED
    assert [(item.verb, item.by, item.why) for item in rollout.decisions][-1] == ("approve", "bob", "reviewed")


async def test_retry_goes_on_where_a_failed_rollout_stopped(bench):
    bench.executor.problems["t3"] = Problem("sql", "no")
    assert (await run(bench)).state is RolloutState.FAILED
    del bench.executor.problems["t3"]
    rollout = await bench.service.say("r-1", verb(s.Retry))
    assert rollout.state is RolloutState.RUNNING
    assert (await bench.service.run("r-1")).state is RolloutState.SUCCEEDED
    assert all(bench.executor.applied(name) == list(REVISIONS) for name in rollout.targets)


async def test_a_target_moved_by_somebody_else_is_blocked_until_it_is_planned_again(bench):
    plan = bench.plan()
    bench.executor.set("t2", "r1", "r2")
    rollout = await run(bench, plan=plan)
    assert rollout.targets["t2"].state is MemberState.BLOCKED_DRIFT
    assert rollout.targets["t2"].error == "it is at r2, and was planned from r1"
    assert bench.executor.applied("t2") == ["r1", "r2"]
    await bench.service.say("r-1", verb(s.Retry, "t2"))
    rollout = await bench.service.run("r-1")
    assert (rollout.state, rollout.targets["t2"].from_) == (RolloutState.SUCCEEDED, ("r2",))


async def test_drift_found_since_the_plan_blocks_and_drift_known_to_it_does_not(bench):
    plan = bench.plan(drifted={"t1": "d1"})
    async with bench.store.write() as session:
        reports = [
            DriftReport(name, DriftStatus.DRIFTED, drift_id=found) for name, found in (("t1", "d1"), ("t2", "d2"))
        ]
        await session.drift_reports.save(reports)
    rollout = await run(bench, plan=plan)
    assert rollout.targets["t2"].state is MemberState.BLOCKED_DRIFT
    assert rollout.targets["t1"].state is not MemberState.BLOCKED_DRIFT


async def test_a_target_that_is_there_already_is_done_without_a_run(bench):
    plan = bench.plan()
    bench.executor.set("t2", *REVISIONS)
    rollout = await run(bench, plan=plan)
    assert rollout.state is RolloutState.SUCCEEDED
    assert "t2" not in bench.executor.started


@pytest.mark.parametrize(("strategy", "state"), [(None, "failed"), ("ignoring", "cancelled")])
async def test_unreachable_counts_as_failed_unless_told_otherwise(bench, strategy, state):
    plan = bench.plan()
    bench.executor.unreachable.add("t5")
    rollout = await run(bench, strategy, plan=plan)
    assert rollout.targets["t5"].state.value == state
    assert rollout.state is (RolloutState.FAILED if state == "failed" else RolloutState.SUCCEEDED)


async def test_a_busy_target_is_tried_again_and_shows_why_it_waits(bench, monkeypatch):
    monkeypatch.setattr("stillhouse_orchestrator.rollouts.hands.busy_delay", lambda _: timedelta(seconds=0.2))
    bench.executor.problems["t1"] = Problem("locked", "another runner migrates it")
    bench.executor.states["t1"] = "busy"
    async with asyncio.TaskGroup() as group:
        task = await running(bench, group)
        rollout = await until(bench, lambda each: each.targets["t1"].retry_at is not None)
        assert "another runner" in rollout.targets["t1"].reason
        del bench.executor.problems["t1"]
        rollout = await task
    assert (rollout.state, rollout.targets["t1"].attempts) == (RolloutState.SUCCEEDED, 2)


@pytest.mark.parametrize(
    ("left", "state"), [(("r1",), "failed"), (("r1", "r2"), "failed"), (REVISIONS, "done"), (None, "indeterminate")]
)
async def test_a_worker_that_died_under_a_target_is_judged_by_what_it_left(bench, left, state):
    bench.executor.problems["t1"] = Problem("worker_lost", "killed by signal 9")
    bench.executor.states["t1"] = "lost"
    gate = bench.executor.gates["t1"] = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        task = await running(bench, group)
        await until(bench, lambda _: "t1" in bench.executor.started)
        if left is None:
            bench.executor.unreachable.add("t1")
        else:
            bench.executor.set("t1", *left)
        gate.set()
        rollout = await task
    member = rollout.targets["t1"]
    assert member.state.value == state
    if state != "done":
        assert "killed by signal 9" in member.error


async def test_rollback_brings_back_what_this_rollout_changed_and_nothing_else(bench):
    plan = bench.plan()
    bench.executor.set("t5", *REVISIONS)
    bench.executor.problems["t4"] = Problem("sql", "no")
    rollout = await run(bench, plan=plan)
    assert rollout.state is RolloutState.FAILED
    bench.executor.started.clear()
    await bench.service.say("r-1", s.Rollback("ann", now(), "broken"))
    rollout = await bench.service.run("r-1")
    assert rollout.state is RolloutState.ROLLED_BACK
    assert {tuple(bench.executor.applied(f"t{n}")) for n in range(5)} == {("r1",)}
    assert "t4" not in bench.executor.started


async def test_rollback_goes_through_the_waves_backwards(bench):
    async with asyncio.TaskGroup() as group:
        task = await running(bench, group, "careful")
        await until(bench, lambda each: each.state is RolloutState.PAUSED)
        await bench.service.say("r-1", verb(s.Promote))
        await task
    bench.executor.started.clear()
    await bench.service.say("r-1", verb(s.Rollback))
    assert (await bench.service.run("r-1")).state is RolloutState.ROLLED_BACK
    order = bench.executor.started
    assert (set(order[:2]), set(order[2:4]), set(order[4:])) == ({"t4", "t5"}, {"t2", "t3"}, {"t0", "t1"})


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("def upgrade():\n    x()\n", "has no downgrade"),
        ("def upgrade():\n    x()\ndef downgrade():\n    raise NotImplementedError\n", "raises an error"),
        ("def upgrade():\n    x()\ndef downgrade():\n    pass\n", "is empty"),
        ("def upgrade(:\n", "cannot be read"),
    ],
)
async def test_a_rollback_that_cannot_go_through_is_refused_before_anything_moves(bench, tmp_path, source, words):
    rollout = await run(bench)
    (tmp_path / "r2.py").write_text(source)
    bench.executor.started.clear()
    with pytest.raises(IrreversibleError, match=words) as caught:
        await bench.service.say("r-1", verb(s.Rollback))
    assert set(caught.value.reasons) == set(rollout.targets)
    assert bench.executor.started == []
    assert (await bench.service.get("r-1")).state is RolloutState.SUCCEEDED


async def test_dependencies_are_kept_and_what_depends_on_a_failure_is_cancelled(store, tmp_path):
    text = """
fleet: bench
databases:
  logs: {url: 'postgresql+asyncpg://u@db1/l', migrations: m, depends_on: [analytics]}
  analytics: {url: 'postgresql+asyncpg://u@db1/a', migrations: m, depends_on: [users]}
  users: {url: 'postgresql+asyncpg://u@db1/u', migrations: m}
strategies: {lenient: [wave: {rest: true, max_failures: 3}]}
"""
    bench = Bench(store, tmp_path, text)
    bench.executor.problems["analytics"] = Problem("sql", "no")
    rollout = await run(bench, "lenient")
    assert bench.executor.started == ["users", "analytics"]
    assert bench.states(rollout) == {"users": "done", "analytics": "failed", "logs": "cancelled"}
    assert rollout.targets["logs"].reason == "analytics is failed"
    assert (rollout.state, rollout.reason) == (RolloutState.SUCCEEDED, "1 failed, within the budget")


REVISION_NEEDS = """
fleet: bench
databases:
  users: {url: 'postgresql+asyncpg://u@db1/u', migrations: m}
  analytics:
    url: postgresql+asyncpg://u@db1/a
    migrations: m
    depends_on: [{database: users, revision: REVISION, needed_by: r2}]
"""


async def test_a_revision_of_another_database_is_waited_for(store, tmp_path):
    bench = Bench(store, tmp_path, REVISION_NEEDS.replace("REVISION", "r3"))
    rollout = await run(bench)
    assert rollout.targets["analytics"].depends_on == ("users",)
    assert bench.executor.started == ["users", "analytics"]


async def test_a_revision_that_nothing_brings_is_refused_at_the_start(store, tmp_path):
    bench = Bench(store, tmp_path, REVISION_NEEDS.replace("REVISION", "r9"))
    with pytest.raises(DependencyError, match="analytics depends on users: it has not reached r9"):
        await bench.create()


async def test_circles_and_wrong_wave_orders_are_refused(store, tmp_path):
    text = """
fleet: bench
databases:
  a: {url: 'postgresql+asyncpg://u@db1/a', migrations: m, labels: {ring: "0"}, depends_on: [b]}
  b: {url: 'postgresql+asyncpg://u@db1/b', migrations: m}
strategies: {rings: [wave: {match: "ring=0"}, wave: {rest: true}]}
"""
    bench = Bench(store, tmp_path, text)
    with pytest.raises(DependencyError, match="wave 2, after wave 1"):
        await bench.create("rings")


async def test_unmatched_targets_are_reported_and_an_empty_rollout_is_refused(bench):
    rollout = await bench.create("ring0")
    assert rollout.unmatched == ("t2", "t3", "t4", "t5")
    with pytest.raises(StrategyError, match="moves no target"):
        await bench.create(plan=replace(bench.plan(), groups=()), rollout_id="r-2")
    with pytest.raises(StrategyError, match="no strategy of this name"):
        await bench.create("carefull", rollout_id="r-3")


async def test_a_late_target_is_reported_and_joins_on_request(bench, tmp_path):
    async with asyncio.TaskGroup() as group:
        task = await running(bench, group, "careful")
        await until(bench, lambda each: each.state is RolloutState.PAUSED)
        bench.fleet = fleet_of(tenants(7, WAVES), tmp_path)
        rollout = await bench.service.get("r-1")
        assert await bench.service.late(rollout) == ("t6",)
        assert "t6" not in rollout.targets
        await bench.service.say("r-1", verb(s.Join, "t6"))
        await bench.service.say("r-1", verb(s.Promote))
        rollout = await task
    assert rollout.targets["t6"].state is MemberState.DONE
    assert bench.executor.applied("t6") == list(REVISIONS)
    with pytest.raises(TransitionError, match="it is succeeded"):
        await bench.service.say("r-1", verb(s.Join, "t6"))


async def test_a_target_that_vanished_is_skipped_with_the_reason(bench, tmp_path):
    async with asyncio.TaskGroup() as group:
        task = await running(bench, group, "careful")
        await until(bench, lambda each: each.state is RolloutState.PAUSED)
        bench.fleet = fleet_of(tenants(5, WAVES), tmp_path)
        bench.service.follow_fleet()
        await bench.service.say("r-1", verb(s.Promote))
        rollout = await task
    assert rollout.targets["t5"].state is MemberState.SKIPPED
    assert rollout.targets["t5"].reason == "the fleet no longer declares it"
    assert rollout.state is RolloutState.SUCCEEDED


async def test_a_shut_window_holds_targets_back_and_says_so(store, tmp_path):
    bench = Bench(store, tmp_path, tenants(4, 'windows: {never: {deny: "2000-01-01..2100-01-01", match: "ring=1"}}\n'))
    async with asyncio.TaskGroup() as group:
        task = await running(bench, group)
        rollout = await until(bench, lambda each: sum(1 for _ in each.members(MemberState.DONE)) == 2)
        assert rollout.targets["t2"].reason == "the window never is shut"
        bench.fleet = fleet_of(tenants(4), tmp_path)
        bench.service.follow_fleet()
        assert (await task).state is RolloutState.SUCCEEDED


async def test_two_rollouts_never_run_on_one_target_at_once(bench):
    gate = bench.executor.gates["t0"] = asyncio.Event()
    await bench.create()
    await bench.create(plan=bench.plan("t0", plan_id="p-2"), rollout_id="r-2")
    for rollout_id in ("r-1", "r-2"):
        await bench.service.say(rollout_id, verb(s.Start))
    async with asyncio.TaskGroup() as group:
        first = group.create_task(bench.service.run("r-1"))
        await until(bench, lambda _: "t0" in bench.executor.started)
        second = group.create_task(bench.service.run("r-2"))
        await until(bench, lambda each: each.targets["t0"].reason == "rollout r-1 runs on it", "r-2")
        gate.set()
    assert first.result().state is second.result().state is RolloutState.SUCCEEDED
    assert bench.executor.started.count("t0") == 1


async def test_a_scheduled_rollout_waits_for_its_time(bench):
    await bench.create(not_before=now() + timedelta(seconds=0.5))
    await bench.service.say("r-1", verb(s.Start))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(bench.service.run("r-1"))
        rollout = await until(bench, lambda each: each.targets["t0"].reason)
        assert rollout.targets["t0"].reason.startswith("scheduled for")
        assert (await task).state is RolloutState.SUCCEEDED


async def test_serving_takes_up_what_was_started_and_drains(bench):
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(bench.service.serve())
        gate = bench.executor.gates["t0"] = asyncio.Event()
        await bench.create("careful")
        await bench.service.say("r-1", verb(s.Start))
        await until(bench, lambda _: "t0" in bench.executor.started)
        await bench.service.drain()
        gate.set()
        async with asyncio.timeout(60):
            await serving
    rollout = await bench.service.get("r-1")
    assert rollout.state in (RolloutState.RUNNING, RolloutState.PAUSED)
    assert not any(rollout.members(MemberState.RUNNING))


async def test_ids_may_be_shortened_and_unknown_ones_are_an_error(bench):
    await bench.create(rollout_id="abc-1")
    await bench.create(rollout_id="abd-1")
    assert (await bench.service.get("abc")).id == "abc-1"
    for wrong, error in (("ab", AmbiguousError), ("x", NotFoundError)):
        with pytest.raises(error):
            await bench.service.get(wrong)
    assert [line.id for line in await bench.service.lines()] == ["abd-1", "abc-1"]
    assert (await bench.service.lines())[0].counts == {"pending": 6}


async def test_verbs_that_do_not_fit_change_nothing(bench):
    await bench.create()
    for kind in (s.Pause, s.Resume, s.Promote, s.Approve, s.Rollback):
        with pytest.raises(TransitionError, match="it is draft"):
            await bench.service.say("r-1", verb(kind))
    with pytest.raises(TransitionError, match="was not started"):
        await bench.service.run("r-1")
    assert await names(bench, rollout_id="r-1") == [EventName.ROLLOUT_CREATED]
