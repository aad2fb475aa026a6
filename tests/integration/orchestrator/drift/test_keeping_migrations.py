"""What is kept of migrations that end together: everything, in few transactions, or the error for each of them."""

from __future__ import annotations

import asyncio

import pytest

from stillhouse_engine.schema import Snapshot
from stillhouse_orchestrator.drift.baselines import RecordingExecutor
from stillhouse_orchestrator.store import Store, StoreError
from stillhouse_orchestrator.store.testing import memory_store
from stillhouse_orchestrator.workers.executor import DatabaseSpec, Job, ProjectSpec
from stillhouse_orchestrator.workers.fake import FakeExecutor

NAMES = [f"db_{number}" for number in range(30)]
PROJECT = ProjectSpec("/srv/app", (), "migrations")


def job(name: str) -> Job:
    return Job("upgrade", PROJECT, DatabaseSpec(name, f"sqlite:///{name}.db"), "head")


def executor() -> FakeExecutor:
    fake = FakeExecutor()
    fake.snapshots = dict.fromkeys(NAMES, Snapshot("sqlite", ()).to_json())
    return fake


async def kept_of(store: Store) -> set[str]:
    async with store.read() as session:
        found = [await session.baselines.get(name, ("r3",)) for name in NAMES]
    return {baseline.target for baseline in found if baseline is not None}


async def run_all(recording: RecordingExecutor) -> list[object]:
    return await asyncio.gather(*(recording.run(job(name)) for name in NAMES), return_exceptions=True)


async def test_migrations_that_end_together_share_a_transaction(monkeypatch):
    async with memory_store() as store:
        begun, transaction = [], store._transaction
        monkeypatch.setattr(store, "_transaction", lambda: begun.append(1) or transaction())
        assert all(outcome.ok for outcome in await run_all(RecordingExecutor(executor(), store)))
        assert await kept_of(store) == set(NAMES)
        assert len(begun) < len(NAMES) / 5


async def test_each_hears_that_nothing_could_be_kept(monkeypatch):
    async with memory_store() as store:

        def broken() -> None:
            raise StoreError("the disk is full")

        monkeypatch.setattr(store, "_transaction", broken)
        outcomes = await run_all(RecordingExecutor(executor(), store))
        monkeypatch.undo()
    assert all(isinstance(outcome, StoreError) for outcome in outcomes)


async def test_who_is_cancelled_takes_nobody_along():
    async with memory_store() as store:
        recording = RecordingExecutor(executor(), store)
        async with store._writing:
            tasks = [asyncio.create_task(recording.run(job(name))) for name in NAMES]
            for _ in range(20):
                await asyncio.sleep(0)
            tasks[0].cancel()
            await asyncio.wait(tasks[:1])
        await asyncio.gather(*tasks[1:])
        assert await kept_of(store) == set(NAMES)
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]
