"""Projects whose processes die at a chosen place, on each kind of database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

sys.path.insert(0, str(Path(__file__).parents[1] / "runtime"))
from projects import write_project

ENGINE = Path(__file__).parents[4] / "engine"
RUNNER = """
import asyncio, sys
from stillhouse_engine import as_alembic
from stillhouse_engine.runtime.project import DatabaseSpec, Project, ProjectSpec
as_alembic.install()
project = Project(ProjectSpec(sys.argv[1], script_location="migrations"))
verb = getattr(project, sys.argv[3])
try:
    asyncio.run(verb(DatabaseSpec("one", sys.argv[2]), sys.argv[4]))
except Exception as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""
SYNC = {"asyncmy": "pymysql", "asyncpg": "psycopg", "aiosqlite": "pysqlite"}


class Database:
    """One database and a project of one line of revisions."""

    def __init__(self, url, project):
        self.url = url
        self.project = project
        sync = url
        for name, other in SYNC.items():
            sync = sync.replace(f"+{name}", f"+{other}")
        self.engine = sa.create_engine(sync, poolclass=NullPool, isolation_level="AUTOCOMMIT")

    def revisions(self, *bodies):
        for number, body in enumerate(bodies, 1):
            self.project.revision(f"r{number}", f"r{number - 1}" if number > 1 else None, body)

    def run(self, verb="upgrade", to="heads", fault=None):
        """Run the verb in a process of its own; return what it said, or None when it died of its fault."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("STILLHOUSE")}
        env = {**kept, "PYTHONPATH": str(ENGINE), **({"STILLHOUSE_FAULT": fault} if fault else {})}
        command = [sys.executable, "-c", RUNNER, self.project.root, self.url, verb, to]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode == -signal.SIGKILL:
            return None
        assert "Traceback" not in done.stderr, done.stderr
        return "" if done.returncode == 0 else done.stderr

    def upgraded(self):
        """Upgrade without a fault, which must succeed."""
        said = self.run()
        assert said == "", said

    def rows(self, sql):
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(sql))]

    def do(self, sql):
        with self.engine.connect() as connection:
            connection.exec_driver_sql(sql)

    def tables(self):
        with self.engine.connect() as connection:
            return set(sa.inspect(connection).get_table_names())


@pytest.fixture
def make_database(tmp_path, request):
    def make(kind):
        folder = tmp_path / kind
        folder.mkdir()
        if "sqlite" in kind:
            driver = "pysqlite" if kind == "sqlite" else "aiosqlite"
            url = f"sqlite+{driver}:///{folder / 'x.db'}"
        elif kind == "mariadb":
            url = request.getfixturevalue("mariadb_server").url(request.getfixturevalue("mariadb_database")())
        else:
            server = request.getfixturevalue("postgres_server")
            url = server.url(request.getfixturevalue("postgres_database")(), kind)
        return Database(url, write_project(folder, env=False))

    return make


@pytest.fixture
def mariadb(make_database):
    return make_database("mariadb")
