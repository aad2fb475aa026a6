"""A revision's Python runs once for siblings where it reads nothing, and for each of them where it does."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa
from watched_runs import contents, marked, runs, sync, versions

from stillhouse_engine.errors import MigrationScriptError
from stillhouse_engine.runtime.project import DatabaseSpec, Project

CREATE = "op.create_table('t', sa.Column('id', sa.Integer, primary_key=True), sa.Column('name', sa.String(20)))"

READING = {
    "rows": "op.get_bind().execute(sa.text('SELECT 1')).scalar()",
    "an inspector": "sa.inspect(op.get_bind()).get_table_names()",
    "the heads": "op.get_context().get_current_heads()",
    "the connection's URL": "str(op.get_context().connection.engine.url)",
    "the bind": "op.get_context().bind.engine.url.database",
    "the environment's connection": "from alembic import context\ncontext.get_bind().engine.url.database",
    "the configuration": "from alembic import context\ncontext.config.get_main_option('sqlalchemy.url')",
    "the context's configuration": "op.get_context().config.get_main_option('sqlalchemy.url')",
    "a transaction of its own": "with op.get_context().autocommit_block():\n    op.execute('CREATE INDEX i ON t (name)')",
}
ONCE = {
    "a clock": "import datetime",
    "a random number": "from random import random",
    "an identifier": "import json, uuid",
    "an opt-out": "stillhouse_replay = False",
}

WATCH = {
    "sqlite": ["CREATE TABLE moves (at TEXT)"]
    + [
        f"CREATE TRIGGER on_{event} AFTER {event} ON alembic_version BEGIN INSERT INTO moves VALUES ('now'); END"
        for event in ("INSERT", "UPDATE", "DELETE")
    ],
    "postgresql": [
        "CREATE TABLE moves (at TEXT)",
        (
            "CREATE FUNCTION moved() RETURNS trigger LANGUAGE plpgsql "
            "AS $$ BEGIN INSERT INTO moves VALUES ('now'); RETURN NULL; END $$"
        ),
        "CREATE TRIGGER moved AFTER INSERT OR UPDATE OR DELETE ON alembic_version FOR EACH ROW EXECUTE FUNCTION moved()",
    ],
}
"""Statements that let a database count the writes of its version table."""


async def upgrade(opened, *urls, **options):
    return [await opened.upgrade(DatabaseSpec(f"d{number}", url, **options)) for number, url in enumerate(urls)]


async def test_python_runs_once_and_the_databases_are_equal(project, spec_of, make_url):
    project.revision("r1", None, marked(project, "r1", CREATE), marked(project, "down", "op.drop_table('t')"))
    project.revision(
        "r2",
        "r1",
        marked(
            project,
            "r2",
            "table = sa.table('t', sa.column('id', sa.Integer), sa.column('name', sa.String))\n"
            "op.bulk_insert(table, [{'id': 1, 'name': 'one'}, {'id': 2, 'name': \"it's 100% :two\"}])\n"
            "op.execute(sa.text('UPDATE t SET name = :name WHERE id = 1').bindparams(name='a\\\\b'))",
        ),
    )
    opened = Project(spec_of(project))
    first, second, alone = make_url(), make_url(), make_url()
    one, two = await upgrade(opened, first, second)
    assert (runs(project, "r1"), runs(project, "r2")) == (1, 1)
    assert [each.revision for each in two.applied] == ["r1", "r2"]
    assert (two.from_heads, two.to_heads) == (one.from_heads, one.to_heads) == ((), ("r2",))
    await upgrade(opened, alone, replay=False)
    assert (runs(project, "r1"), runs(project, "r2")) == (2, 2)
    assert contents(first) == contents(second) == contents(alone)
    for url in (first, second):
        await opened.downgrade(DatabaseSpec("d", url), "base")
    assert runs(project, "down") == 1
    assert versions(first) == versions(second) == []


async def test_a_replay_waits_for_the_disk_once(project, spec_of, tmp_path):
    project.revision("r1", None, CREATE)
    project.revision("r2", "r1", "op.add_column('t', sa.Column('more', sa.Integer))")
    opened = Project(spec_of(project))
    files = [tmp_path / "first.db", tmp_path / "second.db"]
    await upgrade(opened, *(f"sqlite+aiosqlite:///{file}" for file in files))
    transactions = [int.from_bytes(file.read_bytes()[24:28]) for file in files]  # the file format's change counter
    assert transactions == [3, 1]  # the version table and two revisions; all at once
    assert contents(f"sqlite:///{files[0]}") == contents(f"sqlite:///{files[1]}")


async def test_a_project_without_revisions_leaves_a_version_table(project, spec_of, make_url):
    url = make_url()
    await upgrade(Project(spec_of(project)), url)
    assert versions(url) == []


@pytest.mark.parametrize("what", READING)
async def test_a_revision_that_reads_is_never_replayed(what, project, spec_of, make_url):
    project.revision("r1", None, marked(project, "r1", CREATE))
    project.revision("r2", "r1", marked(project, "r2", READING[what]))
    project.revision("r3", "r2", marked(project, "r3", "op.add_column('t', sa.Column('more', sa.Integer))"))
    opened = Project(spec_of(project))
    urls = [make_url() for _ in range(3)]
    await upgrade(opened, *urls)
    assert (runs(project, "r1"), runs(project, "r2"), runs(project, "r3")) == (1, 3, 1)
    assert contents(urls[0]) == contents(urls[1]) == contents(urls[2])


@pytest.mark.parametrize("what", ONCE)
async def test_a_file_that_may_answer_otherwise_each_time_is_never_replayed(what, project, spec_of, make_url):
    path = project.revision("r1", None, marked(project, "r1", CREATE))
    path.write_text(path.read_text().replace("import sqlalchemy as sa", f"import sqlalchemy as sa\n{ONCE[what]}"))
    await upgrade(Project(spec_of(project)), make_url(), make_url())
    assert runs(project, "r1") == 2


async def test_a_revision_reads_what_replayed_ones_wrote(project, spec_of, make_url):
    project.revision("r1", None, CREATE + "\nop.execute(\"INSERT INTO t VALUES (1, 'one')\")")
    project.revision(
        "r2", "r1", "assert op.get_bind().scalar(sa.text('SELECT name FROM t')) == 'one'\nop.drop_table('t')"
    )
    results = await upgrade(Project(spec_of(project)), make_url(), make_url())
    assert [result.to_heads for result in results] == [("r2",), ("r2",)]


@pytest.mark.parametrize(
    "other",
    [{"x_arguments": ("a=b",)}, {"version_table": "other"}, {"replay": False}],
    ids=lambda value: next(iter(value)),
)
async def test_only_databases_that_are_asked_for_the_same_share_a_recording(other, project, spec_of, make_url):
    project.revision("r1", None, marked(project, "r1", CREATE))
    opened = Project(spec_of(project))
    await upgrade(opened, make_url())
    await upgrade(opened, make_url(), **other)
    assert runs(project, "r1") == 2


async def test_another_start_is_another_plan(project, spec_of, make_url):
    project.revision("r1", None, marked(project, "r1", CREATE))
    project.revision("r2", "r1", marked(project, "r2", "op.drop_table('t')"))
    opened = Project(spec_of(project))
    first, second, third = (DatabaseSpec("d", make_url()) for _ in range(3))
    await opened.upgrade(first)
    await opened.upgrade(second, "r1")
    await opened.upgrade(second)
    await opened.upgrade(third)
    assert (runs(project, "r1"), runs(project, "r2")) == (2, 2)
    assert versions(first.url) == versions(second.url) == versions(third.url) == ["r2"]


async def test_a_failure_names_revision_line_and_statement(project, spec_of, make_url):
    project.revision("r1", None, CREATE)
    project.revision("r2", "r1", "op.execute('CREATE TABLE u (id INT)')\nop.execute('CREATE TABLE taken (id INT)')")
    opened = Project(spec_of(project))
    first, second = make_url(), make_url()
    await upgrade(opened, first)
    engine = sa.create_engine(second.replace("+asyncpg", "+psycopg").replace("+aiosqlite", ""))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE taken (id INT)")
    engine.dispose()
    with pytest.raises(MigrationScriptError) as caught:
        await upgrade(opened, second)
    assert caught.value.revision == "r2"
    assert caught.value.statement == "CREATE TABLE taken (id INT)"
    assert caught.value.line
    unreplayed = make_url()
    engine = sa.create_engine(unreplayed.replace("+asyncpg", "+psycopg").replace("+aiosqlite", ""))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE taken (id INT)")
    engine.dispose()
    with pytest.raises(MigrationScriptError):
        await upgrade(opened, unreplayed, replay=False)
    assert contents(second) == contents(unreplayed)


async def test_what_is_replayed_is_told_once_it_is_there(project, spec_of, make_url):
    project.revision("r1", None, CREATE)
    project.revision("r2", "r1", "op.add_column('t', sa.Column('more', sa.Integer))")
    opened = Project(spec_of(project))
    seen = []
    for url in (make_url(), make_url()):
        events, columns = [], []

        def look(connection, columns=columns):
            columns.extend(column["name"] for column in sa.inspect(connection).get_columns("t"))

        def listen(progress, events=events):
            facts = progress.facts
            events.append((progress.event, facts.get("revision") or facts["revisions"], facts.get("heads")))

        await opened.upgrade(DatabaseSpec("d", url), on_progress=listen, after=look)
        assert columns == ["id", "name", "more"]
        seen.append(events)
    assert [event for event in seen[0] if event[2]] == [
        ("revision.finished", "r1", ["r1"]),
        ("revision.finished", "r2", ["r2"]),
    ]
    assert seen[1] == [("revisions.replayed", ["r1", "r2"], ["r2"])]


async def test_the_version_table_moves_once_for_all_that_is_replayed(project, spec_of, make_url):
    for name, down in (("r1", None), ("a", "r1"), ("b", "r1"), ("m", ("a", "b")), ("c", "r1")):
        project.revision(name, down, f"op.create_table('t_{name}', sa.Column('id', sa.Integer))")
    opened = Project(spec_of(project))
    urls = make_url(), make_url()
    for url in urls:
        await opened.upgrade(DatabaseSpec("d", url), "r1")
        engine = sa.create_engine(sync(url))
        with engine.begin() as connection:
            for statement in WATCH[engine.dialect.name]:
                connection.exec_driver_sql(statement)
        engine.dispose()
    for url, moves in zip(urls, (5, 2), strict=True):
        await opened.upgrade(DatabaseSpec("d", url), "heads")
        assert versions(url) == ["c", "m"]
        engine = sa.create_engine(sync(url))
        with engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM moves").scalar() == moves
        engine.dispose()


async def test_a_failed_run_leaves_no_recording(project, spec_of, make_url):
    project.revision("r1", None, CREATE)
    project.revision("r2", "r1", "op.drop_table('missing')")
    opened = Project(spec_of(project))
    with pytest.raises(MigrationScriptError):
        await upgrade(opened, make_url())
    assert len(opened.recordings) == 0


async def test_a_recording_has_its_time(project, spec_of, make_url):
    project.revision("r1", None, marked(project, "r1", CREATE))
    opened = Project(spec_of(project))
    now = [0.0]
    opened.recordings = type(opened.recordings)(lifetime=60.0, clock=lambda: now[0])
    await upgrade(opened, make_url(), make_url())
    assert runs(project, "r1") == 1
    now[0] = 61.0
    await upgrade(opened, make_url(), make_url())
    assert runs(project, "r1") == 2


async def test_the_opt_out_is_the_databases(project, spec_of, make_url):
    project.revision("r1", None, marked(project, "r1", CREATE))
    opened = Project(spec_of(project))
    database = DatabaseSpec("d", make_url(), replay=False)
    await opened.upgrade(database)
    await opened.upgrade(replace(database, url=make_url()))
    assert (runs(project, "r1"), len(opened.recordings)) == (2, 0)
