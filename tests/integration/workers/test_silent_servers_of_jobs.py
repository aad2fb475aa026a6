"""A server that falls silent while a revision runs on it: its job ends, and the worker and its other jobs go on."""

from __future__ import annotations

import pytest
from stalling import SilentServer
from worker_jobs import job

from sample_projects import empty_project
from stillhouse_orchestrator.workers.pool import PoolExecutor
from stillhouse_orchestrator.workers.process import Patience

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(
    params=[
        *(pytest.param(driver, marks=pytest.mark.postgresql) for driver in ("asyncpg", "psycopg")),
        *(pytest.param(driver, marks=pytest.mark.mariadb) for driver in ("asyncmy", "pymysql")),
    ]
)
def server(request):
    """A server behind one that may fall silent."""
    name = "mariadb" if "my" in request.param else "postgres"
    behind = request.getfixturevalue(f"{name}_server")
    found = SilentServer(behind.port)
    database = request.getfixturevalue(f"{name}_database")()
    found.url = behind.url(database, request.param).replace(str(behind.port), str(found.port))
    if request.param == "pymysql":
        found.url += "&ssl_disabled=true"  # what is encrypted cannot be listened to
    yield found
    found.close()


async def test_a_deadline_costs_only_its_own_job(tmp_path, server):
    project = empty_project(tmp_path / "project")
    project.add('op.execute("select 4711")')
    server.fall_silent(at=b"select 4711")
    async with PoolExecutor(Patience(start=60, cancel=60, close=30)) as executor:
        outcome = await executor.run(job(project, server.url, deadline=1))
        assert (outcome.state, outcome.problem.kind) == ("failed", "deadline")
        [pid] = executor.pids
        healthy = await executor.run(job(project, f"sqlite+aiosqlite:///{tmp_path / 'well.db'}"))
        assert healthy.ok
        assert executor.pids == [pid]
