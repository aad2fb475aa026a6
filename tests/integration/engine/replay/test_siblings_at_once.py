"""What siblings that start together cost: one of them runs Python, and each database is spoken to a few times only."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from watched_runs import contents, marked, runs, versions

from stillhouse_engine.errors import MigrationScriptError
from stillhouse_engine.runtime.project import DatabaseSpec, Project

REVISIONS = 10
LOOKS = 12
"""Statements with which a run looks at a SQLite file before and after its revisions."""


def chain(project, *, last=None):
    for number in range(1, REVISIONS + 1):
        lines = "\n".join(
            f"op.create_table('t{number}_{part}', sa.Column('id', sa.Integer, primary_key=True))" for part in range(4)
        )
        down = f"r{number - 1}" if number > 1 else None
        project.revision(
            f"r{number}", down, marked(project, f"r{number}", last if number == REVISIONS and last else lines)
        )


@contextmanager
def counted():
    """Count what SQLAlchemy sends and commits meanwhile."""
    found = Counter()

    def sent(*_):
        found["sent"] += 1

    def committed(*_):
        found["committed"] += 1

    hooks = (("before_cursor_execute", sent), ("commit", committed))
    for name, hook in hooks:
        sa.event.listen(sa.Engine, name, hook)
    try:
        yield found
    finally:
        for name, hook in hooks:
            sa.event.remove(sa.Engine, name, hook)


@pytest.fixture
def patient(monkeypatch):
    """Let siblings wait as long as a busy machine takes."""
    monkeypatch.setattr("stillhouse_engine.runtime.replay.PATIENCE_SECONDS", 60.0)


@pytest.mark.usefixtures("patient")
async def test_of_siblings_that_start_together_one_runs_python(project, spec_of, make_url):
    chain(project)
    opened = Project(spec_of(project))
    urls = [make_url() for _ in range(6)]
    await asyncio.gather(*(opened.upgrade(DatabaseSpec(f"d{n}", url), "head") for n, url in enumerate(urls)))
    assert [runs(project, f"r{number}") for number in range(1, REVISIONS + 1)] == [1] * REVISIONS
    first = contents(urls[0])
    assert all(contents(url) == first for url in urls)


@pytest.mark.usefixtures("patient")
async def test_siblings_of_a_run_that_failed_go_on_without_it(project, spec_of, make_url):
    chain(project, last="op.create_table('taken', sa.Column('id', sa.Integer))")
    opened = Project(spec_of(project))
    urls = [make_url() for _ in range(4)]
    spoil(urls[0])
    tasks = (opened.upgrade(DatabaseSpec(f"d{n}", url), "head") for n, url in enumerate(urls))
    first, *others = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(first, MigrationScriptError)
    assert [other.to_heads for other in others] == [(f"r{REVISIONS}",)] * 3


def spoil(url):
    """Make the table that the last revision makes."""
    plain = url.replace("+asyncpg", "+psycopg").replace("+aiosqlite", "")
    engine = sa.create_engine(plain, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE taken (id INTEGER)"))


@pytest.mark.parametrize("driver", ["aiosqlite", "pysqlite"])
async def test_a_sqlite_sibling_is_one_transaction_and_one_call(driver, project, spec_of, tmp_path):
    chain(project)
    opened = Project(spec_of(project))
    first, second = (f"sqlite+{driver}:///{tmp_path / name}.db" for name in ("one", "two"))
    with counted() as recording:
        await opened.upgrade(DatabaseSpec("one", first), "head")
    with counted() as replaying:
        await opened.upgrade(DatabaseSpec("two", second), "head")
    assert recording["sent"] > REVISIONS * 5
    assert replaying["sent"] <= LOOKS
    assert recording["committed"] >= REVISIONS
    assert replaying["committed"] <= 2
    assert contents(first) == contents(second)


async def test_a_sqlite_sibling_that_fails_ends_where_its_revisions_do(project, spec_of, tmp_path):
    chain(
        project,
        last="op.create_table('early', sa.Column('id', sa.Integer))\nop.create_table('taken', sa.Column('id', sa.Integer))",
    )
    opened = Project(spec_of(project))
    first, second = (f"sqlite+aiosqlite:///{tmp_path / name}.db" for name in ("one", "two"))
    await opened.upgrade(DatabaseSpec("one", first), "head")
    spoil(second)
    with pytest.raises(MigrationScriptError, match="taken") as caught:
        await opened.upgrade(DatabaseSpec("two", second), "head")
    assert caught.value.revision == f"r{REVISIONS}"
    assert "CREATE TABLE taken" in caught.value.statement
    assert versions(second) == [f"r{REVISIONS - 1}"]


async def test_a_plan_that_cannot_be_recorded_keeps_nobody_waiting(project, spec_of, make_url, monkeypatch):
    waits = []
    monkeypatch.setattr("stillhouse_engine.runtime.replay.pause", lambda *_: waits.append(1))
    project.revision("r1", None, "op.get_bind().execute(sa.text('SELECT 1')).scalar()")
    opened = Project(spec_of(project))
    await opened.upgrade(DatabaseSpec("first", make_url()), "head")
    await asyncio.gather(*(opened.upgrade(DatabaseSpec(f"d{n}", make_url()), "head") for n in range(3)))
    assert waits == []
