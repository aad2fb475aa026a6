"""A statement that meets somebody else's lock gives way, tries again, and says who was in the way."""

from __future__ import annotations

import asyncio
import threading

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from stillhouse_engine.errors import LockBusyError
from stillhouse_engine.runtime.project import DatabaseSpec, Project
from stillhouse_engine.runtime.waiting import Backoff

FAST = Backoff(first=0.01, longest=0.05, attempts=40)


@pytest.fixture(params=["asyncpg", "psycopg", "pymysql", "asyncmy"])
def server(request):
    """Return a URL, and an engine of the application that stands in the way."""
    if request.param in {"asyncpg", "psycopg"}:
        found = request.getfixturevalue("postgres_server")
        name = request.getfixturevalue("postgres_database")()
        application = sa.create_engine(found.url(name, "psycopg"), poolclass=NullPool)
    else:
        found = request.getfixturevalue("mariadb_server")
        name = request.getfixturevalue("mariadb_database")()
        application = sa.create_engine(found.url(name, "pymysql"), poolclass=NullPool)
    return found.url(name, request.param), application


@pytest.fixture
def project(make_project):
    written = make_project(env=False)
    written.revision(
        "r1", None, "op.create_table('hot', sa.Column('id', sa.Integer))\nop.execute('INSERT INTO hot VALUES (1)')"
    )
    written.revision("r2", "r1", "op.add_column('hot', sa.Column('name', sa.String(20)))")
    return written


async def test_a_reader_in_the_way_is_named_and_waited_for(server, project, spec_of):
    url, application = server
    database = DatabaseSpec("one", url, lock_timeout=0.1)
    opened = Project(spec_of(project, ini=False), backoff=FAST)
    await opened.upgrade(database, "r1")
    retried = threading.Event()
    facts = []

    def listen(progress):
        if progress.event == "run.retried":
            facts.append(progress.facts)
            retried.set()

    with application.connect() as reader:
        number = reader.scalar(sa.text("SELECT pg_backend_pid()" if "postgresql" in url else "SELECT connection_id()"))
        reader.execute(sa.text("SELECT * FROM hot"))
        run = asyncio.create_task(opened.upgrade(database, "head", listen))
        assert await asyncio.to_thread(retried.wait, 30)
        assert not run.done()
        reader.rollback()
    result = await run
    assert result.to_heads == ("r2",)
    assert result.attempts > 1
    blockers = facts[0]["blockers"]
    assert [blocker["pid"] for blocker in blockers] == [number]
    if "postgresql" in url:
        assert blockers[0]["holds"] == "hot"
        assert blockers[0]["state"] == "idle in transaction"


async def test_after_the_last_attempt_the_blocker_is_in_the_error(postgres_server, postgres_database, project, spec_of):
    url = postgres_server.url(postgres_database())
    database = DatabaseSpec("one", url, lock_timeout=0.05)
    opened = Project(spec_of(project, ini=False), backoff=Backoff(first=0.001, longest=0.001, attempts=2))
    await opened.upgrade(database, "r1")
    application = sa.create_engine(url.replace("asyncpg", "psycopg"), poolclass=NullPool)
    with application.connect() as reader:
        pid = reader.scalar(sa.text("SELECT pg_backend_pid() FROM hot"))
        with pytest.raises(
            LockBusyError, match=f"pid {pid}, transaction open for .* idle in transaction, holds locks on hot"
        ):
            await opened.upgrade(database)
    assert (await opened.upgrade(database)).to_heads == ("r2",)


async def test_cancelling_stops_the_statement_on_the_server(server, make_project, spec_of):
    url, application = server
    postgres = "postgresql" in url
    written = make_project(env=False)
    written.revision("r1", None, f"op.execute('SELECT {'pg_sleep' if postgres else 'SLEEP'}(60)')")
    running = (
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%sleep(60)%' AND state = 'active' AND pid <> pg_backend_pid()"
        if postgres
        else "SELECT count(*) FROM information_schema.processlist WHERE info = 'SELECT SLEEP(60)'"
    )
    run = asyncio.create_task(Project(spec_of(written, ini=False)).upgrade(DatabaseSpec("one", url)))

    async def wait_until(count):
        def look():
            with application.connect() as watcher:
                return watcher.scalar(sa.text(running))

        async with asyncio.timeout(60):
            while await asyncio.to_thread(look) != count:
                pass

    await wait_until(1)
    run.cancel()
    async with asyncio.timeout(60):
        with pytest.raises(asyncio.CancelledError):
            await run
    await wait_until(0)
