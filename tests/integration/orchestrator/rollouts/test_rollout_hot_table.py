"""A long reader holds a hot table while a migration retries: the blocker is named, and the application hardly notices."""

from __future__ import annotations

import asyncio
import statistics
import threading
import time
from typing import Self

import psycopg
import pytest

from sample_projects import empty_project
from stillhouse_orchestrator.workers.executor import DatabaseSpec, Job, ProjectSpec
from stillhouse_orchestrator.workers.pool import PoolExecutor

pytestmark = [pytest.mark.postgresql, pytest.mark.timeout(120)]
RETRIES, CLIENTS, QUIET_QUERIES = 3, 2, 1000


class Application:
    """Clients that read the hot table all the time.

    Attributes:
        seconds: how long each query took, since they were last taken.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.seconds: list[float] = []
        self.enough = threading.Event()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._work) for _ in range(CLIENTS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        with psycopg.connect(self.address, autocommit=True) as connection:
            while not self._over.is_set():
                began = time.perf_counter()
                connection.execute("select id from hot where id = 7").fetchall()
                self.seconds.append(time.perf_counter() - began)
                if len(self.seconds) > QUIET_QUERIES:
                    self.enough.set()

    def take(self) -> float:
        """Return the p99 since the last time, in milliseconds."""
        seconds, self.seconds = self.seconds, []
        return statistics.quantiles(seconds, n=100)[98] * 1000


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
    with Application(address) as clients:
        assert await asyncio.to_thread(clients.enough.wait, 60)
        quiet = clients.take()
        async with PoolExecutor() as executor, asyncio.TaskGroup() as group:
            with psycopg.connect(address) as reader:
                reader.execute("select count(*) from hot")  # and stays in its transaction
                pid = reader.info.backend_pid
                running = group.create_task(executor.run(job, progress))
                async with asyncio.timeout(90):
                    await retried.wait()
                held_up = clients.take()
    assert running.result().state == "done"
    assert all("lock timeout" in facts["error"] for facts in steps[:RETRIES])
    assert pid in {blocker["pid"] for facts in steps[:RETRIES] for blocker in facts["blockers"]}
    with capsys.disabled():
        print(f"\nhot table: p99 {quiet:.2f} ms quiet, {held_up:.2f} ms while {len(steps)} tries met pid {pid}")  # noqa: T201
