"""On SQLite a revision's statements and its version row commit together, whatever Python's sqlite3 makes of DDL."""

from __future__ import annotations

import sqlite3

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from stillhouse_engine import command
from stillhouse_engine.config import Config
from stillhouse_engine.errors import LockBusyError, MigrationScriptError
from stillhouse_engine.runtime.migration import MigrationContext
from stillhouse_engine.runtime.project import DatabaseSpec, Project
from stillhouse_engine.runtime.waiting import Backoff

PARENT_AND_CHILD = """
op.execute('CREATE TABLE parent (id INTEGER PRIMARY KEY)')
op.execute('CREATE TABLE child (id INTEGER, parent INTEGER REFERENCES parent (id) ON DELETE CASCADE)')
op.execute('INSERT INTO parent VALUES (1)')
op.execute('INSERT INTO child VALUES (1, 1)')
"""


@pytest.fixture(params=["pysqlite", "aiosqlite"])
def database(request, tmp_path):
    return DatabaseSpec("one", f"sqlite+{request.param}:///{tmp_path / 'x.db'}")


def rows(tmp_path, query):
    with sqlite3.connect(tmp_path / "x.db") as connection:
        found = connection.execute(query).fetchall()
    connection.close()
    return found


async def test_ddl_and_version_row_commit_together(database, tmp_path, make_project, spec_of):
    project = make_project(env=False)
    project.revision("r1", None, "op.execute('CREATE TABLE a (id INTEGER)')")
    project.revision(
        "r2", "r1", "op.execute('CREATE TABLE b (id INTEGER)')\nop.execute('INSERT INTO b VALUES (1)')\nraise OSError"
    )
    with pytest.raises(MigrationScriptError):
        await Project(spec_of(project, ini=False)).upgrade(database)
    assert rows(tmp_path, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1") == [
        ("a",),
        ("alembic_version",),
    ]
    assert rows(tmp_path, "SELECT * FROM alembic_version") == [("r1",)]


async def test_foreign_keys_can_be_switched_off_before_and_after_writing(database, tmp_path, make_project, spec_of):
    project = make_project(env=False)
    project.revision("r1", None, PARENT_AND_CHILD)
    rebuild = """
op.get_bind().exec_driver_sql('PRAGMA foreign_keys=ON')
{before}
op.execute('PRAGMA foreign_keys=OFF')
op.execute('CREATE TABLE parent2 (id INTEGER PRIMARY KEY)')
op.execute('INSERT INTO parent2 SELECT * FROM parent')
op.execute('DROP TABLE parent')
op.execute('ALTER TABLE parent2 RENAME TO parent')
"""
    project.revision("r2", "r1", rebuild.format(before=""))
    project.revision("r3", "r2", rebuild.format(before="op.execute('CREATE TABLE other (id INTEGER)')"))
    await Project(spec_of(project, ini=False)).upgrade(database)
    assert rows(tmp_path, "SELECT * FROM child") == [(1, 1)]
    assert rows(tmp_path, "SELECT * FROM alembic_version") == [("r3",)]


async def test_a_locked_file_is_reported_as_busy(database, tmp_path, make_project, spec_of):
    project = make_project(env=False)
    project.revision("r1", None, "op.execute('CREATE TABLE a (id INTEGER)')")
    project.revision("r2", "r1", "op.execute('CREATE TABLE b (id INTEGER)')")
    opened = Project(spec_of(project, ini=False), backoff=Backoff(first=0.001, longest=0.001, attempts=2))
    await opened.upgrade(database, "r1")
    holder = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    busy = DatabaseSpec("one", database.url + "?timeout=0.05")
    with pytest.raises(LockBusyError):
        await opened.upgrade(busy)
    holder.execute("COMMIT")
    holder.close()
    assert (await opened.upgrade(busy)).to_heads == ("r2",)


def test_a_connection_whose_transactions_begin_by_themselves(tmp_path, make_project, monkeypatch):
    """SQLAlchemy's own recipe against sqlite3's habits: no implicit BEGIN of the driver, an explicit one at begin."""
    from stillhouse_engine.config import Config
    from stillhouse_engine.runtime.environment import EnvironmentContext
    from stillhouse_engine.script.base import ScriptDirectory

    engine = sa.create_engine(f"sqlite:///{tmp_path / 'x.db'}", poolclass=NullPool)
    sa.event.listen(engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    project = make_project()
    project.revision("r1", None, "op.execute('CREATE TABLE a (id INTEGER)')")
    project.revision("r2", "r1", "op.execute('CREATE TABLE b (id INTEGER)')\nraise OSError('stop')")
    config = Config(project.ini)
    script = ScriptDirectory.from_config(config)
    with (
        EnvironmentContext(
            config, script, fn=lambda heads, _: script._upgrade_revs("head", heads), destination_rev="head"
        ) as environment,
        engine.connect() as connection,
    ):
        environment.configure(connection=connection)
        with pytest.raises(OSError, match="stop"), environment.begin_transaction():
            environment.run_migrations()
    assert rows(tmp_path, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1") == [
        ("a",),
        ("alembic_version",),
    ]


def test_a_version_table_that_a_program_asks_for_is_there_at_once(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'x.db'}", poolclass=NullPool)
    with engine.connect() as connection:
        MigrationContext.configure(connection)._ensure_version_table()
        assert sa.inspect(connection).get_table_names() == ["alembic_version"]


def test_a_second_connection_that_finds_the_database_locked_is_told_why(tmp_path, make_project):
    project = make_project()
    url = f"sqlite:///{tmp_path / 'x.db'}"
    project.set_url(url)
    second = f"sa.create_engine({url!r}, poolclass=sa.NullPool, connect_args={{'timeout': 0}})"
    write = f"with {second}.begin() as second:\n    second.execute(sa.text('CREATE TABLE b (c INTEGER)'))"
    project.revision("r1", None, f"op.create_table('a', sa.Column('b', sa.Integer))\n{write}")
    with pytest.raises(sa.exc.OperationalError) as caught:
        command.upgrade(Config(project.ini), "head")
    assert "through op.get_bind()" in caught.value.__notes__[-1]
