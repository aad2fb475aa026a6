"""Promise: ``op`` belongs to the task or thread that migrates, so any number of migrations run at once."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from stillhouse_engine import op
from stillhouse_engine.operations import Operations
from stillhouse_engine.runtime.migration import MigrationContext

THREADS = 8
TASKS = 100
TABLES = 6


def upgrade(connection: sa.Connection, mark: int) -> None:
    with Operations.context(MigrationContext.configure(connection)):
        for number in range(TABLES):
            made = op.create_table(f"t{number}", sa.Column("mark", sa.Integer))
            op.bulk_insert(made, [{"mark": mark}])
        with op.batch_alter_table("t0") as batch:
            batch.alter_column("mark", nullable=False)
    connection.commit()


def marks(connection: sa.Connection) -> list[int]:
    return [connection.exec_driver_sql(f"SELECT mark FROM t{number}").scalar_one() for number in range(TABLES)]


def test_threads_migrate_their_own_databases(tmp_path):
    def migrate(mark: int) -> list[int]:
        engine = sa.create_engine(f"sqlite:///{tmp_path / str(mark)}.db")
        try:
            with engine.connect() as connection:
                upgrade(connection, mark)
                return marks(connection)
        finally:
            engine.dispose()

    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(migrate, range(THREADS))) == [[mark] * TABLES for mark in range(THREADS)]


async def test_tasks_migrate_their_own_databases(tmp_path):
    async def migrate(mark: int) -> list[int]:
        engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / str(mark)}.db")
        try:
            async with engine.connect() as connection:
                await connection.run_sync(upgrade, mark)
                return await connection.run_sync(marks)
        finally:
            await engine.dispose()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(migrate(mark)) for mark in range(TASKS)]
    assert [task.result() for task in tasks] == [[mark] * TABLES for mark in range(TASKS)]


@pytest.mark.postgresql
async def test_a_coroutine_gets_the_asynchronous_connection(postgres_server, postgres_database):
    seen: list[Any] = []

    async def fill(connection: Any, table: str, *, value: int) -> str:
        await connection.execute(sa.text(f"INSERT INTO {table} VALUES (:value)"), {"value": value})
        seen.append((await connection.execute(sa.text(f"SELECT a FROM {table}"))).scalar_one())
        return "filled"

    def change(connection: sa.Connection) -> None:
        with Operations.context(MigrationContext.configure(connection)):
            op.create_table("t", sa.Column("a", sa.Integer))
            assert op.run_async(fill, "t", value=5) == "filled"
            op.add_column("t", sa.Column("b", sa.Integer))

    engine = create_async_engine(postgres_server.url(postgres_database()))
    try:
        async with engine.begin() as connection:
            await connection.run_sync(change)
    finally:
        await engine.dispose()
    assert seen == [5]


def test_a_coroutine_needs_an_asynchronous_driver(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'one.db'}")
    with engine.connect() as connection, pytest.raises(NotImplementedError, match="Cannot call run_async with a sync"):
        Operations(MigrationContext.configure(connection)).run_async(asyncio.sleep)
    engine.dispose()
