"""A project's revisions run on real databases: with each kind of env.py and without, over each kind of driver."""

from __future__ import annotations

import logging

import pytest
import sqlalchemy as sa
from projects import write_chain
from sqlalchemy.pool import NullPool

from stillhouse_engine.errors import MigrationScriptError
from stillhouse_engine.runtime.project import DatabaseSpec, Project

DRIVERS = ("asyncpg", "psycopg", "aiosqlite", "pysqlite")
# Alembic's async template takes asynchronous drivers only.
RUNS = [
    (kind, driver)
    for kind in ("generic", "async", "none")
    for driver in DRIVERS
    if kind != "async" or driver in {"asyncpg", "aiosqlite"}
]


@pytest.fixture(params=DRIVERS)
def url(request, tmp_path):
    if request.param in {"asyncpg", "psycopg"}:
        server = request.getfixturevalue("postgres_server")
        return server.url(request.getfixturevalue("postgres_database")(), request.param)
    return f"sqlite+{request.param}:///{tmp_path / 'target.db'}"


def tables(url):
    plain = url.replace("+asyncpg", "+psycopg").replace("+aiosqlite", "")
    engine = sa.create_engine(plain, poolclass=NullPool)
    with engine.connect() as connection:
        names = set(sa.inspect(connection).get_table_names())
        versions = (
            list(connection.scalars(sa.text("SELECT version_num FROM alembic_version")))
            if "alembic_version" in names
            else []
        )
    return names, versions


@pytest.mark.parametrize(("kind", "url"), RUNS, indirect=["url"])
async def test_up_and_down_with_every_kind_of_env(kind, url, make_project, spec_of):
    project = make_project("generic" if kind == "none" else kind, env=kind != "none")
    write_chain(project, 5)
    opened = Project(spec_of(project, ini=kind != "none"))
    database = DatabaseSpec("one", url)
    seen = []
    result = await opened.upgrade(database, "head", seen.append)
    names, versions = tables(url)
    assert versions == ["r0005"]
    assert {f"t{number}_0" for number in range(1, 6)} <= names
    assert [one.revision for one in result.applied] == ["r0001", "r0002", "r0003", "r0004", "r0005"]
    assert (result.from_heads, result.to_heads, result.attempts) == ((), ("r0005",), 1)
    assert [one.event for one in seen].count("revision.finished") == 5
    assert await opened.current(database) == ("r0005",)
    again = await opened.upgrade(database, "head")
    assert again.applied == ()
    back = await opened.downgrade(database, "base")
    assert tables(url) == ({"alembic_version"}, [])
    assert [one.revision for one in back.applied] == ["r0005", "r0004", "r0003", "r0002", "r0001"]


@pytest.mark.parametrize(("kind", "url"), RUNS, indirect=["url"])
async def test_a_revision_that_fails_leaves_nothing_and_is_named(kind, url, make_project, spec_of):
    project = make_project("generic" if kind == "none" else kind, env=kind != "none")
    write_chain(project, 2)
    path = project.revision(
        "r0003",
        "r0002",
        "op.create_table('half', sa.Column('id', sa.Integer))\nop.execute('INSERT INTO nowhere VALUES (1)')\nop.execute('SELECT 1')",
    )
    opened = Project(spec_of(project, ini=kind != "none"))
    with pytest.raises(MigrationScriptError) as caught:
        await opened.upgrade(DatabaseSpec("one", url), "head")
    names, versions = tables(url)
    assert "half" not in names
    assert versions == (["r0002"] if "sqlite" in url else [])
    assert caught.value.revision == "r0003"
    assert caught.value.statement == "INSERT INTO nowhere VALUES (1)"
    assert (caught.value.file, caught.value.line) == (str(path), 13)


async def test_python_that_fails_is_named_too(tmp_path, make_project, spec_of):
    project = make_project()
    path = project.revision("r1", None, "raise KeyError('what')")
    with pytest.raises(MigrationScriptError) as caught:
        await Project(spec_of(project)).upgrade(DatabaseSpec("one", f"sqlite:///{tmp_path / 'x.db'}"))
    assert caught.value.reason == "KeyError: 'what'"
    assert (caught.value.file, caught.value.line, caught.value.revision) == (str(path), 12, "r1")
    assert caught.value.statement is None


async def test_settings_of_the_database_win_over_env_only_where_set(
    postgres_server, postgres_database, make_project, spec_of
):
    project = make_project()
    write_chain(project, 1)
    opened = Project(spec_of(project))
    url = postgres_server.url(postgres_database())
    engine = sa.create_engine(url.replace("asyncpg", "psycopg"), poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE SCHEMA tenant"))
    await opened.upgrade(DatabaseSpec("one", url, schema="tenant", version_table="versions"))
    with engine.connect() as connection:
        inspector = sa.inspect(connection)
        assert set(inspector.get_table_names(schema="tenant")) == {"versions", "t1_0"}
        assert inspector.get_table_names(schema="public") == []


async def test_stamp_and_destinations(tmp_path, make_project, spec_of):
    project = make_project()
    write_chain(project, 4)
    opened = Project(spec_of(project))
    database = DatabaseSpec("one", f"sqlite+aiosqlite:///{tmp_path / 'x.db'}")
    await opened.stamp(database, "r0002")
    assert await opened.current(database) == ("r0002",)
    assert "t1_0" not in tables(database.url)[0]
    result = await opened.upgrade(database, "+1")
    assert (result.from_heads, result.to_heads) == (("r0002",), ("r0003",))


async def test_current_writes_nothing(tmp_path, make_project, spec_of):
    project = make_project()
    write_chain(project, 1)
    database = DatabaseSpec("one", f"sqlite:///{tmp_path / 'x.db'}")
    assert await Project(spec_of(project)).current(database) == ()
    assert tables(database.url) == (set(), [])


async def test_x_arguments_and_odd_passwords_reach_env(tmp_path, make_project, spec_of):
    project = make_project()
    write_chain(project, 1)
    env = project.migrations / "env.py"
    env.write_text(
        "from alembic import context\nimport pathlib\n"
        f"pathlib.Path({str(tmp_path / 'seen')!r}).write_text(\n"
        "    context.config.get_main_option('sqlalchemy.url') + ' ' + repr(context.get_x_argument(as_dictionary=True)))\n"
    )
    url = "postgresql://user:p%40ss%25word@nowhere/db"
    await Project(spec_of(project)).upgrade(DatabaseSpec("one", url, x_arguments=("tenant=a=b", "flag")))
    assert (tmp_path / "seen").read_text() == f"{url} {{'tenant': 'a=b', 'flag': ''}}"


async def test_file_config_neither_silences_us_nor_takes_our_handlers(tmp_path, make_project, spec_of):
    project = make_project()
    write_chain(project, 1)
    ours, handler = logging.getLogger("stillhouse.something"), logging.NullHandler()
    logging.getLogger().addHandler(handler)
    try:
        await Project(spec_of(project)).upgrade(DatabaseSpec("one", f"sqlite:///{tmp_path / 'x.db'}"))
        assert not ours.disabled
        assert handler in logging.getLogger().handlers
    finally:
        logging.getLogger().removeHandler(handler)


async def test_render_tells_each_revision_and_where_it_cannot(tmp_path, make_project, spec_of):
    project = make_project()
    project.revision("r1", None, "op.create_table('a', sa.Column('id', sa.Integer))")
    project.revision("r2", "r1", "op.get_bind().execute(sa.text('SELECT 1')).scalar()")
    project.revision("r3", "r2", "op.execute('UPDATE a SET id = 1')", doc="third")
    opened = Project(spec_of(project))
    database = DatabaseSpec("one", "postgresql+asyncpg://nobody@nowhere/none")
    first, second, third = await opened.render(database, "base", "head")
    assert (first.revision, second.revision, third.revision) == ("r1", "r2", "r3")
    assert first.sql[0].startswith("CREATE TABLE alembic_version")
    assert first.sql[1] == "CREATE TABLE a (\n    id INTEGER\n);"
    assert second.problem
    assert third.problem is None
    assert third.doc == "third"
    assert third.sql == (
        "UPDATE a SET id = 1;",
        "UPDATE alembic_version SET version_num='r3' WHERE alembic_version.version_num = 'r2';",
    )
    (only,) = await opened.render(database, "r3", "r2")
    assert not only.is_upgrade


async def test_describe_is_plain_data(make_project, spec_of):
    project = make_project()
    write_chain(project, 2)
    summary = Project(spec_of(project)).describe()
    assert (summary.heads, summary.bases) == (("r0002",), ("r0001",))
    assert [(one.revision, one.down_revision, one.doc) for one in summary.revisions] == [
        ("r0002", ("r0001",), "revision r0002"),
        ("r0001", (), "revision r0001"),
    ]
