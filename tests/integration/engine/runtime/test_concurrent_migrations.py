"""Any number of migrations run at once in one process, and each does exactly its own work."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from projects import write_chain
from sqlalchemy.pool import NullPool

from stillhouse_engine.config import Config
from stillhouse_engine.errors import LockBusyError
from stillhouse_engine.runtime.environment import EnvironmentContext
from stillhouse_engine.runtime.locks import LockName, session_lock
from stillhouse_engine.runtime.project import DatabaseSpec, Project
from stillhouse_engine.script.base import ScriptDirectory

REVISIONS = 6


def state(url):
    engine = sa.create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        names = set(sa.inspect(connection).get_table_names())
        return names, list(connection.scalars(sa.text("SELECT version_num FROM alembic_version")))


FULL = ({"alembic_version", *(f"t{number}_0" for number in range(1, REVISIONS + 1))}, [f"r{REVISIONS:04}"])
EMPTY = ({"alembic_version"}, [])


@pytest.mark.parametrize("driver", ["psycopg", "pysqlite"])
def test_eight_threads_each_with_env_and_databases_of_its_own(driver, tmp_path, make_project, request):
    project = make_project()
    write_chain(project, REVISIONS)
    urls = []
    for number in range(16):
        if driver == "psycopg":
            server = request.getfixturevalue("postgres_server")
            urls.append(server.url(request.getfixturevalue("postgres_database")(), driver))
        else:
            urls.append(f"sqlite:///{tmp_path / f'{number}.db'}")

    def migrate(url, plan, destination):
        config = Config(project.ini)
        config.set_main_option("sqlalchemy.url", url)
        script = ScriptDirectory.from_config(config)
        with EnvironmentContext(
            config, script, fn=lambda heads, _: getattr(script, plan)(destination, heads), destination_rev=destination
        ):
            script.run_env()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda url: migrate(url, "_upgrade_revs", "head"), urls))
        assert [state(url) for url in urls] == [FULL] * len(urls)
        list(threads.map(lambda url: migrate(url, "_downgrade_revs", "base"), urls))
    assert [state(url) for url in urls] == [EMPTY] * len(urls)


@pytest.mark.parametrize("driver", ["asyncpg", "aiosqlite"])
async def test_a_hundred_tasks_on_one_loop(driver, tmp_path, make_project, spec_of, request):
    project = make_project()
    write_chain(project, REVISIONS)
    opened = Project(spec_of(project))
    databases = []
    for number in range(100):
        if driver == "asyncpg":
            server = request.getfixturevalue("postgres_server")
            url = server.url(request.getfixturevalue("postgres_database")(), driver)
        else:
            url = f"sqlite+aiosqlite:///{tmp_path / f'{number}.db'}"
        databases.append(DatabaseSpec(f"d{number}", url))

    async with asyncio.TaskGroup() as group:
        for database in databases:
            group.create_task(opened.upgrade(database, "head"))
    plain = [one.url.replace("asyncpg", "psycopg").replace("+aiosqlite", "") for one in databases]
    assert [state(url) for url in plain] == [FULL] * 100
    async with asyncio.TaskGroup() as group:
        for database in databases:
            group.create_task(opened.downgrade(database, "base"))
    assert [state(url) for url in plain] == [EMPTY] * 100


async def test_two_runs_of_one_database_apply_each_revision_once(
    postgres_server, postgres_database, make_project, spec_of
):
    project = make_project()
    write_chain(project, REVISIONS)
    opened = Project(spec_of(project))
    database = DatabaseSpec("one", postgres_server.url(postgres_database()))
    async with asyncio.TaskGroup() as group:
        runs = [group.create_task(opened.upgrade(database, "head")) for _ in range(6)]
    assert sorted(len(run.result().applied) for run in runs) == [0, 0, 0, 0, 0, REVISIONS]


async def test_a_database_that_another_runner_holds_is_busy(postgres_server, postgres_database, make_project, spec_of):
    project = make_project()
    write_chain(project, 1)
    database = DatabaseSpec("one", postgres_server.url(postgres_database()))
    engine = sa.create_engine(database.url.replace("asyncpg", "psycopg"), poolclass=NullPool)
    with engine.connect() as connection:
        pid = connection.scalar(sa.text("SELECT pg_backend_pid()"))
        session_lock(connection, LockName(None, "alembic_version")).try_acquire()
        with pytest.raises(LockBusyError, match=f"pid {pid}"):
            await Project(spec_of(project), lock_wait=0.1).upgrade(database)
    assert (await Project(spec_of(project)).upgrade(database)).to_heads == ("r0001",)


async def test_two_runs_of_one_sqlite_file_apply_each_revision_once(tmp_path, make_project, spec_of):
    project = make_project()
    write_chain(project, REVISIONS)
    opened = Project(spec_of(project))
    database = DatabaseSpec("one", f"sqlite:///{tmp_path / 'x.db'}")
    async with asyncio.TaskGroup() as group:
        runs = [group.create_task(opened.upgrade(database, "head")) for _ in range(4)]
    assert sum(len(run.result().applied) for run in runs) == REVISIONS
    assert state(database.url) == FULL
