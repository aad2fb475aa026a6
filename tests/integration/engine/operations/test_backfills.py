"""Promise: a backfill changes every row once, commits chunk by chunk, and goes on where an interrupted run stopped."""

from __future__ import annotations

import asyncio
import io
import re
import uuid

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from stillhouse_engine import aio, command
from stillhouse_engine.config import Config
from stillhouse_engine.errors import CommandError, IndeterminateError
from stillhouse_engine.operations import Operations
from stillhouse_engine.runtime.migration import MigrationContext
from stillhouse_engine.runtime.settings import RunSettings, use_settings

ENV = """
from sqlalchemy import create_engine, pool
from stillhouse_engine import context

if context.is_offline_mode():
    context.configure(url=context.config.get_main_option("sqlalchemy.url"), literal_binds=True)
    context.run_migrations()
else:
    with create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool).connect() as connection:
        context.configure(connection=connection, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
"""
FIRST = """
import sqlalchemy as sa
from stillhouse_engine import op

revision, down_revision = "1", None

def upgrade():
    account = op.create_table(
        "account", sa.Column("id", sa.{key}, primary_key=True, autoincrement=False), sa.Column("number", sa.Integer))
    op.bulk_insert(account, [{{"id": {value}, "number": number}} for number in range(25)])

def downgrade():
    op.drop_table("account")
"""
SECOND = """
import sqlalchemy as sa
from stillhouse_engine import op

revision, down_revision = "2", "1"

def upgrade():
    op.add_column("account", sa.Column("twice", sa.Integer))
    op.backfill("account", {{"twice": sa.text("{expression}")}}, chunk=10, where={where!r})
    op.execute("INSERT INTO gate VALUES (1)") if {gate} else None

def downgrade():
    op.drop_column("account", "twice")
"""
KEYS = {
    "Integer": "number * 3 - 5",
    "BigInteger": "number + 2**40",
    "String(40)": "f'k{number:02}'",
    "Uuid": "__import__('uuid').UUID(int=number << 100)",
}
ALL = [
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.postgresql),
    pytest.param("mariadb", marks=pytest.mark.mariadb),
]


@pytest.fixture(params=ALL)
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/database.db"
    kind, driver = ("postgres", "psycopg") if request.param == "postgresql" else ("mariadb", "pymysql")
    server, make = (request.getfixturevalue(f"{kind}_{what}") for what in ("server", "database"))
    return server.url(make(), driver)


@pytest.fixture
def project(tmp_path):
    """Return a function that writes the project and returns its configuration."""
    (tmp_path / "versions").mkdir()
    (tmp_path / "env.py").write_text(ENV)

    def make(url, key="Integer", expression="number * 2", where=None, *, gate=False) -> Config:
        (tmp_path / "versions" / "1.py").write_text(FIRST.format(key=key, value=KEYS[key]))
        (tmp_path / "versions" / "2.py").write_text(SECOND.format(expression=expression, where=where, gate=gate))
        config = Config(output_buffer=io.StringIO())
        config.set_main_option("script_location", str(tmp_path))
        config.set_main_option("sqlalchemy.url", url)
        return config

    return make


def upgrade(config: Config) -> list[dict]:
    """Upgrade, and return what was told of the chunks."""
    told = []
    with use_settings(RunSettings(report=lambda progress: told.append((progress.event, progress.facts)))):
        command.upgrade(config, "head")
    return [facts for event, facts in told if event == "backfill.advanced"]


def rows(url: str, what: str = "twice") -> list:
    with sa.create_engine(url, poolclass=NullPool).connect() as connection:
        return list(connection.scalars(sa.text(f"SELECT {what} FROM account ORDER BY number")))


def execute(url: str, *statements: str) -> None:
    with sa.create_engine(url, poolclass=NullPool).begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def journal(url: str) -> list:
    engine = sa.create_engine(url, poolclass=NullPool)
    if "stillhouse_journal" not in sa.inspect(engine).get_table_names():
        return []
    with engine.connect() as connection:
        return connection.execute(sa.text("SELECT * FROM stillhouse_journal")).all()


@pytest.mark.parametrize("key", KEYS)
def test_every_row_is_changed_once(project, url, key):
    told = upgrade(project(url, key))
    assert rows(url) == [number * 2 for number in range(25)]
    assert [facts["rows"] for facts in told] == [10, 20, 25]
    assert {(facts["table"], facts["revision"]) for facts in told} == {("account", "2")}
    assert journal(url) == []


ASYNCHRONOUS = {"sqlite": "aiosqlite", "postgresql": "asyncpg"}


@pytest.mark.parametrize("url", ALL[:2], indirect=True)
@pytest.mark.parametrize("key", KEYS)
def test_it_runs_on_asynchronous_drivers(project, url, key):
    there = sa.make_url(url)
    driver = f"{there.get_backend_name()}+{ASYNCHRONOUS[there.get_backend_name()]}"
    asyncio.run(aio.upgrade(project(there.set(drivername=driver).render_as_string(), key), "head"))
    assert rows(url) == [number * 2 for number in range(25)]


def test_rows_that_do_not_meet_the_condition_stay(project, url):
    upgrade(project(url, where="number >= 20"))
    assert rows(url) == [None] * 20 + [number * 2 for number in range(20, 25)]


BREAKING = {
    "sqlite": ["CREATE TRIGGER broken BEFORE UPDATE ON account WHEN NEW.number = 12 BEGIN SELECT RAISE(ABORT, 'broken'); END"],
    "postgresql": [
        "CREATE FUNCTION broken() RETURNS trigger AS $$ BEGIN IF NEW.number = 12 THEN RAISE 'broken'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql",
        "CREATE TRIGGER broken BEFORE UPDATE ON account FOR EACH ROW EXECUTE FUNCTION broken()",
    ],
    "mysql": ["CREATE TRIGGER broken BEFORE UPDATE ON account FOR EACH ROW IF NEW.number = 12 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'broken'; END IF"],
}  # fmt: skip
COUNTING = "coalesce(twice, 0) + number"


def break_second_chunk(config: Config, url: str) -> None:
    command.upgrade(config, "1")
    dialect = sa.make_url(url).get_backend_name()
    execute(url, *BREAKING[dialect])
    with pytest.raises(sa.exc.DBAPIError, match="broken"):
        upgrade(config)
    execute(url, "DROP TRIGGER broken" + (" ON account" if dialect == "postgresql" else ""))


def test_an_interrupted_run_goes_on(project, url):
    """The expression counts how often each row was visited: a chunk that is done must not be done again."""
    config = project(url, expression=COUNTING)
    break_second_chunk(config, url)
    assert rows(url) == [*range(10), *[None] * 15]
    assert [facts["rows"] for facts in upgrade(config)] == [10, 15]
    assert rows(url) == list(range(25))
    assert journal(url) == []


def test_a_finished_one_is_not_repeated_when_the_revision_fails_later(project, url):
    config = project(url, expression=COUNTING, gate=True)
    with pytest.raises(sa.exc.DBAPIError, match="gate"):
        upgrade(config)
    execute(url, "CREATE TABLE gate (a INTEGER)")
    assert upgrade(config) == []
    assert rows(url) == list(range(25))
    assert journal(url) == []


def test_another_backfill_does_not_go_on_with_it(project, url):
    break_second_chunk(project(url, expression=COUNTING), url)
    with pytest.raises(IndeterminateError, match="a part of it was carried out"):
        upgrade(project(url, expression="number * 100"))
    assert rows(url) == [*range(10), *[None] * 15]


def test_another_statement_in_its_place_is_refused(project, url, tmp_path):
    config = project(url, expression=COUNTING)
    break_second_chunk(config, url)
    two = tmp_path / "versions" / "2.py"
    update = f"UPDATE account SET twice={COUNTING}"
    two.write_text(
        re.sub(
            r"op\.backfill\(.*\)", f'with op.get_context().autocommit_block(): op.execute("{update}")', two.read_text()
        )
    )
    with pytest.raises(IndeterminateError, match="carried out"):
        upgrade(config)
    assert rows(url) == [*range(10), *[None] * 15]


def test_after_a_downgrade_it_runs_anew(project, url):
    config = project(url)
    upgrade(config)
    command.downgrade(config, "1")
    assert len(upgrade(config)) == 3
    assert rows(url) == [number * 2 for number in range(25)]


@pytest.mark.parametrize("url", ALL[:2], indirect=True)
def test_a_dry_run_does_it_all_in_its_transaction(project, url):
    config = project(url)
    command.upgrade(config, "1")
    command.upgrade(config, "head", dry_run=True)
    with sa.create_engine(url, poolclass=NullPool).connect() as connection:
        assert {column["name"] for column in sa.inspect(connection).get_columns("account")} == {"id", "number"}


@pytest.fixture
def operations(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path}/plain.db")
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE t (id CHAR(36) PRIMARY KEY, price FLOAT UNIQUE NOT NULL, n INTEGER)")
        connection.exec_driver_sql(f"INSERT INTO t VALUES ('{uuid.uuid4()}', 1.5, 1), ('{uuid.uuid4()}', 2.5, 2)")
        connection.commit()
        yield Operations(MigrationContext.configure(connection))
    engine.dispose()


def test_it_works_outside_of_commands(operations):
    operations.backfill("t", {"n": sa.literal_column("n") + 10}, chunk=1)
    connection = operations.get_bind()
    connection.rollback()
    assert sorted(connection.scalars(sa.text("SELECT n FROM t"))) == [11, 12]


def test_a_transaction_of_somebody_else_is_not_left(operations):
    connection = operations.get_bind()
    with connection.begin() as transaction:
        Operations(MigrationContext.configure(connection)).backfill("t", {"n": 0}, chunk=1)
        transaction.rollback()
    assert sorted(connection.scalars(sa.text("SELECT n FROM t"))) == [1, 2]


def test_a_key_that_cannot_be_remembered_is_refused(operations):
    with pytest.raises(CommandError, match="not along float"):
        operations.backfill("t", {"n": 0}, key="price")


@pytest.mark.parametrize("arguments", [{"chunk": 0}, {"key": "n"}])
def test_what_cannot_work_is_refused(operations, arguments):
    with pytest.raises(ValueError, match=r"chunk|walks along"):
        operations.backfill("t", {"n": 0}, **arguments)


def test_offline_it_is_one_statement(project):
    config = project("sqlite://", where="number > 3")
    command.upgrade(config, "1:2", sql=True)
    assert "UPDATE account SET twice=number * 2 WHERE number > 3;" in config.output_buffer.getvalue()
