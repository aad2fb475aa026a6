"""A rollout whose process is killed again and again comes to its end: nothing lost, nothing applied twice.

``STILLHOUSE_KILLS=200`` kills that often.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from pathlib import Path

import pytest
from rollout_bench import REVISIONS, BenchExecutor

from stillhouse_orchestrator.events import EventName
from stillhouse_orchestrator.store import HistoryQuery, OwnerBusyError, Store
from stillhouse_orchestrator.values import MemberState, RolloutState

PROGRAM = Path(__file__).with_name("dying_rollout.py")
KILLS = int(os.environ.get("STILLHOUSE_KILLS", "8"))
TARGETS = 8


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def state_url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'state.db'}"
    database = request.getfixturevalue("postgres_database")()
    return request.getfixturevalue("postgres_server").url(database)


async def attempt(state_url, folder, moment):
    """Run the program until it ends or kills itself; return its exit code."""
    command = [sys.executable, PROGRAM, state_url, folder, str(TARGETS), str(moment)]
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    async with asyncio.timeout(60):
        _, errors = await process.communicate()
    if process.returncode == 1 and b"OwnerBusyError" in errors:  # PostgreSQL has not noticed the last death yet
        return await attempt(state_url, folder, moment)
    assert process.returncode in (0, -signal.SIGKILL), errors.decode()
    return process.returncode


async def opened(state_url):
    async with asyncio.timeout(60):
        while True:
            try:
                async with Store.open(state_url, holder="test") as store, store.read() as session:
                    events = await session.history.newest(HistoryQuery(rollout_id="r-1", limit=10_000))
                    return await session.rollouts.get("r-1"), events
            except OwnerBusyError:
                await asyncio.sleep(0)


async def test_a_rollout_survives_any_number_of_kills(state_url, tmp_path):
    moments, kills = random.Random(7), 0
    while kills < KILLS and await attempt(state_url, tmp_path, moments.randint(1, 14)) != 0:
        kills += 1
    assert kills > 3
    assert await attempt(state_url, tmp_path, 0) == 0
    rollout, events = await opened(state_url)
    assert rollout.state is RolloutState.SUCCEEDED
    assert {member.state for member in rollout.members()} == {MemberState.DONE}
    executor = BenchExecutor(tmp_path)
    assert {tuple(executor.applied(name)) for name in rollout.targets} == {REVISIONS}
    finished = [event.target for event in events if event.name is EventName.MEMBER_FINISHED]
    assert sorted(finished) == sorted(rollout.targets)
