"""Programs that build their own environment get the lock and the journal, too, though only their plan says that they migrate."""

from __future__ import annotations

import contextlib
import threading

import pytest
import sqlalchemy as sa

from stillhouse_engine.config import Config
from stillhouse_engine.runtime.environment import EnvironmentContext
from stillhouse_engine.runtime.locks import LockName
from stillhouse_engine.runtime.session import MigrationSession
from stillhouse_engine.runtime.settings import RunSettings
from stillhouse_engine.script.base import ScriptDirectory


@pytest.fixture(params=["postgresql", "mariadb"])
def engine(request):
    kind, driver = ("postgres", "psycopg") if request.param == "postgresql" else ("mariadb", "pymysql")
    server = request.getfixturevalue(f"{kind}_server")
    engine = sa.create_engine(server.url(request.getfixturevalue(f"{kind}_database")(), driver))
    yield engine
    engine.dispose()


def migrate(project, engine, *, plan=True):
    """Migrate as a program does that knows nothing of commands; return the heads that its plan saw."""
    config = Config(project.ini)
    script = ScriptDirectory.from_config(config)
    seen = []

    def steps(heads, _context):
        seen.append(heads)
        return script._upgrade_revs("heads", heads) if plan else []

    environment = EnvironmentContext(config, script)
    with engine.connect() as connection:
        environment.configure(connection=connection, fn=steps)
        with environment.begin_transaction():
            environment.run_migrations()
        connection.commit()
    return seen


def test_runners_of_one_database_take_turns(engine, make_project):
    project = make_project()
    for number in range(1, 6):
        project.revision(
            f"r{number}", f"r{number - 1}" if number > 1 else None, f"op.execute('CREATE TABLE t{number} (a INT)')"
        )
    errors = []

    def run():
        try:
            migrate(project, engine)
        except Exception as error:  # noqa: BLE001 - looked at below
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all() == ["r5"]


def test_what_only_looks_waits_for_nobody(engine, make_project):
    project = make_project()
    project.revision("r1", None, "op.execute('CREATE TABLE t (a INT)')")
    migrate(project, engine)
    with engine.connect() as connection:
        holder = MigrationSession(connection, LockName(None, "alembic_version"), RunSettings(), in_transaction=False)
        holder.open()
        assert migrate(project, engine, plan=False) == [("r1",)]
        holder.close()


@pytest.mark.parametrize("engine", ["mariadb"], indirect=True)
def test_an_interrupted_run_is_gone_on_with(engine, make_project):
    project = make_project()
    body = "op.create_table('t', sa.Column('a', sa.Integer))\n"
    project.revision("r1", None, body + "raise OSError('stop')")
    with pytest.raises(OSError, match="stop"):
        migrate(project, engine)
    project.revision("r1", None, body + "op.add_column('t', sa.Column('b', sa.Integer))")
    migrate(project, engine)
    assert [column["name"] for column in sa.inspect(engine).get_columns("t")] == ["a", "b"]


def test_version_tables_of_one_database_move_in_transactions_that_end_together(engine, make_project):
    project = make_project()
    project.revision("r1", None, "op.execute(f'CREATE TABLE {op.get_context().version_table}_t (a INT)')")
    project.revision("r2", "r1", "op.execute(f'CREATE TABLE {op.get_context().version_table}_u (a INT)')")
    config = Config(project.ini)
    script = ScriptDirectory.from_config(config)
    names = ("registrar", "verifier", "auditor")
    with contextlib.ExitStack() as stack:
        for name in names:
            connection = stack.enter_context(engine.begin())
            if engine.dialect.name == "mysql":
                connection.exec_driver_sql("SET innodb_lock_wait_timeout = 1")
            environment = EnvironmentContext(config, script)
            plan = lambda heads, _context: script._upgrade_revs("heads", heads)  # noqa: E731
            environment.configure(connection=connection, fn=plan, version_table=name)
            environment.run_migrations()
    made = {f"{name}_{letter}" for name in names for letter in "tu"}
    assert set(sa.inspect(engine).get_table_names()) >= made
