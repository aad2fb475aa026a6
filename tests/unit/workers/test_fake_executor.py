from __future__ import annotations

import asyncio

from stillhouse_orchestrator.workers.executor import DatabaseSpec, Job, Outcome, ProjectSpec
from stillhouse_orchestrator.workers.fake import FakeExecutor
from stillhouse_orchestrator.workers.pool import width_for


def job(
    target: str = "users", verb: str = "upgrade", revision: str | None = "head", url: str = "postgresql://db/users"
) -> Job:
    return Job(verb, ProjectSpec("/app", (), "migrations"), DatabaseSpec(target, url), revision)


async def test_it_moves_a_target_up_and_down():
    executor, steps = FakeExecutor(), []
    up = await executor.run(job(revision="r2"), steps.append)
    assert (up.state, up.before, up.after, up.applied) == ("done", (), ("r2",), ("r1", "r2"))
    assert [step.facts["revision"] for step in steps] == ["r1", "r2"]
    down = await executor.run(job(verb="downgrade", revision="base"))
    assert (down.before, down.after, down.applied) == (("r2",), (), ("r2", "r1"))


async def test_planning_moves_nothing():
    executor = FakeExecutor(at={"users": "r1"})
    assert (await executor.run(job(verb="plan"))).after == ("r1",)


async def test_it_fails_when_told_to_and_only_then():
    executor = FakeExecutor()
    executor.fail("users", "no such table")
    assert (await executor.run(job())).problem.message == "no such table"
    assert (await executor.run(job())).ok


async def test_it_answers_what_it_is_told():
    executor = FakeExecutor()
    executor.answer(Outcome("users", "upgrade", "lost"))
    assert (await executor.run(job())).state == "lost"


async def test_held_jobs_wait_and_are_counted():
    executor = FakeExecutor()
    gate = executor.hold("users")
    async with asyncio.TaskGroup() as group:
        group.create_task(executor.run(job()))
        group.create_task(executor.run(job("logs")))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert executor.running >= {"users"}
        gate.set()
    assert executor.most_running == 2
    assert executor.running == set()


def test_sqlite_targets_are_spread_over_processes():
    assert width_for(job(url="sqlite:///x.db"), cores=8) == 4
    assert width_for(job(url="sqlite:///x.db"), cores=1) == 1
    assert width_for(job(), cores=8) == 1
