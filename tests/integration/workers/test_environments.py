"""A project's own environment needs SQLAlchemy and a driver: nothing of ours, no Alembic, no Mako, no greenlet."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest
import sqlalchemy as sa
from worker_jobs import job

import stillhouse_engine
from sample_projects import empty_project, sample_project
from stillhouse_orchestrator.workers.pool import PoolExecutor

pytestmark = pytest.mark.timeout(120)
PACKAGES = ("sqlalchemy", "psycopg", "psycopg-binary", "typing-extensions")

LOOK_AROUND = """
import importlib.util, os, sys
import alembic
from alembic.migration import MigrationContext
for foreign in ("greenlet", "mako", "pydantic", "structlog", "stillhouse_config", "stillhouse_orchestrator"):
    assert importlib.util.find_spec(foreign) is None, foreign
assert "stillhouse_engine" in sys.modules
assert sys.path[0] == {root!r}, sys.path
assert "" not in sys.path and {engine!r} not in sys.path, sys.path
assert sys.prefix == {prefix!r}, sys.prefix
op.create_table("seen", sa.Column("id", sa.Integer(), primary_key=True))
"""


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory) -> Path:
    """Make an environment with SQLAlchemy, psycopg and nothing else: linked, so that it needs no package index."""
    folder = tmp_path_factory.mktemp("bare") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    for name in PACKAGES:
        for file in {path.parts[0] for path in distribution(name).files if path.parts[0] not in ("..", "__pycache__")}:
            (packages / file).symlink_to(distribution(name).locate_file(file))
    return folder / "bin" / "python"


@pytest.mark.postgresql
async def test_a_bare_environment_migrates_in_threads(bare_python, tmp_path, postgres_server, postgres_database):
    project = sample_project(tmp_path / "project", revisions=3, tables=3, statements=6)
    root, engine = str(project.folder), str(Path(stillhouse_engine.__file__).parents[1])
    project.add(LOOK_AROUND.format(root=root, engine=engine, prefix=str(bare_python.parents[1])))
    names = [postgres_database() for _ in range(6)]
    async with PoolExecutor() as executor:
        outcomes = [
            await executor.run(job(project, postgres_server.url(name, "psycopg"), python=str(bare_python)))
            for name in names
        ]
    assert [(outcome.state, str(outcome.problem)) for outcome in outcomes] == [("done", "None")] * 6
    assert all(outcome.snapshot for outcome in outcomes)
    database = sa.create_engine(postgres_server.url(names[0], "psycopg"))
    assert {"table_2", "seen"} <= set(sa.inspect(database).get_table_names())
    database.dispose()


async def test_sqlite_needs_no_driver_at_all(bare_python, tmp_path):
    project = sample_project(tmp_path / "project", revisions=2, tables=2, statements=4)
    async with PoolExecutor() as executor:
        outcome = await executor.run(job(project, f"sqlite:///{tmp_path / 'x.db'}", python=str(bare_python)))
    assert (outcome.state, outcome.after) == ("done", (project.head,))


async def test_a_missing_driver_and_a_missing_module_are_told_apart(bare_python, tmp_path):
    project = empty_project(tmp_path / "project")
    project.add("import shop.models")
    async with PoolExecutor() as executor:
        driver = await executor.run(job(project, "postgresql+asyncpg://app:geheim@db/users", python=str(bare_python)))
        module = await executor.run(job(project, f"sqlite:///{tmp_path / 'x.db'}", python=str(bare_python)))
    assert (driver.state, driver.problem.kind) == ("failed", "missing_driver")
    assert "asyncpg" in driver.problem.message
    assert (module.state, module.problem.kind) == ("failed", "import")
    assert "No module named 'shop'" in module.problem.message


async def test_two_projects_may_have_modules_of_one_name(tmp_path):
    outcomes = []
    async with PoolExecutor() as executor:
        for name in ("users", "logs"):
            project = empty_project(tmp_path / name)
            (project.folder / "models.py").write_text(f"table = '{name}_table'\n")
            project.add("from models import table\nop.create_table(table, sa.Column('id', sa.Integer()))")
            outcomes.append(await executor.run(job(project, f"sqlite+aiosqlite:///{tmp_path / name}.db")))
    assert ["users_table" in outcomes[0].snapshot, "logs_table" in outcomes[1].snapshot] == [True, True]


async def test_a_fleet_of_files_uses_several_processes(tmp_path):
    project = sample_project(tmp_path / "project", revisions=2, tables=2, statements=4)
    pids = set()
    async with PoolExecutor() as executor:
        executor._pool._cores = 2
        jobs = [job(project, f"sqlite+aiosqlite:///{tmp_path / str(number)}.db") for number in range(20)]
        outcomes = await _gather(executor, jobs, lambda _: pids.update(executor.pids))
    assert {outcome.state for outcome in outcomes} == {"done"}
    assert len(pids) == 2


async def _gather(executor, jobs, progress):
    return await asyncio.gather(*(executor.run(each, progress) for each in jobs))
