"""Promise: a dry run really runs the revisions, says what they send, and leaves nothing behind; or it refuses."""

from __future__ import annotations

import asyncio
import io

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from stillhouse_engine import aio, command
from stillhouse_engine.config import Config
from stillhouse_engine.errors import CommandError

ENV = """
from sqlalchemy import create_engine, pool
from stillhouse_engine import context

engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection{options})
    {block}
"""
IN_TRANSACTION = "with context.begin_transaction(): context.run_migrations()"
REVISION = """
import sqlalchemy as sa
from stillhouse_engine import op

revision, down_revision = "{revision}", {down!r}

def upgrade():
    {upgrade}

def downgrade():
    {downgrade}
"""
BODIES = (
    ("op.create_table('t', sa.Column('id', sa.Integer, primary_key=True), sa.Column('a', sa.String(9)))", "op.drop_table('t')"),
    (
        """op.bulk_insert(sa.table('t', sa.column('id'), sa.column('a')), [{'id': 1, 'a': 'x'}])
    op.get_bind().execute(sa.text('UPDATE t SET a = :a').bindparams(a='y'))
    assert op.get_bind().scalar(sa.text('SELECT a FROM t')) == 'y'""",
        "op.execute('DELETE FROM t')",
    ),
)  # fmt: skip


@pytest.fixture
def project(tmp_path):
    """Return a function that writes a project and returns its configuration."""

    def make(url: str, *bodies, block: str = IN_TRANSACTION, options: str = "") -> Config:
        (tmp_path / "versions").mkdir()
        (tmp_path / "env.py").write_text(ENV.format(block=block, options=options))
        for number, (upgrade, downgrade) in enumerate(bodies or BODIES, 1):
            down = str(number - 1) if number > 1 else None
            text = REVISION.format(revision=number, down=down, upgrade=upgrade, downgrade=downgrade)
            (tmp_path / "versions" / f"{number}.py").write_text(text)
        config = Config(stdout=io.StringIO())
        config.set_main_option("script_location", str(tmp_path))
        config.set_main_option("sqlalchemy.url", url)
        return config

    return make


def tables(url: str) -> set[str]:
    with sa.create_engine(url, poolclass=NullPool).connect() as connection:
        return set(sa.inspect(connection).get_table_names())


def told(config: Config) -> str:
    config.stdout.seek(0)
    return config.stdout.read()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/database.db"
    server, make = (request.getfixturevalue(f"postgres_{what}") for what in ("server", "database"))
    return server.url(make(), "psycopg")


@pytest.mark.parametrize("options", ["", ", transaction_per_migration=True"])
def test_revisions_run_and_leave_nothing(project, url, options):
    config = project(url, options=options)
    command.upgrade(config, "head", dry_run=True)
    assert tables(url) == set()
    text = told(config)
    statements = ["CREATE TABLE alembic_version", "-- Running upgrade  -> 1", "CREATE TABLE t (", "-- Running upgrade 1 -> 2",
                  "INSERT INTO t (id, a) VALUES", "UPDATE t SET a =", "-- Rolled back: 2 revision(s) ran"]  # fmt: skip
    places = [text.find(part) for part in statements[1:]]
    assert places == sorted(places)
    assert -1 not in places


def test_a_downgrade_is_tried_too(project, url):
    config = project(url)
    command.upgrade(config, "head")
    command.downgrade(config, "base", dry_run=True)
    assert "DROP TABLE t;" in told(config)
    assert tables(url) >= {"t", "alembic_version"}
    with sa.create_engine(url, poolclass=NullPool).connect() as connection:
        assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == "2"
        assert connection.scalar(sa.text("SELECT a FROM t")) == "y"


def test_nothing_to_do_leaves_nothing_either(project, url):
    config = project(url)
    command.downgrade(config, "base", dry_run=True)
    assert tables(url) == set()
    assert "0 revision(s) ran" in told(config)


def test_a_failure_is_the_revisions_own_and_leaves_nothing(project, url):
    config = project(url, BODIES[0], ("op.execute('INSERT INTO t (id) VALUES (1), (1)')", "pass"))
    with pytest.raises(sa.exc.IntegrityError):
        command.upgrade(config, "head", dry_run=True)
    assert tables(url) == set()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("with op.get_context().autocommit_block(): op.execute('SELECT 1')", r"autocommit_block\(\) commits"),
        ("op.execute('COMMIT')", "cannot undo 'COMMIT'"),
    ],
)
def test_what_commits_is_refused(project, url, body, reason):
    config = project(url, BODIES[0], (body, "pass"))
    with pytest.raises(CommandError, match=reason):
        command.upgrade(config, "head", dry_run=True)
    assert tables(url) == set()


@pytest.mark.parametrize(
    ("block", "reason"),
    [("context.run_migrations()", "begin_transaction"), ("with connection.begin(): context.run_migrations()", "begin_transaction")],
)  # fmt: skip
def test_an_env_py_without_its_transaction_is_refused(project, url, block, reason):
    config = project(url, block=block)
    with pytest.raises(CommandError, match=reason):
        command.upgrade(config, "head", dry_run=True)
    assert tables(url) == set()


def test_somebody_elses_transaction_is_refused(project, url):
    config = project(url, block=f"pass\nwith engine.begin() as connection:\n    context.configure(connection=connection)\n    {IN_TRANSACTION}")  # fmt: skip
    with pytest.raises(CommandError, match=r"not its own|outside of context"):
        command.upgrade(config, "head", dry_run=True)
    assert tables(url) == set()


@pytest.mark.mariadb
def test_a_database_that_commits_ddl_is_refused(project, mariadb_server, mariadb_database):
    url = mariadb_server.url(mariadb_database(), "pymysql")
    config = project(url)
    with pytest.raises(CommandError, match="commits each DDL statement at once"):
        command.upgrade(config, "head", dry_run=True)
    assert tables(url) == set()


def test_it_does_not_go_with_sql(project):
    with pytest.raises(CommandError, match="--sql"):
        command.upgrade(project("sqlite://"), "head", sql=True, dry_run=True)


def test_the_coroutine_has_it_too(project, tmp_path):
    url = f"sqlite:///{tmp_path}/database.db"
    asyncio.run(aio.upgrade(project(url), "head", dry_run=True))
    assert tables(url) == set()
