"""Autocommit blocks really run outside of transactions, and what is around them stays transactional."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from stillhouse_engine.errors import CommandError, MigrationScriptError
from stillhouse_engine.runtime.migration import MigrationContext
from stillhouse_engine.runtime.project import DatabaseSpec, Project


@pytest.fixture(params=["asyncpg", "psycopg"])
def postgres_url(request, postgres_server, postgres_database):
    return postgres_server.url(postgres_database(), request.param)


def read(url, query):
    engine = sa.create_engine(url.replace("asyncpg", "psycopg").replace("+aiosqlite", ""), poolclass=NullPool)
    with engine.connect() as connection:
        return list(connection.scalars(sa.text(query)))


CONCURRENTLY = """
op.create_table('a', sa.Column('id', sa.Integer))
with op.get_context().autocommit_block():
    op.execute("CREATE INDEX CONCURRENTLY by_id ON a (id)")
    op.execute("ALTER SYSTEM SET work_mem = '5MB'")
op.execute("INSERT INTO a VALUES (1)")
"""


@pytest.mark.parametrize("kind", ["generic", "none"])
async def test_create_index_concurrently(kind, postgres_url, make_project, spec_of):
    project = make_project(env=kind != "none")
    project.revision("r1", None, CONCURRENTLY)
    project.revision("r2", "r1", "op.add_column('a', sa.Column('b', sa.Integer))")
    opened = Project(spec_of(project, ini=kind != "none"))
    await opened.upgrade(DatabaseSpec("one", postgres_url))
    assert read(postgres_url, "SELECT indexname FROM pg_indexes WHERE tablename = 'a'") == ["by_id"]
    assert read(postgres_url, "SELECT id FROM a") == [1]
    assert read(postgres_url, "SELECT version_num FROM alembic_version") == ["r2"]


async def test_what_fails_after_a_block_rolls_back_to_the_block(postgres_url, make_project, spec_of):
    project = make_project(env=False)
    project.revision("r1", None, CONCURRENTLY + "raise RuntimeError('stop')")
    with pytest.raises(MigrationScriptError, match="stop"):
        await Project(spec_of(project, ini=False)).upgrade(DatabaseSpec("one", postgres_url))
    assert read(postgres_url, "SELECT id FROM a") == []
    assert read(postgres_url, "SELECT version_num FROM alembic_version") == []


async def test_what_fails_inside_a_block_is_named(postgres_url, make_project, spec_of):
    project = make_project(env=False)
    project.revision("r1", None, "with op.get_context().autocommit_block():\n    op.execute('VACUUM nowhere')")
    with pytest.raises(MigrationScriptError) as caught:
        await Project(spec_of(project, ini=False)).upgrade(DatabaseSpec("one", postgres_url))
    assert caught.value.statement == "VACUUM nowhere"


@pytest.mark.parametrize("driver", ["pysqlite", "aiosqlite"])
async def test_vacuum_on_sqlite(driver, tmp_path, make_project, spec_of):
    url = f"sqlite+{driver}:///{tmp_path / 'x.db'}"
    project = make_project(env=False)
    project.revision(
        "r1",
        None,
        "op.execute('CREATE TABLE a (id INTEGER)')\nwith op.get_context().autocommit_block():\n    op.execute('VACUUM')\n"
        "op.execute('INSERT INTO a VALUES (1)')",
    )
    await Project(spec_of(project, ini=False)).upgrade(DatabaseSpec("one", url))
    assert read(url.replace("+pysqlite", ""), "SELECT id FROM a") == [1]


def test_a_transaction_of_somebody_elses_is_not_left(postgres_server, postgres_database):
    engine = sa.create_engine(postgres_server.url(postgres_database(), "psycopg"), poolclass=NullPool)
    with engine.begin() as connection:
        context = MigrationContext.configure(connection)
        with pytest.raises(CommandError, match="autocommit_block"), context.autocommit_block():
            pass


def test_isolation_comes_back_after_a_block(postgres_server, postgres_database):
    engine = sa.create_engine(postgres_server.url(postgres_database(), "psycopg"), poolclass=NullPool)
    with engine.connect() as connection:
        connection.execution_options(isolation_level="SERIALIZABLE")
        context = MigrationContext.configure(connection)
        with context.begin_transaction():
            with context.autocommit_block():
                assert connection.connection.driver_connection.autocommit
            assert connection.get_isolation_level() == "SERIALIZABLE"
            assert connection.in_transaction()
