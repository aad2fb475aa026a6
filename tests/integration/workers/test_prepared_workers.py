"""Workers that were started before anybody had a job for them."""

from __future__ import annotations

import asyncio
import os
import sys

import pytest
import structlog.testing
from worker_jobs import job

from sample_projects import sample_project
from stillhouse_orchestrator.workers.pool import PoolExecutor
from stillhouse_orchestrator.workers.process import Patience

pytestmark = pytest.mark.timeout(60)


@pytest.mark.parametrize("driver", ["sqlite+aiosqlite", "nosuch+driver", "not a driver"])
async def test_a_prepared_worker_takes_the_first_job(tmp_path, driver):
    project = sample_project(tmp_path / "project", revisions=1, tables=1, statements=1)
    wanted = job(project, f"sqlite+aiosqlite:///{tmp_path / 'users.db'}")
    async with PoolExecutor() as executor:
        await executor.prepare({wanted.key: [driver]})
        [pid] = executor.pids
        await executor.prepare({wanted.key: [driver]})
        assert (await executor.run(wanted)).state == "done"
        assert executor.pids == [pid]


async def test_a_worker_that_still_starts_for_nobody_is_not_waited_for(tmp_path):
    slow = tmp_path / "python"
    slow.write_text("#!/bin/sh\nsleep 600\n")
    slow.chmod(0o755)
    project = sample_project(tmp_path / "project", revisions=1, tables=1, statements=1)
    wanted = job(project, "sqlite+aiosqlite://", python=str(slow))
    with structlog.testing.capture_logs() as logged:
        async with asyncio.timeout(60), PoolExecutor(Patience(start=600, close=600)) as executor:
            await executor.prepare({wanted.key: []})
            [pid] = executor.pids
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert [line["event"] for line in logged] == ["worker.stopped"]


async def test_an_interpreter_that_is_missing_is_the_first_jobs_to_tell(tmp_path):
    project = sample_project(tmp_path / "project", revisions=1, tables=1, statements=1)
    wanted = job(project, "sqlite+aiosqlite://", python=f"{sys.executable}-missing")
    async with PoolExecutor() as executor:
        await executor.prepare({wanted.key: ["sqlite+aiosqlite"]})
        outcome = await executor.run(wanted)
    assert "does not exist" in outcome.problem.message
