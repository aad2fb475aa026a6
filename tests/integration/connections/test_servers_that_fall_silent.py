"""Servers that stop answering in the middle of something: what is given up is over at once, and asks them nothing more."""

import asyncio

import pytest
import sqlalchemy as sa
from stalling import SilentServer

from stillhouse_orchestrator.connections import Connections
from stillhouse_orchestrator.connections.opening import Opener
from stillhouse_orchestrator.errors import ConnectionFailedError

SECONDS = 0.3
LONG = 20  # seconds that nothing here takes; what waits for the server takes them all
PING = {"postgres": b"\0;\0", "mariadb": b"\1\0\0\0\x0e"}
"""The statement of a driver's ping, which comes after its BEGIN, or its command."""
LEARNING = {"postgres": b"pg_catalog.version", "mariadb": b"@@"}
"""What a new connection asks about the server."""


@pytest.fixture(
    params=[
        pytest.param("postgres", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ]
)
def kind(request):
    return request.param


@pytest.fixture
def behind(request, kind):
    return request.getfixturevalue(f"{kind}_server")


@pytest.fixture
def server(behind):
    found = SilentServer(behind.port)
    yield found
    found.close()


@pytest.fixture
def url(request, kind, behind, server):
    database = request.getfixturevalue(f"{kind}_database")()
    return behind.url(database).replace(str(behind.port), str(server.port))


@pytest.fixture
async def connections(server):
    found = Connections({f"127.0.0.1:{server.port}": 2})
    async with asyncio.timeout(LONG), found.keeping():
        yield found
    await found.aclose()


def in_use(connections: Connections) -> int:
    return sum(budget.in_use for budget in connections.budgets.values())


async def test_while_a_kept_connection_is_asked_whether_it_lives(connections, server, url, kind):
    async with connections.visit(url):
        pass
    server.fall_silent(at=PING[kind])
    with pytest.raises(ConnectionFailedError, match="no answer within"):
        async with connections.visit(url, seconds=SECONDS):
            pass
    assert in_use(connections) == 0


async def test_while_somebody_asks_something(connections, server, url, kind):
    server.fall_silent(at=b"select 7")

    async def ask():
        async with connections.connect(url, seconds=SECONDS) as connection:
            raw = await connection.get_raw_connection()
            if kind == "mariadb":
                await connection.execute(sa.text("select 7"))
                return
            try:
                await raw.driver_connection.execute("select 7")
            finally:  # what is cancelled cleans up
                await raw.driver_connection.execute("select 8")

    with pytest.raises(TimeoutError):
        await ask()
    assert in_use(connections) == 0


async def test_while_the_driver_learns_what_the_server_is(server, url, kind):
    server.fall_silent(at=LEARNING[kind])
    opener = Opener(SECONDS)
    async with asyncio.timeout(LONG):
        with pytest.raises(ConnectionFailedError, match="no answer within"):
            await opener.open(url, read_only=True)
        server.fall_silent(at=b"never said")
        server.speak()
        connection = await opener.open(url, read_only=True)
        await connection.close()
        await opener.aclose()
