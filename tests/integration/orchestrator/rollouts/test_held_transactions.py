"""What a worker holds open, it has not committed; what it is told to roll back, leaves nothing. On real databases."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa

from sample_projects import sample_project
from stillhouse_orchestrator.workers.executor import DatabaseSpec, Job, ProjectSpec
from stillhouse_orchestrator.workers.gates import Gate
from stillhouse_orchestrator.workers.pool import PoolExecutor

pytestmark = pytest.mark.timeout(120)
DRIVERS = ["sqlite+aiosqlite", "sqlite+pysqlite"]
POSTGRES = [pytest.param(f"postgresql+{name}", marks=pytest.mark.postgresql) for name in ("asyncpg", "psycopg")]


@pytest.fixture
def project(tmp_path):
    return sample_project(tmp_path / "project", revisions=4, tables=3, statements=9)


@pytest.fixture(params=[*DRIVERS, *POSTGRES])
def url(request, tmp_path):
    if request.param.startswith("sqlite"):
        return f"{request.param}:///{tmp_path / 'users.db'}"
    database = request.getfixturevalue("postgres_database")()
    return request.getfixturevalue("postgres_server").url(database, request.param.partition("+")[2])


@pytest.fixture
async def executor():
    async with PoolExecutor() as found:
        yield found


def job(project, url, **options):
    spec = ProjectSpec(str(project.folder), (str(project.folder),), "migrations")
    given = {"verb": "upgrade", "revision": "head", "deadline": 60.0, **options}
    return Job(project=spec, database=DatabaseSpec("users", url), **given)


def tables(url):
    """Return the tables that others see."""
    engine = sa.create_engine(url.replace("asyncpg", "psycopg").replace("aiosqlite", "pysqlite"))
    try:
        return set(sa.inspect(engine).get_table_names())
    finally:
        engine.dispose()


class Waiting:
    """A gate, and a way to wait until its job has come to it."""

    def __init__(self):
        self.here = asyncio.Event()
        self.gate = Gate(self.here.set)

    async def arrived(self):
        async with asyncio.timeout(60):
            await self.here.wait()


async def test_nobody_sees_anything_before_the_word_and_everything_after_it(project, url, executor):
    waiting = Waiting()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(executor.run(job(project, url, gate=waiting.gate, options={"expected": []})))
        await waiting.arrived()
        assert await asyncio.to_thread(tables, url) == set()
        waiting.gate.open()
    outcome = running.result()
    assert (outcome.state, outcome.after, len(outcome.applied)) == ("done", (project.revisions[-1],), 4)
    assert outcome.snapshot
    assert "table_0" in await asyncio.to_thread(tables, url)


async def test_what_is_rolled_back_leaves_nothing(project, url, executor):
    waiting = Waiting()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(executor.run(job(project, url, gate=waiting.gate)))
        await waiting.arrived()
        waiting.gate.refuse("t7 is failed")
    outcome = running.result()
    assert (outcome.state, outcome.problem.kind) == ("failed", "rolled_back")
    assert "t7 is failed" in str(outcome.problem)
    assert await asyncio.to_thread(tables, url) == set()
    assert (await executor.run(job(project, url))).state == "done"


async def test_nobody_waits_for_the_word_beyond_the_deadline(project, url, executor):
    waiting = Waiting()
    outcome = await executor.run(job(project, url, gate=waiting.gate, deadline=3.0))
    assert outcome.state == "failed"
    assert outcome.problem.kind in ("unholdable", "deadline")
    assert waiting.here.is_set()
    assert await asyncio.to_thread(tables, url) == set()


async def test_a_run_that_begins_elsewhere_than_planned_is_refused(project, url, executor):
    first, second, *_ = project.revisions
    await executor.run(job(project, url, revision=first))
    outcome = await executor.run(job(project, url, options={"expected": [second]}))
    assert (outcome.state, outcome.problem.kind, outcome.before) == ("failed", "unexpected_revisions", (first,))
    assert "planned from" in str(outcome.problem)
    here = await executor.run(job(project, url, verb="current", revision=None))
    assert here.after == (first,)
    assert (await executor.run(job(project, url, options={"expected": [first]}))).state == "done"


async def test_blocks_that_commit_are_refused(project, url, executor):
    project.add('with op.get_context().autocommit_block():\n    op.execute("select 1")')
    outcome = await executor.run(job(project, url, gate=Waiting().gate))
    assert outcome.state == "failed"
    assert "held open" in str(outcome.problem)
    assert await asyncio.to_thread(tables, url) == set()


@pytest.mark.mariadb
async def test_mariadb_cannot_hold(project, mariadb_server, mariadb_database, executor):
    url = mariadb_server.url(mariadb_database())
    outcome = await executor.run(job(project, url, gate=Waiting().gate))
    assert (outcome.state, outcome.problem.kind) == ("failed", "unholdable")
    assert "commits each DDL statement at once" in str(outcome.problem)
