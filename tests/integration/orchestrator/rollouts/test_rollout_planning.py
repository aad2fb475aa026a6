"""Plans of imaginary fleets: who moves, with whom, and why the others do not."""

from __future__ import annotations

import pytest
from rollout_bench import REVISIONS, Bench, fleet_of, tenants

from stillhouse_orchestrator.events import now
from stillhouse_orchestrator.projects import Projects
from stillhouse_orchestrator.rollouts import signals as s
from stillhouse_orchestrator.rollouts.freezing import Order
from stillhouse_orchestrator.rollouts.planning import Planner, Wish
from stillhouse_orchestrator.store.testing import memory_store
from stillhouse_orchestrator.values import DriftReport, DriftStatus, Health, RolloutState, TargetState, Wave


@pytest.fixture
async def store():
    async with memory_store() as opened:
        yield opened


@pytest.fixture
def bench(store, tmp_path):
    bench = Bench(store, tmp_path, tenants(6))
    for name in ("t0", "t1"):
        bench.executor.set(name, "r1")
    bench.executor.set("t2", "r1", "r2")
    bench.executor.set("t3", *REVISIONS)
    return bench


async def plan(bench, **wish):
    return await bench.planner.plan(tuple(bench.fleet.targets.values()), Wish(**wish))


async def test_equal_targets_are_one_group(bench):
    found = await plan(bench)
    assert [(group.targets, group.from_, group.to, group.revisions) for group in found.groups] == [
        (("t0", "t1"), ("r1",), ("r3",), ("r2", "r3")),
        (("t2",), ("r2",), ("r3",), ("r3",)),
        (("t4", "t5"), (), ("r3",), REVISIONS),
    ]
    assert found.groups[0].sql == ("-- up r2", "-- up r3")
    assert found.up_to_date == ("t3",)
    assert (await plan(bench)).id == found.id


async def test_targets_beyond_the_destination_are_ahead(bench):
    found = await plan(bench, to="r2")
    assert (found.ahead, found.up_to_date) == (("t3",), ("t2",))
    assert [group.to for group in found.groups] == [("r2",), ("r2",)]


async def test_unreachable_targets_are_named_and_planned_from_where_they_were_last_seen(bench):
    bench.executor.unreachable.add("t1")
    found = await plan(bench)
    assert set(found.unreachable) == {"t1"}
    group = next(group for group in found.groups if "t1" in group.targets)
    assert (group.targets, group.from_, group.to, group.revisions) == (("t1",), ("r1",), ("r3",), ("r2", "r3"))


async def test_drifted_and_unmatched_targets_are_named(bench, store):
    async with store.write() as session:
        await session.drift_reports.save([DriftReport("t0", DriftStatus.DRIFTED, drift_id="d1")])
    found = await plan(bench, steps=(Wave(match="ring=0"),))
    assert found.drifted == {"t0": "d1"}
    assert found.unmatched == ("t2", "t4", "t5")
    without = await plan(bench)
    assert without.id != (await plan(Bench(store, bench.folder, tenants(2)))).id


class BlindCensus:
    """Reads a version table that does not exist, as the census does where only env.py names the right one."""

    async def take(self, targets):
        return {target.name: TargetState(target.name, health=Health.HEALTHY) for target in targets}


async def test_a_version_table_that_only_env_py_names_is_asked_of_the_worker(bench):
    blind = Planner(bench.store, bench.executor, BlindCensus(), Projects(bench.executor))
    targets = tuple(bench.fleet.targets.values())
    seen, known = await blind.plan(targets, Wish()), await bench.planner.plan(targets, Wish())
    assert (seen.groups, seen.up_to_date) == (known.groups, known.up_to_date)


async def test_a_target_that_appears_during_a_rollout_is_late(bench, tmp_path):
    found = await plan(bench)
    await bench.service.create(found, Order("r-1", "ann", now()))
    bench.fleet = fleet_of(tenants(7), tmp_path)
    assert (await plan(bench)).late == ("t6",)


async def test_a_plan_is_carried_out_as_it_stands(bench):
    rollout = await bench.service.create(await plan(bench), Order("r-1", "ann", now()))
    await bench.service.say("r-1", s.Start("ann", now()))
    rollout = await bench.service.run("r-1")
    assert rollout.state is RolloutState.SUCCEEDED
    assert all(bench.executor.applied(name) == list(REVISIONS) for name in bench.fleet.targets)
