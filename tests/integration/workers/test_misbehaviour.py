"""User code that crashes, hangs, exits, prints or lies costs only its own worker's targets, with a clear error each."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import replace

import pytest
import structlog.testing
from worker_jobs import job

from sample_projects import SampleProject, empty_project, sample_project
from stillhouse_orchestrator.workers import process
from stillhouse_orchestrator.workers.pool import PoolExecutor
from stillhouse_orchestrator.workers.process import Patience

pytestmark = pytest.mark.timeout(60)
QUICK = Patience(start=60, cancel=1, close=30)


@pytest.fixture
def project(tmp_path) -> SampleProject:
    return empty_project(tmp_path / "project")


@pytest.fixture
def url(tmp_path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'users.db'}"


@pytest.fixture
def good(tmp_path) -> SampleProject:
    return sample_project(tmp_path / "good", revisions=1, tables=1, statements=1)


async def outcome_of(project, url, **options):
    async with PoolExecutor(QUICK) as executor:
        return await executor.run(job(project, url, **options))


async def test_a_worker_that_ends_its_process_fails_its_job_and_is_replaced(project, good, url):
    project.add("import os, sys\nprint('my last words', file=sys.stderr, flush=True)\nos._exit(7)")
    async with PoolExecutor(QUICK) as executor:
        outcome = await executor.run(job(project, url))
        assert outcome.state == "lost"
        assert outcome.problem.kind == "worker_died"
        assert "exited with status 7 while it ran upgrade of users.db" in outcome.problem.message
        assert outcome.problem.traceback.endswith("my last words")
        (project.migrations / "versions").joinpath(f"{project.head}_step_1.py").unlink()
        assert (await executor.run(job(project, url))).state == "done"
        assert (await executor.run(job(good, url))).state == "done"


async def test_a_killed_worker_names_the_signal(project, url):
    project.add("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    outcome = await outcome_of(project, url)
    assert outcome.state == "lost"
    assert "was killed by SIGKILL (signal 9)" in outcome.problem.message
    assert "out of memory" in outcome.problem.hint


async def test_sys_exit_fails_one_job_only(project, url):
    project.add("import sys\nsys.exit(3)")
    async with PoolExecutor(QUICK) as executor:
        outcome = await executor.run(job(project, url))
        pids = executor.pids
        again = await executor.run(job(project, url))
        assert executor.pids == pids
    assert (outcome.state, outcome.problem.kind) == ("failed", "exited")
    assert "the code called sys.exit(3)" in outcome.problem.message
    assert outcome.problem.file.endswith("_step_1.py")
    assert again.state == "failed"


async def test_printing_disturbs_nothing_and_is_logged(project, url):
    project.add(
        "print('hello from a migration')\nimport os\nos.write(1, b'raw hello\\n')\nimport sys\nassert sys.stdin.read() == ''"
    )
    with structlog.testing.capture_logs() as logs:
        outcome = await outcome_of(project, url)
    printed = [entry["line"] for entry in logs if entry["event"] == "worker.printed"]
    assert outcome.state == "done"
    assert {"hello from a migration", "raw hello"} <= set(printed)


async def test_printed_passwords_are_hidden(project, url):
    project.add("print('connecting to postgresql://app:sehrgeheim@db/users')")
    with structlog.testing.capture_logs() as logs:
        await outcome_of(project, url)
    assert "sehrgeheim" not in str(logs)
    assert "postgresql://app:***@db/users" in str(logs)


async def test_a_flood_on_stderr_is_cut(project, url):
    project.add(
        "import sys\nfor _ in range(200_000):\n    sys.stderr.write('x' * 100 + '\\n')\nsys.stderr.write('y' * 5_000_000)"
    )
    with structlog.testing.capture_logs() as logs:
        outcome = await outcome_of(project, url)
    printed = [entry for entry in logs if entry["event"] == "worker.printed"]
    assert outcome.state == "done"
    assert len(printed) < 5_000
    assert sum(entry.get("dropped", 0) for entry in printed) > 100_000
    assert max(len(entry["line"]) for entry in printed) <= 4_000


async def test_garbage_on_the_private_pipe_ends_the_worker(project, url):
    project.add(
        """
        import os, stat
        for name in os.listdir("/proc/self/fd"):
            try:
                if int(name) > 2 and stat.S_ISFIFO(os.fstat(int(name)).st_mode):
                    os.write(int(name), b"garbage\\n")
            except OSError:
                pass
        import time
        time.sleep(60)
        """
    )
    outcome = await outcome_of(project, url)
    assert (outcome.state, outcome.problem.kind) == ("lost", "worker_garbage")
    assert "garbage" in outcome.problem.message


async def test_a_hang_that_cannot_be_cancelled_is_killed_after_its_deadline(project, url):
    project.add("import time\ntime.sleep(600)")
    outcome = await outcome_of(project, url, deadline=0.5)
    assert (outcome.state, outcome.problem.kind) == ("lost", "deadline")
    assert "did not end within 1 s of its deadline of 0.5 s" in outcome.problem.message


async def test_a_frozen_worker_is_killed_after_its_deadline(project, url):
    project.add("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)")
    outcome = await outcome_of(project, url, deadline=0.5)
    assert (outcome.state, outcome.problem.kind) == ("lost", "deadline")


async def test_leaving_the_executor_kills_what_does_not_end(project, url):
    project.add("import time\ntime.sleep(600)")
    async with asyncio.timeout(60), PoolExecutor(QUICK, drain=0.1) as executor, asyncio.TaskGroup() as group:
        begun = asyncio.Event()
        running = group.create_task(executor.run(job(project, url), lambda _: begun.set()))
        await begun.wait()
        pid = executor.pids[0]
        group.create_task(executor.shut_down())
    assert running.result().state == "lost"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_cancelled_caller_leaves_no_work_behind(project, url, tmp_path):
    begun = tmp_path / "begun"
    project.add(f"import pathlib, time\npathlib.Path({str(begun)!r}).touch()\ntime.sleep(600)")
    async with PoolExecutor(QUICK) as executor:
        running = asyncio.create_task(executor.run(job(project, url)))
        await until(begun.exists)
        pid = executor.pids[0]
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await until(lambda: not executor.pids)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_cancelled_caller_stops_a_revision_that_has_not_reached_its_code(project, url, tmp_path):
    begun = tmp_path / "begun"
    project.add(f"import pathlib\npathlib.Path({str(begun)!r}).touch()")
    async with PoolExecutor(QUICK) as executor:
        starting = asyncio.create_task(executor.run(job(project, url)))
        await asyncio.sleep(0)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert (await executor.run(job(project, url, verb="current"))).before == ()
    assert not begun.exists()


async def test_a_job_that_is_cancelled_as_it_starts_costs_no_worker(project, url):
    async with PoolExecutor(QUICK) as executor:
        assert (await executor.run(job(project, url, verb="current"))).before == ()
        pids = executor.pids
        for _ in range(20):
            starting = asyncio.create_task(executor.run(job(project, url)))
            await asyncio.sleep(0)
            starting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await starting
        assert executor.pids == pids


@pytest.mark.parametrize(
    ("driver", "before"),
    [("sqlite+aiosqlite", 0), ("sqlite", 0), pytest.param("sqlite", 1, id="between two statements")],
)
async def test_a_cancelled_statement_breaks_off_and_its_worker_stays(project, tmp_path, driver, before):
    begun, counting = (
        tmp_path / "begun",
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n",
    )
    project.add(
        f"import pathlib, time\nop.execute('CREATE TABLE t (a)')\npathlib.Path({str(begun)!r}).touch()\n"
        f"time.sleep({before})\nop.execute({counting!r})"
    )
    endless = job(project, f"{driver}:///{tmp_path / 'endless.db'}")
    async with PoolExecutor(Patience(start=60, cancel=60, close=30)) as executor:
        running = asyncio.create_task(executor.run(endless))
        await until(begun.exists)
        pids = executor.pids
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        now = await executor.run(replace(endless, verb="current"))
        assert (now.state, now.before, executor.pids) == ("done", (), pids)


async def test_a_child_that_outlives_the_worker_does_not_keep_its_job_open(project, url):
    project.add(
        "import os, subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\nos._exit(0)"
    )
    outcome = await outcome_of(project, url)
    assert outcome.state == "lost"
    assert "exited with status 0" in outcome.problem.message


async def test_a_forked_child_does_not_keep_the_worker_alive(project, url):
    project.add("import os, time\nif os.fork() == 0:\n    time.sleep(600)\nos._exit(3)")
    outcome = await outcome_of(project, url)
    assert "exited with status 3" in outcome.problem.message


async def test_a_missing_interpreter_and_a_missing_folder_are_clear(project, url, tmp_path):
    missing = await outcome_of(project, url, python=str(tmp_path / "nowhere" / "python"))
    assert (missing.state, missing.problem.kind) == ("failed", "worker_start")
    assert str(missing.problem).startswith(f"the project's interpreter {tmp_path}/nowhere/python does not exist")
    project.folder = tmp_path / "gone"
    assert "folder does not exist" in (await outcome_of(project, url)).problem.message


async def test_something_that_is_no_python_is_clear(project, url):
    outcome = await outcome_of(project, url, python="/bin/false")
    assert (outcome.state, outcome.problem.kind) == ("failed", "worker_died")
    assert "before it was ready" in outcome.problem.message


async def test_an_environment_without_sqlalchemy_is_clear(project, url, tmp_path):
    shim = tmp_path / "python"
    shim.write_text(f'#!/bin/sh\nexec {sys._base_executable} -S "$@"\n')
    shim.chmod(0o755)
    outcome = await outcome_of(project, url, python=str(shim))
    assert (outcome.state, outcome.problem.kind) == ("failed", "missing_sqlalchemy")
    assert "has no SQLAlchemy" in outcome.problem.message
    assert "install 'sqlalchemy>=2.0.36'" in outcome.problem.hint


async def test_a_retired_executor_sees_new_code(project, good, url):
    async with PoolExecutor(QUICK) as executor:
        await executor.run(job(good, url))
        first = executor.pids
        executor.retire()
        await executor.run(job(good, url))
        assert not set(first) & set(executor.pids) or len(executor.pids) == 2


async def test_after_shutting_down_nothing_starts(good, url):
    executor = PoolExecutor(QUICK)
    async with executor:
        assert (await executor.run(job(good, url))).ok
    outcome = await executor.run(job(good, url))
    assert (outcome.state, outcome.problem.kind) == ("failed", "shutting_down")


async def test_a_worker_ends_when_the_daemon_is_killed(good, url, tmp_path):
    script = tmp_path / "daemon.py"
    script.write_text(
        "import asyncio, sys\n"
        f"sys.path[:0] = {sys.path!r}\n"
        "from pathlib import Path\n"
        "from sample_projects import SampleProject\n"
        "from worker_jobs import job\n"
        "from stillhouse_orchestrator.workers.pool import PoolExecutor\n"
        "async def main():\n"
        "    async with PoolExecutor() as executor:\n"
        f"        await executor.run(job(SampleProject(Path({str(good.folder)!r})), {url!r}))\n"
        "        print('pid', *executor.pids, flush=True)\n"
        "        await asyncio.sleep(600)\n"
        "asyncio.run(main())\n"
    )
    daemon = await asyncio.create_subprocess_exec(sys.executable, str(script), stdout=asyncio.subprocess.PIPE)
    while not (line := await daemon.stdout.readline()).startswith(b"pid"):
        assert line
    worker = int(line.split()[1])
    daemon.send_signal(signal.SIGKILL)
    await daemon.wait()
    await until(lambda: not _alive(worker))


async def until(condition) -> None:
    """Wait for something that announces itself to nobody."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - a process's end is not an event of ours
            await asyncio.sleep(0.01)


def _alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("place", ["outcome_of_success", "Child"])
async def test_a_mistake_of_ours_fails_the_job_with_its_reason(good, url, monkeypatch, place):
    class Mistaken:
        start = staticmethod(lambda *_: 1 / 0)

        def __new__(cls, *_):
            raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(process, place, Mistaken)
    outcome = await outcome_of(good, url)
    assert (outcome.ok, outcome.problem.kind) == (False, "internal")
    assert "ZeroDivisionError: division by zero" in outcome.problem.message
