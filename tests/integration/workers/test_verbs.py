"""The worker's verbs on real databases, through a real worker process."""

from __future__ import annotations

import json
import sqlite3

import pytest
import sqlalchemy as sa
from worker_jobs import job

import servers
from sample_projects import empty_project, sample_project
from stillhouse_engine.schema import Snapshot
from stillhouse_orchestrator.workers.pool import PoolExecutor

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def project(tmp_path):
    return sample_project(tmp_path / "project", revisions=4, tables=3, statements=9)


@pytest.fixture
def url(tmp_path):
    return f"sqlite+aiosqlite:///{tmp_path / 'users.db'}"


@pytest.fixture
async def executor():
    return PoolExecutor()


async def test_up_down_stamp_plan_current_and_describe(project, url, executor):
    steps = []
    async with executor:
        up = await executor.run(job(project, url, revision=project.revisions[2]), steps.append)
        plan = await executor.run(job(project, url, verb="plan"))
        here = await executor.run(job(project, url, verb="current", revision=None))
        graph = await executor.run(job(project, url, verb="describe", revision=None))
        down = await executor.run(job(project, url, verb="downgrade", revision="base"))
        stamp = await executor.run(job(project, url, verb="stamp", revision="head"))
        again = await executor.run(job(project, url))
    first, second, third, fourth = project.revisions
    assert (up.state, up.before, up.after, up.applied) == ("done", (), (third,), (first, second, third))
    assert [step.facts["revision"] for step in steps if step.event == "revision.finished"] == [first, second, third]
    assert [revision.revision for revision in plan.plan] == [fourth]
    assert any("CREATE INDEX" in statement or "ALTER TABLE" in statement for statement in plan.plan[0].sql)
    assert (plan.before, plan.after, plan.heads) == ((third,), (third,), (fourth,))
    assert here.after == (third,)
    assert graph.heads == (fourth,)
    assert [node.revision for node in graph.revisions] == [fourth, third, second, first]
    assert (down.before, down.after, len(down.applied)) == ((third,), (), 3)
    assert (stamp.after, stamp.state) == ((fourth,), "done")
    assert (again.before, again.after, again.applied, again.snapshot) == ((fourth,), (fourth,), (), None)


async def test_the_snapshot_is_what_the_migration_left(project, url, executor):
    async with executor:
        outcome = await executor.run(job(project, url))
    snapshot = Snapshot.from_json(outcome.snapshot)
    assert snapshot.fingerprint == outcome.fingerprint
    names = json.dumps(json.loads(outcome.snapshot))
    assert "table_0" in names
    assert "alembic_version" not in names


async def test_a_failing_revision_names_itself_its_line_and_its_statement(project, url, executor):
    bad = project.add('op.execute("create table ok (id int)")\nop.execute("insert into nowhere values (1)")')
    async with executor:
        outcome = await executor.run(job(project, url))
    problem = outcome.problem
    assert outcome.state == "failed"
    assert (problem.revision, problem.statement) == (bad, "insert into nowhere values (1)")
    assert problem.file.endswith(f"{bad}_step_5.py")
    assert problem.line == 18
    assert "no such table: nowhere" in problem.message
    with sqlite3.connect(url.partition("///")[2]) as connection:
        assert connection.execute("select count(*) from sqlite_master where name = 'ok'").fetchone() == (0,)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("def upgrade(:\n", "syntax"),
        ("revision = 'zz'\ndown_revision = 'missing'\n", "revisions"),
        ("revision = 'zz'\ndown_revision = 'zz'\n", "cycle"),
    ],
)
async def test_a_broken_revision_file_is_named(project, url, executor, text, kind):
    (project.migrations / "versions" / "zz_bad.py").write_text(text)
    async with executor:
        outcome = await executor.run(job(project, url))
    assert outcome.state == "failed"
    assert "zz" in str(outcome.problem)
    assert outcome.problem.kind == kind


async def test_bad_projects_and_databases_are_clear(project, url, executor, tmp_path):
    async with executor:
        unknown = await executor.run(job(project, url, revision="nonsense"))
        project.folder.joinpath("other").mkdir()
        missing = await executor.run(job(empty_project(tmp_path / "e"), url.replace("users.db", "no/folder.db")))
        await executor.run(job(project, url))
        with sqlite3.connect(url.partition("///")[2]) as connection:
            connection.execute("update alembic_version set version_num = 'stranger'")
        stranger = await executor.run(job(project, url))
    assert "nonsense" in unknown.problem.message
    assert missing.problem.kind == "missing_file"
    assert "stranger" in stranger.problem.message


async def test_two_heads_are_named(project, url, executor):
    text = (project.migrations / "versions" / f"{project.head}_step_4.py").read_text()
    (project.migrations / "versions" / "other_head.py").write_text(
        text.replace(f"revision = '{project.head}'", "revision = 'other'", 1)
    )
    async with executor:
        outcome = await executor.run(job(project, url))
    assert outcome.problem.kind == "multiple_heads"
    assert "other" in outcome.problem.message


async def test_new_revisions_are_seen_by_a_running_worker(project, url, executor):
    async with executor:
        await executor.run(job(project, url))
        pids = executor.pids
        added = project.add("op.add_column('table_0', sa.Column('late', sa.Integer()))")
        outcome = await executor.run(job(project, url))
        while added not in outcome.after:  # files are looked at twice a second at most
            outcome = await executor.run(job(project, url))
        assert executor.pids == pids


async def test_a_synchronous_driver_runs_in_threads(project, tmp_path, executor):
    urls = [f"sqlite:///{tmp_path / f'{number}.db'}" for number in range(8)]
    async with executor:
        outcomes = [await executor.run(job(project, url)) for url in urls]
    assert {outcome.after for outcome in outcomes} == {(project.head,)}


@pytest.mark.postgresql
async def test_env_py_is_honoured_on_an_asynchronous_driver(project, postgres_server, postgres_database, executor):
    project.write_env()
    name = postgres_database()
    async with executor:
        outcome = await executor.run(job(project, postgres_server.url(name)))
    assert (outcome.state, outcome.after) == ("done", (project.head,))
    engine = sa.create_engine(postgres_server.url(name, "psycopg"))
    assert "table_2" in sa.inspect(engine).get_table_names()
    engine.dispose()


@pytest.mark.postgresql
async def test_a_deadline_cancels_the_statement_on_the_server(
    tmp_path, postgres_server, postgres_database, postgres_admin, executor
):
    project = empty_project(tmp_path / "slow")
    project.add('op.execute("select pg_sleep(120) /* slow */")')
    name = postgres_database()
    async with executor:
        outcome = await executor.run(job(project, postgres_server.url(name), deadline=1.0))
        assert len(executor.pids) == 1
    assert (outcome.state, outcome.problem.kind) == ("failed", "deadline")
    with postgres_admin.connect() as connection:
        query = sa.text("select count(*) from pg_stat_activity where datname = :name and query like '%/* slow */%'")
        assert connection.scalar(query, {"name": name}) == 0


@pytest.mark.mariadb
async def test_mariadb(project, mariadb_server, mariadb_database, executor):
    async with executor:
        outcome = await executor.run(job(project, mariadb_server.url(mariadb_database()), name="users"))
    assert (outcome.state, outcome.after) == ("done", (project.head,))
    assert outcome.snapshot


@pytest.mark.postgresql
@pytest.mark.parametrize("with_env", [False, True])
@pytest.mark.parametrize("driver", ["asyncpg", "psycopg"])
async def test_a_database_that_cannot_be_reached_is_told_apart(project, postgres_server, executor, driver, with_env):
    if with_env:
        project.write_env()
    nobody = f"postgresql+{driver}://app:sehrgeheim@127.0.0.1:{servers.free_port()}/users"
    async with executor:
        unknown = await executor.run(job(project, postgres_server.url("nowhere", driver)))
        refused = await executor.run(job(project, nobody))
    assert (unknown.state, unknown.problem.kind) == ("failed", "unknown_database")
    assert (refused.state, refused.problem.kind) == ("failed", "unreachable")
    assert "check the host and port" in refused.problem.hint
    assert "sehrgeheim" not in repr(refused)


async def test_sqlites_refusals_are_told_apart(project, tmp_path, executor):
    (tmp_path / "text.db").write_text("no database at all " * 100)
    sqlite3.connect(tmp_path / "users.db").close()
    async with executor:
        text = await executor.run(job(project, f"sqlite+aiosqlite:///{tmp_path / 'text.db'}"))
        read_only = f"sqlite+aiosqlite:///file:{tmp_path / 'users.db'}?mode=ro&uri=true"
        locked_out = await executor.run(job(project, read_only))
    assert text.problem.kind == "not_a_database"
    assert locked_out.problem.kind == "read_only"


async def test_a_long_snapshot_fits_through_the_pipe(tmp_path, url, executor):
    project = sample_project(tmp_path / "wide", revisions=1, tables=300, statements=300)
    async with executor:
        outcome = await executor.run(job(project, url))
    assert len(outcome.snapshot) > 200_000
    assert Snapshot.from_json(outcome.snapshot).fingerprint == outcome.fingerprint
