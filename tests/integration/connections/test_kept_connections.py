from __future__ import annotations

import asyncio
import contextlib

import psycopg
import pytest

from stillhouse_config.quantities import CountOrPercent
from stillhouse_orchestrator.connections import Connections, Priority
from stillhouse_orchestrator.connections.kept import WORN_OUT
from stillhouse_orchestrator.errors import ConnectionFailedError

pytestmark = pytest.mark.postgresql
BACKEND = "select pg_backend_pid()"


@pytest.fixture
def database(postgres_server, postgres_database):
    return postgres_server.url(postgres_database())


@pytest.fixture
async def connections(postgres_server):
    found = Connections({f"127.0.0.1:{postgres_server.port}": 2})
    async with found.keeping():
        yield found
    await found.aclose()


async def backend(connections: Connections, url: str, looks: int = 1) -> int:
    async with connections.visit(url, looks) as connection:
        found = (await connection.exec_driver_sql(BACKEND)).scalar_one()
        await connection.rollback()
    return found


def the(connections: Connections):
    (budget,) = connections.budgets.values()
    return budget


def activity(url: str) -> list[tuple[str, str]]:
    """Return state and query of the connections to a database, as somebody else sees them."""
    plain, _, name = url.replace("+asyncpg", "").rpartition("/")
    with psycopg.connect(f"{plain}/postgres") as other:
        return other.execute("select state, query from pg_stat_activity where datname = %s", [name]).fetchall()


async def test_the_next_visit_finds_the_connection_open_and_counted(connections, database):
    first = await backend(connections, database)
    assert connections.is_open(database)
    assert the(connections).in_use == 1
    assert await backend(connections, database) == first


async def test_nothing_is_kept_when_nobody_asks_for_it(postgres_server, database):
    connections = Connections({f"127.0.0.1:{postgres_server.port}": 2})
    await backend(connections, database)
    assert not connections.is_open(database)
    assert the(connections).in_use == 0
    await connections.aclose()


async def test_no_transaction_stays_open(connections, database):
    await backend(connections, database)
    assert [state for state, _ in activity(database)] == ["idle"]


async def test_a_kept_connection_cannot_write(connections, database):
    await backend(connections, database)
    with pytest.raises(ConnectionFailedError) as caught:
        async with connections.visit(database) as connection:
            await connection.exec_driver_sql("create table x (a int)")
    assert caught.value.kind == "read_only"
    assert the(connections).in_use == 0  # what has failed is not kept


async def test_a_rollout_gets_the_places_of_what_is_only_kept_open(connections, postgres_server, postgres_database):
    urls = [postgres_server.url(postgres_database()) for _ in range(2)]
    for url in urls:
        await backend(connections, url)
    async with contextlib.AsyncExitStack() as stack, asyncio.timeout(60):
        for _ in range(2):
            await stack.enter_async_context(connections.hold(urls[0], Priority.ROLLOUT))
        assert the(connections).in_use == 2
        assert not any(map(connections.is_open, urls))
        assert activity(urls[0]) == activity(urls[1]) == []


async def test_what_others_wait_for_is_not_kept(connections, postgres_server, postgres_database):
    urls = [postgres_server.url(postgres_database()) for _ in range(4)]
    most = 0

    async def visit(url: str) -> None:
        nonlocal most
        await backend(connections, url)
        most = max(most, the(connections).in_use)

    await asyncio.gather(*map(visit, urls))
    assert most <= 2
    kept = sum(map(connections.is_open, urls))  # one, when two were closed at once for the last to come
    assert kept in {1, 2}
    assert the(connections).in_use == kept


async def test_a_connection_that_the_server_closed_is_replaced(connections, database):
    first = await backend(connections, database)
    plain, _, _ = database.replace("+asyncpg", "").rpartition("/")
    with psycopg.connect(f"{plain}/postgres", autocommit=True) as other:
        other.execute("select pg_terminate_backend(%s, 5000)", [first])
    assert await backend(connections, database) != first
    assert the(connections).in_use == 1


async def test_a_smaller_budget_takes_effect(connections, postgres_server, postgres_database):
    urls = [postgres_server.url(postgres_database()) for _ in range(2)]
    for url in urls:
        await backend(connections, url)
    connections.configure({f"127.0.0.1:{postgres_server.port}": 1})
    await connections._close_before(0.0)
    assert the(connections).in_use == 1


async def test_what_was_idle_for_long_is_closed(postgres_server, database):
    connections = Connections({f"127.0.0.1:{postgres_server.port}": 2})
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        tending = group.create_task(connections.tend(idle=0.2))
        await asyncio.sleep(0)
        await backend(connections, database)
        assert connections.is_open(database)
        while the(connections).in_use:  # noqa: ASYNC110 - closing has no event
            await asyncio.sleep(0)
        assert not connections.is_open(database)
        tending.cancel()
    await connections.aclose()


async def test_a_connection_wears_out(connections, database):
    await backend(connections, database, WORN_OUT + 1)
    assert not connections.is_open(database)


@pytest.mark.parametrize(("share", "limit"), [("5%", 10), ("0.1%", 1), ("7", 7)])
async def test_a_budget_may_be_a_share_of_the_servers_own_limit(postgres_server, share, limit):
    connections = Connections({f"127.0.0.1:{postgres_server.port}": CountOrPercent.parse(share)})
    assert await connections.limit(postgres_server.url()) == limit
    connections.configure({f"127.0.0.1:{postgres_server.port}": CountOrPercent.parse("50%")})
    assert await connections.limit(postgres_server.url()) == 100
    await connections.aclose()
