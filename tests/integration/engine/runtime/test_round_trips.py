"""A database of twenty revisions costs five round trips and one for each revision, connecting aside; its siblings four."""

from __future__ import annotations

import pytest
from counting_proxy import counting_proxy
from projects import write_chain

from stillhouse_engine.runtime.project import DatabaseSpec, Project

REVISIONS = 20
REPLAYED = 4
"""Round trips of a sibling: lock and look, BEGIN, the whole script, COMMIT."""
NOTHING_TO_DO = 3
"""Round trips where the database is at the head: lock and look, prepare and read the version."""


async def connect_alone(url):
    import asyncpg

    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.close()


async def test_twenty_revisions(postgres_server, postgres_database, make_project, spec_of):
    project = make_project(env=False)
    write_chain(project, REVISIONS, tables_each=5)
    opened = Project(spec_of(project, ini=False))
    first, second = postgres_database(), postgres_database()
    async with counting_proxy(postgres_server.port) as proxy:
        url = f"postgresql+asyncpg://postgres@127.0.0.1:{proxy.port}/"
        await opened.upgrade(DatabaseSpec("first", url + first), "head")
        proxy.round_trips = 0
        await connect_alone(url + second)
        connecting = proxy.round_trips
        proxy.round_trips = 0
        await opened.upgrade(DatabaseSpec("second", url + second), "head")
        spent = proxy.round_trips - connecting
        assert spent <= REPLAYED, f"{spent} round trips"
        proxy.round_trips = 0
        await opened.upgrade(DatabaseSpec("second", url + second), "head")
        assert proxy.round_trips - connecting <= NOTHING_TO_DO, f"{proxy.round_trips - connecting} round trips"


async def test_twenty_revisions_that_are_not_replayed(postgres_server, postgres_database, make_project, spec_of):
    project = make_project(env=False)
    write_chain(project, REVISIONS, tables_each=5)
    opened = Project(spec_of(project, ini=False))
    async with counting_proxy(postgres_server.port) as proxy:
        url = f"postgresql+asyncpg://postgres@127.0.0.1:{proxy.port}/"
        first, second = postgres_database(), postgres_database()
        await opened.upgrade(DatabaseSpec("first", url + first, replay=False), "head")
        proxy.round_trips = 0
        await connect_alone(url + second)
        connecting, proxy.round_trips = proxy.round_trips, 0
        await opened.upgrade(DatabaseSpec("second", url + second, replay=False), "head")
        spent = proxy.round_trips - connecting
        assert spent <= 5 + REVISIONS, f"{spent} round trips"


@pytest.mark.parametrize("kind", ["generic", "async"])
async def test_an_env_of_its_own_costs_what_its_engine_costs_more(
    kind, postgres_server, postgres_database, make_project, spec_of
):
    project = make_project(kind)
    write_chain(project, REVISIONS, tables_each=5)
    opened = Project(spec_of(project))
    async with counting_proxy(postgres_server.port) as proxy:
        url = f"postgresql+asyncpg://postgres@127.0.0.1:{proxy.port}/{postgres_database()}"
        await opened.upgrade(DatabaseSpec("one", url), "head")
        assert proxy.round_trips <= 5 + REVISIONS + 12, f"{proxy.round_trips} round trips"
