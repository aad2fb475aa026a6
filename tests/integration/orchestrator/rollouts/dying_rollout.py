"""Runs a rollout of imaginary databases, and kills its own process at the given moment: a program for tests.

Usage: dying_rollout.py STATE_URL FOLDER TARGETS MOMENT
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

from rollout_bench import Bench, tenants

from stillhouse_orchestrator.errors import NotFoundError
from stillhouse_orchestrator.events import now
from stillhouse_orchestrator.rollouts import signals as s
from stillhouse_orchestrator.store import Store
from stillhouse_orchestrator.values import RolloutState

STRATEGY = """
strategies:
  waves:
    - wave: {match: "ring=0", max_failures: 0}
    - wave: {rest: true, max_parallel: 3, max_failures: 0}
"""


class Moments:
    """Counts the moments at which a process may die, and dies at one of them."""

    def __init__(self, last: int) -> None:
        self.left = last

    def point(self, _where: str) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def dangerous(store: Store, moments: Moments) -> None:
    """Let the process die before or after any commit of the store."""
    write = store.write

    @contextlib.asynccontextmanager
    async def dying_write():
        async with write() as session:
            yield session
            moments.point("before a commit")
        moments.point("after a commit")

    store.write = dying_write


async def main(state_url: str, folder: str, targets: str, moment: str) -> None:
    moments = Moments(int(moment))
    async with Store.open(state_url, holder="dying") as store:
        dangerous(store, moments)
        bench = Bench(store, Path(folder), tenants(int(targets), STRATEGY))
        bench.executor.point = moments.point
        try:
            rollout = await bench.service.get("r-1")
        except NotFoundError:
            rollout = await bench.create("waves")
        if rollout.state is RolloutState.DRAFT:
            await bench.service.say("r-1", s.Start("ann", now()))
        await bench.service.run("r-1")


asyncio.run(main(*sys.argv[1:]))
