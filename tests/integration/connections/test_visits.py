"""Looks at many databases of one server, of which one does not answer."""

from __future__ import annotations

from contextlib import aclosing
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from stillhouse_config import parse_fleet
from stillhouse_orchestrator.connections import Connections
from stillhouse_orchestrator.readings import ABSENT, read, refused
from stillhouse_orchestrator.visiting import Visits

pytestmark = pytest.mark.postgresql


async def test_a_locked_database_is_set_apart_until_it_answers(postgres_server, postgres_database):
    names = [postgres_database() for _ in range(4)]
    lines = "".join(f"  {name}: {{url: '{postgres_server.url(name)}', migrations: m}}\n" for name in names)
    file = parse_fleet(f"fleet: f\ndatabases:\n{lines}", Path("/nowhere/fleet.yaml"), {}, check_paths=False)
    targets = tuple(file.expand().targets.values())
    connections = Connections({f"127.0.0.1:{postgres_server.port}": 1})
    visits = Visits(connections, read, lambda _: ABSENT, refused, lambda _: timedelta(seconds=1))

    async def look() -> dict:
        async with aclosing(visits.arrivals(targets)) as arrivals:
            return {name: reading async for some in arrivals for name, reading in some.items()}

    with psycopg.connect(postgres_server.url(names[1]).replace("+asyncpg", "")) as other:
        other.execute("CREATE TABLE alembic_version (version_num text)")
        other.commit()
        other.execute("LOCK TABLE alembic_version")
        found = await look()
        assert "no answer within 1 seconds" in found.pop(names[1]).error
        assert [reading.revisions for reading in found.values()] == [(), (), ()]
        assert connections.silent == {f"127.0.0.1:{postgres_server.port}/{names[1]}"}
    assert (await look())[names[1]].revisions == ()
    assert connections.silent == set()
    await connections.aclose()
