"""Gathered statements arrive in order, before anything that reads, and never after their transaction has gone."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool
from sqlalchemy.util import greenlet_spawn

from stillhouse_engine.errors import MigrationScriptError
from stillhouse_engine.runtime.migration import MigrationContext
from stillhouse_engine.runtime.project import DatabaseSpec, Project
from stillhouse_engine.runtime.settings import RunSettings, use_settings


@pytest.fixture
def url(postgres_server, postgres_database):
    return postgres_server.url(postgres_database())


def read(url, query):
    engine = sa.create_engine(url.replace("asyncpg", "psycopg"), poolclass=NullPool)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


async def test_reads_see_what_was_written_before_them(url, make_project, spec_of):
    project = make_project(env=False)
    project.revision(
        "r1",
        None,
        "table = op.create_table('a', sa.Column('id', sa.Integer), sa.Column('name', sa.String(99)))\n"
        "op.bulk_insert(table, [{'id': 1, 'name': 'one'}, {'id': 2, 'name': 'two'}])\n"
        "op.execute(\"INSERT INTO a VALUES (3, 'it''s 100%; a \\\\:colon')\")\n"
        "op.execute(sa.text('UPDATE a SET name = :name WHERE id = 2').bindparams(name=\"x'); DROP TABLE a; --\"))\n"
        "op.execute('-- a comment at the end of a statement\\nSELECT 1 -- here')\n"
        "count = op.get_bind().scalar(sa.text('SELECT count(*) FROM a'))\n"
        "assert count == 3, count\n"
        "with op.get_bind().begin_nested() as nested:\n"
        "    op.execute('DELETE FROM a')\n"
        "    nested.rollback()\n"
        "op.execute('CREATE TABLE b (id INT); CREATE TABLE c (id INT);')",
    )
    await Project(spec_of(project, ini=False)).upgrade(DatabaseSpec("one", url))
    assert read(url, "SELECT * FROM a ORDER BY id") == [
        (1, "one"),
        (2, "x'); DROP TABLE a; --"),
        (3, "it's 100%; a :colon"),
    ]
    assert read(url, "SELECT to_regclass('b') IS NOT NULL AND to_regclass('c') IS NOT NULL") == [(True,)]


async def test_a_bound_value_that_is_missing_is_an_error_and_not_null(url, make_project, spec_of):
    project = make_project(env=False)
    project.revision("r1", None, "op.execute(\"CREATE TABLE a AS SELECT ' :what'\")")
    with pytest.raises(MigrationScriptError, match="what"):
        await Project(spec_of(project, ini=False)).upgrade(DatabaseSpec("one", url))


async def test_a_version_that_moved_raises_on_the_server(url, make_project, spec_of):
    project = make_project(env=False)
    project.revision("r1", None)
    project.revision(
        "r2",
        "r1",
        "op.execute('CREATE TABLE a (id INT)')\nop.execute(\"UPDATE alembic_version SET version_num = 'zz'\")",
    )
    with pytest.raises(MigrationScriptError) as caught:
        await Project(spec_of(project, ini=False)).upgrade(DatabaseSpec("one", url))
    assert "expected to match one row when updating 'r1' to 'r2' in 'alembic_version'; 0 found" in str(caught.value)
    assert caught.value.revision == "r2"
    assert read(url, "SELECT to_regclass('a') IS NULL") == [(True,)]


async def test_what_was_gathered_dies_with_its_transaction(url):
    engine = sa.create_engine(url, poolclass=NullPool)

    def fail(context):
        with context.begin_transaction():
            context.execute("CREATE TABLE a (id INT)")
            raise RuntimeError

    def work():
        with use_settings(RunSettings(gather=True)), engine.connect() as connection:
            context = MigrationContext.configure(connection)
            with pytest.raises(RuntimeError):
                fail(context)
            assert context.get_current_heads() == ()
            connection.commit()

    await greenlet_spawn(work)
    assert read(url, "SELECT to_regclass('a') IS NULL") == [(True,)]
