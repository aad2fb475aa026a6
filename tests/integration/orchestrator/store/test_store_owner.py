"""Two owners never act at once, and an owner that lost its hold writes nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from stalling import SilentServer

from stillhouse_orchestrator.store import (
    OwnerBusyError,
    OwnershipLostError,
    Store,
    StoreOutdatedError,
    StoreUnavailableError,
    owner,
)

OWNER = """
import asyncio, sys
from stillhouse_orchestrator.store import Store

async def main():
    async with Store.open(sys.argv[1], holder="another process", lease=float(sys.argv[2])) as store:
        print("owner", store.ownership.token, flush=True)
        if sys.argv[3] == "write":
            async with store.write():
                print("writing", flush=True)
                await asyncio.Event().wait()
        await asyncio.Event().wait()

asyncio.run(main())
"""


END_WRITES = "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE mode = 'RowShareLock'"


@pytest.fixture
def other_owner(state_url):
    started = []

    def start(lease=30.0, then="wait"):
        process = subprocess.Popen(
            [sys.executable, "-c", OWNER, state_url, str(lease), then], stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout.readline().startswith("owner")
        if then == "write":
            assert process.stdout.readline() == "writing\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


async def own_when_free(state_url, lease=30.0):
    """Open the store as soon as a dying owner's lock is gone."""
    async with asyncio.timeout(60):
        while True:
            try:
                async with Store.open(state_url, holder="test", lease=lease) as store:
                    return store.ownership.token
            except OwnerBusyError:
                await asyncio.sleep(0)


async def test_a_second_owner_is_refused_and_told_who_holds_it(state_url, other_owner):
    other_owner()
    with pytest.raises(OwnerBusyError, match="another process") as caught:
        async with Store.open(state_url, holder="test"):
            pass
    assert caught.value.hint


async def test_a_machine_whose_clock_is_ahead_takes_nothing_over(state_url, other_owner, monkeypatch):
    other_owner()
    monkeypatch.setattr(owner, "now", lambda: datetime.now(UTC) + timedelta(hours=1))
    with pytest.raises(OwnerBusyError):
        async with Store.open(state_url, holder="test"):
            pass


async def test_the_lock_dies_with_its_holder(state_url, other_owner):
    holder = other_owner()
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert await own_when_free(state_url) == 2


async def test_a_killed_writer_leaves_nothing_locked(state_url, other_owner):
    holder = other_owner(then="write")
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert await own_when_free(state_url) == 2


async def test_a_reader_needs_no_lock(state_url, other_owner):
    other_owner()
    async with Store.open_to_read(state_url) as store, store.read() as session:
        assert await session.targets.all() == []


async def test_tokens_grow_with_each_owner(state_url):
    tokens = []
    for _ in range(3):
        async with Store.open(state_url, holder="test") as store:
            tokens.append(store.ownership.token)
    assert tokens == [1, 2, 3]


async def test_an_owner_whose_token_is_old_writes_nothing(store, state_url):
    raw = sa.create_engine(state_url.replace("+aiosqlite", "").replace("+asyncpg", "+psycopg"))
    with raw.begin() as connection:
        connection.exec_driver_sql("UPDATE owner SET token = token + 1")
    raw.dispose()
    with pytest.raises(OwnershipLostError):
        async with store.write():
            pass
    assert store.ownership.lost.is_set()


@pytest.mark.postgresql
@pytest.mark.parametrize("state_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("then", ["wait", "write"])
async def test_a_frozen_owner_is_fenced_off(state_url, other_owner, then):
    holder = other_owner(lease=0.5, then=then)
    os.kill(holder.pid, signal.SIGSTOP)
    try:
        assert await own_when_free(state_url, lease=0.5) == 2
    finally:
        os.kill(holder.pid, signal.SIGCONT)


@pytest.mark.postgresql
@pytest.mark.parametrize("state_url", ["postgresql"], indirect=True)
async def test_an_owner_notices_that_its_lock_session_is_gone(state_url, postgres_admin):
    async with Store.open(state_url, holder="test", lease=0.3) as store:
        with postgres_admin.connect() as admin:
            admin.exec_driver_sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        async with asyncio.timeout(60):
            await store.ownership.lost.wait()
        with pytest.raises(OwnershipLostError):
            async with store.write():
                pass


@pytest.mark.postgresql
async def test_a_store_whose_server_falls_silent_is_unavailable_and_lets_go(postgres_server, postgres_database):
    server = SilentServer(postgres_server.port)
    url = f"postgresql://postgres@127.0.0.1:{server.port}/{postgres_database()}?command_timeout=0.3"
    try:
        async with asyncio.timeout(60), Store.open(url, holder="test", lease=0.3) as store:
            server.fall_silent()
            with pytest.raises(StoreUnavailableError, match="does not answer"):
                async with store.read() as session:
                    await session.targets.all()
            await store.ownership.lost.wait()
    finally:
        server.close()


async def test_a_heartbeat_keeps_the_lease(state_url):
    async with Store.open(state_url, holder="test", lease=0.3) as store:
        query = sa.text("SELECT heartbeat_at FROM owner")
        async with store.read() as session:
            first = await session.connection.scalar(query)
        async with asyncio.timeout(60):
            while True:
                async with store.read() as session:
                    if await session.connection.scalar(query) != first:
                        break
        assert not store.ownership.lost.is_set()


async def test_reading_a_store_that_was_never_upgraded_says_so(postgres_server, postgres_database):
    url = postgres_server.url(postgres_database())
    with pytest.raises(StoreOutdatedError, match="needs 0003"):
        async with Store.open_to_read(url):
            pass


async def test_a_store_that_a_newer_version_has_written_is_left_alone(state_url):
    async with Store.open(state_url, holder="old") as store, store.write() as session:
        await session.connection.execute(sa.text("UPDATE stillhouse_version SET version_num = '9999'"))
    for opening in (Store.open(state_url, holder="old"), Store.open_to_read(state_url)):
        with pytest.raises(StoreOutdatedError) as raised:
            async with opening:
                pass
        assert "a newer Stillhouse" in raised.value.hint


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite:////nowhere/at/all.db", "does not exist yet"),
        ("mysql://root@localhost/x", "SQLite or PostgreSQL"),
        ("what?", "not a database URL"),
        ("postgresql://ann:secret@127.0.0.1:1/x", "127.0.0.1:1"),
    ],
)
async def test_a_store_that_cannot_be_opened_says_where_and_why(url, words):
    with pytest.raises(StoreUnavailableError, match=words) as caught:
        async with Store.open_to_read(url):
            pass
    assert "secret" not in str(caught.value)


async def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailableError, match=r"[Nn]ot a directory|exists"):
        async with Store.open(f"sqlite:///{tmp_path / 'file' / 'state.db'}", holder="test"):
            pass


async def test_a_file_that_is_no_database_is_a_clear_error(tmp_path):
    (tmp_path / "state.db").write_text("hello " * 1000)
    with pytest.raises(StoreUnavailableError, match="not a database"):
        async with Store.open(f"sqlite:///{tmp_path / 'state.db'}", holder="test"):
            pass


async def write_and_be_cut_off(store, admin, *, taken=False):
    """Begin a write, and end its session on the server; another owner may have taken over as well."""
    async with store.write():
        with admin.connect() as connection:
            connection.exec_driver_sql(END_WRITES)
        if taken:
            async with store._engine.begin() as other:
                await other.exec_driver_sql("UPDATE owner SET token = token + 1")


@pytest.mark.postgresql
@pytest.mark.parametrize("state_url", ["postgresql"], indirect=True)
async def test_a_write_that_is_cut_off_says_whether_another_owner_did_it(state_url, postgres_admin):
    async with Store.open(state_url, holder="test") as store:
        with pytest.raises(StoreUnavailableError, match="cannot be used"):
            await write_and_be_cut_off(store, postgres_admin)
        with pytest.raises(OwnershipLostError):
            await write_and_be_cut_off(store, postgres_admin, taken=True)
