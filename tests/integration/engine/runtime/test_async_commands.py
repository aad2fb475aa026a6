"""``await aio.upgrade(config, "head")`` from inside a running loop, whatever kind of env.py the project has."""

from __future__ import annotations

import asyncio
import gc

import pytest
import sqlalchemy as sa
from projects import write_chain
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from stillhouse_engine import aio, command
from stillhouse_engine.config import Config


def tables(url):
    engine = sa.create_engine(url.replace("+asyncpg", "+psycopg").replace("+aiosqlite", ""), poolclass=NullPool)
    with engine.connect() as connection:
        return set(sa.inspect(connection).get_table_names())


DRIVERS = ("asyncpg", "psycopg", "aiosqlite", "pysqlite")
# Alembic's async template takes asynchronous drivers only.
RUNS = [
    (kind, driver)
    for kind in ("generic", "async")
    for driver in DRIVERS
    if kind != "async" or driver in {"asyncpg", "aiosqlite"}
]


@pytest.fixture(params=DRIVERS)
def url(request, tmp_path):
    if request.param in {"asyncpg", "psycopg"}:
        server = request.getfixturevalue("postgres_server")
        return server.url(request.getfixturevalue("postgres_database")(), request.param)
    return f"sqlite+{request.param}:///{tmp_path / 'target.db'}"


@pytest.mark.parametrize(("kind", "url"), RUNS, indirect=["url"])
async def test_up_and_down_from_a_running_loop(kind, url, make_project):
    project = make_project(kind)
    write_chain(project, 3)
    project.set_url(url)
    config = Config(project.ini)
    ticks = 0

    async def tick():
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    await aio.upgrade(config, "head")
    ticking.cancel()
    assert ticks > 10, "the loop stood still meanwhile"
    assert tables(url) == {"alembic_version", "t1_0", "t2_0", "t3_0"}
    await aio.downgrade(config, "base")
    assert tables(url) == {"alembic_version"}
    await aio.stamp(config, "head")
    await aio.current(config, check_heads=True)


@pytest.mark.parametrize("kind", ["generic", "async"])
def test_the_same_from_no_loop_at_all(kind, tmp_path, make_project):
    project = make_project(kind)
    write_chain(project, 2)
    url = f"sqlite+{'aiosqlite' if kind == 'async' else 'pysqlite'}:///{tmp_path / 'x.db'}"
    project.set_url(url)
    config = Config(project.ini)
    command.upgrade(config, "head")
    assert tables(url) == {"alembic_version", "t1_0", "t2_0"}
    command.downgrade(config, "base")
    assert tables(url) == {"alembic_version"}


SHARED = """
from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection)
with context.begin_transaction():
    context.run_migrations()
"""


async def test_a_connection_of_the_application_reaches_env(tmp_path, make_project):
    project = make_project()
    write_chain(project, 2)
    (project.migrations / "env.py").write_text(SHARED)
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'x.db'}", poolclass=NullPool)
    config = Config(project.ini)

    def upgrade(connection):
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    async with engine.connect() as connection:
        await connection.run_sync(upgrade)
    assert tables(str(engine.url)) == {"alembic_version", "t1_0", "t2_0"}


async def test_an_outer_transaction_stays_the_applications(postgres_server, postgres_database, make_project):
    project = make_project()
    write_chain(project, 2)
    (project.migrations / "env.py").write_text(SHARED)
    url = postgres_server.url(postgres_database())
    engine = create_async_engine(url, poolclass=NullPool)
    config = Config(project.ini)
    async with engine.connect() as connection:
        transaction = await connection.begin()
        config.attributes["connection"] = connection.sync_connection
        await aio.upgrade(config, "head")
        assert transaction.is_active
        await transaction.rollback()
    assert tables(url) == set()


async def test_a_wrong_guess_about_env_is_put_right(postgres_server, postgres_database, make_project):
    """An env.py whose loop starts in a module of its own looks synchronous, and is not."""
    project = make_project("async")
    write_chain(project, 1)
    url = postgres_server.url(postgres_database())
    project.set_url(url)
    env = project.migrations / "env.py"
    (project.root / "hidden_loop_of_test.py").write_text(env.read_text())
    env.write_text(
        "import runpy\nimport pathlib\nrunpy.run_path(str(pathlib.Path(__file__).parents[1] / 'hidden_loop_of_test.py'))\n"
    )
    await aio.upgrade(Config(project.ini), "head")
    gc.collect()  # a coroutine left behind would warn here
    assert tables(url) == {"alembic_version", "t1_0"}
