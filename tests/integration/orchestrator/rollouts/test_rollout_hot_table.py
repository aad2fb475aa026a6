"""A long reader holds a hot table while a migration retries: the blocker is named, and the application hardly notices."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from hot_clients import Clients, p99
from sample_projects import empty_project
from stillhouse_orchestrator.workers.executor import DatabaseSpec, Job, ProjectSpec
from stillhouse_orchestrator.workers.pool import PoolExecutor

pytestmark = [pytest.mark.postgresql, pytest.mark.timeout(120)]
RETRIES, QUIET_QUERIES = 3, 1000


async def test_the_blocker_is_named_and_each_wait_ends_at_the_lock_timeout(
    tmp_path, postgres_server, postgres_database, capsys
):
    database = postgres_database()
    address = f"host=127.0.0.1 port={postgres_server.port} user=postgres dbname={database}"
    project = empty_project(tmp_path / "project")
    project.add("op.add_column('hot', sa.Column('more', sa.Integer))")
    with psycopg.connect(address) as connection:
        connection.execute("create table hot as select generate_series(1, 1000) as id")
    steps = []
    retried = asyncio.Event()

    def progress(step):
        if step.event == "run.retried":
            steps.append(step.facts)
            if len(steps) >= RETRIES:
                retried.set()

    spec = ProjectSpec(str(project.folder), (str(project.folder),), "migrations")
    job = Job(
        "upgrade", spec, DatabaseSpec("hot", postgres_server.url(database), lock_timeout=0.2), "head", deadline=90
    )
    with Clients(address) as clients:
        quiet = p99(await asyncio.to_thread(clients.take_many, QUIET_QUERIES))
        async with PoolExecutor() as executor, asyncio.TaskGroup() as group:
            with psycopg.connect(address) as reader:
                reader.execute("select count(*) from hot")  # and stays in its transaction
                pid = reader.info.backend_pid
                running = group.create_task(executor.run(job, progress))
                async with asyncio.timeout(90):
                    await retried.wait()
                held_up = p99(clients.take())
    assert running.result().state == "done"
    assert all("lock timeout" in facts["error"] for facts in steps[:RETRIES])
    assert pid in {blocker["pid"] for facts in steps[:RETRIES] for blocker in facts["blockers"]}
    with capsys.disabled():
        print(f"\nhot table: p99 {quiet:.2f} ms quiet, {held_up:.2f} ms while {len(steps)} tries met pid {pid}")  # noqa: T201
