"""A server that falls silent while a revision runs on it: its job ends, and the worker and its other jobs go on."""

from __future__ import annotations

import pytest
from stalling import SilentServer
from worker_jobs import job

from sample_projects import empty_project
from stillhouse_orchestrator.workers.pool import PoolExecutor
from stillhouse_orchestrator.workers.process import Patience

pytestmark = [pytest.mark.postgresql, pytest.mark.timeout(120)]


@pytest.mark.parametrize("driver", ["asyncpg", "psycopg"])
async def test_a_deadline_costs_only_its_own_job(tmp_path, postgres_server, postgres_database, driver):
    server = SilentServer(postgres_server.port)
    project = empty_project(tmp_path / "project")
    project.add('op.execute("select 4711")')
    url = f"postgresql+{driver}://postgres@127.0.0.1:{server.port}/{postgres_database()}"
    server.fall_silent(at=b"select 4711")
    try:
        async with PoolExecutor(Patience(start=60, cancel=60, close=30)) as executor:
            outcome = await executor.run(job(project, url, deadline=1))
            assert (outcome.state, outcome.problem.kind) == ("failed", "deadline")
            [pid] = executor.pids
            healthy = await executor.run(job(project, f"sqlite+aiosqlite:///{tmp_path / 'well.db'}"))
            assert healthy.ok
            assert executor.pids == [pid]
    finally:
        server.close()
