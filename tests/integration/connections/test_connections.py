from __future__ import annotations

import asyncio
import contextlib
import gc
import sqlite3

import pytest
import sqlalchemy as sa

import servers
from stillhouse_orchestrator.connections import Connections
from stillhouse_orchestrator.errors import ConnectionFailedError


@pytest.fixture
async def connections():
    connections = Connections(connect_timeout=5)
    yield connections
    await connections.aclose()


async def refusal(connections: Connections, url: str, query: str = "select 1", **options) -> ConnectionFailedError:
    try:
        async with connections.connect(url, **options) as connection:
            await connection.exec_driver_sql(query)
            await connection.commit()
    except ConnectionFailedError as error:
        return error
    pytest.fail(f"nothing refused {query!r}")


@pytest.mark.postgresql
async def test_many_databases_share_one_engine_and_stay_apart(connections, postgres_server, postgres_database):
    names = [postgres_database() for _ in range(6)]

    async def ask(name: str) -> str:
        async with connections.connect(postgres_server.url(name, "psycopg")) as connection:
            return (await connection.exec_driver_sql("select current_database()")).scalar_one()

    assert await asyncio.gather(*map(ask, names)) == names
    assert len(connections._opener._engines) == 1


@pytest.mark.postgresql
async def test_the_default_budget_is_a_tenth_of_the_servers_own_limit(connections, postgres_server):
    async with connections.connect(postgres_server.url()):
        pass
    assert [budget.limit for budget in connections.budgets.values()] == [20]


@pytest.mark.postgresql
async def test_the_fleet_files_limit_wins_and_holds(postgres_server):
    server = f"127.0.0.1:{postgres_server.port}"
    connections = Connections({server: 2})
    most = 0

    async def use() -> None:
        nonlocal most
        async with connections.connect(postgres_server.url()) as connection:
            most = max(most, connections.budgets[server].in_use)
            await connection.exec_driver_sql("select 1")

    await asyncio.gather(*(use() for _ in range(6)))
    assert most == 2
    async with connections.hold(postgres_server.url()), connections.hold(postgres_server.url()):
        with pytest.raises(ConnectionFailedError, match=f"budget: all 2 connections to {server} are in use") as caught:
            async with connections.visit(postgres_server.url(), seconds=0.01):
                raise AssertionError
    assert caught.value.kind == "budget"
    await connections.aclose()


@pytest.mark.postgresql
async def test_reading_connections_cannot_write(connections, postgres_server):
    error = await refusal(connections, postgres_server.url(), "create table x (a int)")
    assert error.kind == "read_only"


@pytest.mark.postgresql
async def test_writing_connections_can(connections, postgres_server, postgres_database):
    async with connections.connect(postgres_server.url(postgres_database()), read_only=False) as connection:
        await connection.exec_driver_sql("create table x (a int)")
        await connection.commit()


@pytest.mark.postgresql
async def test_postgresqls_refusals_are_told_apart(connections, postgres_server):
    missing = await refusal(connections, postgres_server.url("nowhere"))
    assert (missing.kind, missing.reason) == ("unknown_database", 'database "nowhere" does not exist')
    assert "create the database" in (missing.hint or "")
    stranger = await refusal(connections, f"postgresql://bob:geheim@127.0.0.1:{postgres_server.port}/postgres")
    assert stranger.kind == "wrong_password"
    assert "geheim" not in str(stranger)
    unreachable = await refusal(connections, f"postgresql://bob:geheim@127.0.0.1:{servers.free_port()}/postgres")
    assert unreachable.kind == "unreachable"
    nowhere = await refusal(connections, "postgresql://bob:geheim@nowhere.invalid/postgres")
    assert nowhere.kind == "unreachable"
    assert "geheim" not in str(nowhere)


@pytest.mark.postgresql
async def test_wrong_password_and_full_server():
    with servers.postgres({"max_connections": "4", "superuser_reserved_connections": "1"}) as server:
        connections = Connections({f"127.0.0.1:{server.port}": 9})
        admin = sa.create_engine(server.url(driver="psycopg"), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.exec_driver_sql("create role app login password 'richtig'")
        data = server.folder / "data" / "pg_hba.conf"
        data.write_text("host all app 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n")
        with admin.connect() as connection:
            connection.exec_driver_sql("select pg_reload_conf()")
        admin.dispose()
        app = f"postgresql://app:%s@127.0.0.1:{server.port}/postgres"
        wrong = await refusal(connections, app % "falsches")
        assert wrong.kind == "wrong_password"
        assert "falsches" not in str(wrong)
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(3):
                await stack.enter_async_context(connections.connect(app % "richtig"))
            full = await refusal(connections, app % "richtig")
        assert full.kind == "too_many_connections"
        await connections.aclose()


@pytest.mark.mariadb
async def test_mariadbs_refusals_are_told_apart(connections, mariadb_server):
    assert (await refusal(connections, mariadb_server.url("nowhere", "pymysql"))).kind == "unknown_database"
    stranger = f"mysql+pymysql://bob:geheim@127.0.0.1:{mariadb_server.port}/"
    assert (await refusal(connections, stranger)).kind == "wrong_password"
    gone = f"mysql+pymysql://bob:geheim@127.0.0.1:{servers.free_port()}/x"
    assert (await refusal(connections, gone)).kind == "unreachable"
    async with connections.connect(mariadb_server.url("mysql")):
        assert connections.budgets[f"127.0.0.1:{mariadb_server.port}"].limit in (4, 30)
    gc.collect()  # asyncmy leaves refused sockets to the collector, which needs the loop that they belong to
    await asyncio.sleep(0)


async def test_a_server_that_never_answers_is_a_timeout():
    left = asyncio.Event()

    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()
        left.set()

    async with await asyncio.start_server(silence, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        connections = Connections({f"127.0.0.1:{port}": 1}, connect_timeout=0.2)
        error = await refusal(connections, f"postgresql://app:geheim@127.0.0.1:{port}/users")
        await left.wait()
    await connections.aclose()
    assert error.kind == "timeout"
    assert error.where == f"postgresql+asyncpg://app:***@127.0.0.1:{port}/users"


async def test_a_missing_sqlite_file_is_reported_and_not_made(connections, tmp_path):
    error = await refusal(connections, f"sqlite:///{tmp_path / 'missing.db'}")
    assert error.kind == "missing_file"
    assert not (tmp_path / "missing.db").exists()


async def test_sqlites_refusals_are_told_apart(connections, tmp_path):
    path = tmp_path / "users.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("create table users (id int)")
        url = f"sqlite:///{path}?timeout=0.1"
        assert (await refusal(connections, url, "insert into users values (1)")).kind == "read_only"
        holder.execute("begin exclusive")
        assert (await refusal(connections, url, "select * from users")).kind == "locked"
    (tmp_path / "text.db").write_text("no database at all " * 100)
    assert (await refusal(connections, f"sqlite:///{tmp_path / 'text.db'}", "select * from x")).kind == "not_a_database"


async def test_a_kind_of_database_without_a_driver_is_refused(connections):
    error = await refusal(connections, "oracle://app:geheim@db/users")
    assert (error.kind, "geheim" in str(error)) == ("unsupported", False)
