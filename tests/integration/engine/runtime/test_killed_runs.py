"""A process killed in the middle of a revision leaves the database as it was, and free for the next run."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from stillhouse_engine.runtime.project import DatabaseSpec, Project

ENGINE = Path(__file__).parents[4] / "engine"
RUNNER = """
import asyncio, sys
from stillhouse_engine import as_alembic
from stillhouse_engine.runtime.project import DatabaseSpec, Project, ProjectSpec
as_alembic.install()
asyncio.run(Project(ProjectSpec(sys.argv[1], script_location="migrations")).upgrade(DatabaseSpec("one", sys.argv[2])))
"""
KILL = """
import os
op.create_table('half', sa.Column('id', sa.Integer))
op.get_bind().execute(sa.text('INSERT INTO half VALUES (1)'))
if 'DIE' in os.environ:
    os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("driver", ["asyncpg", "psycopg", "pysqlite", "aiosqlite"])
async def test_the_next_run_finishes(driver, tmp_path, make_project, spec_of, request):
    if "sqlite" in driver:
        url = f"sqlite+{driver}:///{tmp_path / 'x.db'}"
    else:
        url = request.getfixturevalue("postgres_server").url(request.getfixturevalue("postgres_database")(), driver)
    project = make_project(env=False)
    project.revision("r1", None, "op.create_table('whole', sa.Column('id', sa.Integer))")
    project.revision("r2", "r1", KILL)
    killed = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", RUNNER, project.root, url],
        env={"PYTHONPATH": str(ENGINE), "DIE": "1"},
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    engine = sa.create_engine(url.replace("asyncpg", "psycopg").replace("aiosqlite", "pysqlite"), poolclass=NullPool)
    with engine.connect() as connection:
        assert "half" not in sa.inspect(connection).get_table_names()
    result = await Project(spec_of(project, ini=False)).upgrade(DatabaseSpec("one", url))
    assert result.to_heads == ("r2",)
    with engine.connect() as connection:
        assert connection.scalars(sa.text("SELECT id FROM half")).all() == [1]
