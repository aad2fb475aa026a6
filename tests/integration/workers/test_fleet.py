"""Fifty PostgreSQL databases migrate at once from one worker process, and survive its sudden death."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest
import sqlalchemy as sa
from worker_jobs import job

from sample_projects import sample_project
from stillhouse_orchestrator.connections import Connections, Priority
from stillhouse_orchestrator.workers.pool import PoolExecutor

pytestmark = [pytest.mark.postgresql, pytest.mark.timeout(200)]
DATABASES = 50


@pytest.fixture
def project(tmp_path):
    return sample_project(tmp_path / "project", revisions=20, tables=6, statements=24)


@pytest.fixture
def urls(postgres_server, postgres_admin, postgres_database):
    names = [postgres_database() for _ in range(DATABASES)]
    yield [postgres_server.url(name) for name in names]
    with postgres_admin.connect() as connection:
        for name in names:
            connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')


async def migrate(executor, connections, project, urls, progress=None):
    """Bring every database to the head, inside the server's budget."""

    async def one(url: str):
        async with connections.hold(url, Priority.ROLLOUT):
            return await executor.run(job(project, url, deadline=150), progress)

    return await asyncio.gather(*map(one, urls))


async def assert_right(connections, project, urls) -> None:
    """Look at every database: its version, and each object exactly once."""

    async def look(url: str):
        async with connections.connect(url) as connection:
            versions = (await connection.execute(sa.text("select version_num from alembic_version"))).scalars().all()
            tables = sa.text("select count(*) from pg_tables where schemaname = 'public'")
            indexes = sa.text("select count(*) from pg_indexes where schemaname = 'public' and indexname like 'ix_%'")
            return versions, await connection.scalar(tables), await connection.scalar(indexes)

    found = await asyncio.gather(*map(look, urls))
    assert found == [([project.head], 7, 6)] * len(urls)


async def test_fifty_databases_from_one_worker(project, urls):
    connections = Connections()
    most = 0

    def watch(_) -> None:
        nonlocal most
        most = max(most, *(budget.in_use for budget in connections.budgets.values()))

    async with PoolExecutor() as executor:
        outcomes = await migrate(executor, connections, project, urls, watch)
        assert len(executor.pids) == 1
    assert [outcome.state for outcome in outcomes] == ["done"] * DATABASES
    assert {outcome.after for outcome in outcomes} == {(project.head,)}
    assert {outcome.applied for outcome in outcomes} == {tuple(project.revisions)}
    assert len({outcome.fingerprint for outcome in outcomes}) == 1
    assert 1 < most <= 20
    await assert_right(connections, project, urls)
    await connections.aclose()


async def test_a_worker_killed_in_the_middle_loses_nothing_and_applies_nothing_twice(project, urls):
    connections, finished = Connections(), set()

    async with PoolExecutor() as executor:

        def kill_in_the_middle(step) -> None:
            if step.event == "revisions.replayed" and len(finished) < 10:
                finished.add(step.target)
                if len(finished) == 10:
                    os.kill(executor.pids[0], signal.SIGKILL)

        outcomes = await migrate(executor, connections, project, urls, kill_in_the_middle)
        lost = [outcome for outcome in outcomes if outcome.state == "lost"]
        assert 0 < len(lost) <= 20
        assert {outcome.state for outcome in outcomes} == {"lost", "done"}
        for outcome in lost:
            assert "was killed by SIGKILL (signal 9)" in outcome.problem.message
            assert outcome.target in outcome.problem.message
        again = await migrate(executor, connections, project, urls)
    assert [outcome.state for outcome in again] == ["done"] * DATABASES
    for first, second in zip(outcomes, again, strict=True):
        if first.state == "done":
            assert second.applied == ()
    await assert_right(connections, project, urls)
    await connections.aclose()
