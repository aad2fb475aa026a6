"""How many connections the daemon may have on one server, whoever needs them, the most urgent first."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from contextlib import asynccontextmanager
from enum import IntEnum
from typing import TYPE_CHECKING

from stillhouse_orchestrator.errors import ConnectionFailedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable


class Priority(IntEnum):
    """Who goes first when a server's budget is spent."""

    ROLLOUT = 0
    COMMAND = 1
    CHECK = 2


class Budget:
    """A semaphore with priorities whose size may change.

    Attributes:
        server: what it limits.
        limit: how many may be held at once.
        in_use: how many are held, those of connections that are only kept open included.
        reclaim: closes a connection that is only kept open, and tells whether there was one; asked before anybody has to wait.
    """

    def __init__(self, server: str, limit: int) -> None:
        self.server = server
        self.limit = max(1, limit)
        self.in_use = 0
        self.reclaim: Callable[[], Awaitable[bool]] | None = None
        self._order = itertools.count()
        self._queue: list[tuple[int, int, asyncio.Future[None]]] = []

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(not future.done() for _, _, future in self._queue)

    @asynccontextmanager
    async def hold(self, priority: Priority = Priority.COMMAND) -> AsyncIterator[None]:
        """Hold one connection's worth of the budget for the block.

        Args:
            priority: who goes first among those that wait.
        """
        await self.acquire(priority)
        try:
            yield
        finally:
            self.release()

    def release(self) -> None:
        """Give back what ``acquire`` took."""
        self.in_use -= 1
        self._wake()

    def resize(self, limit: int) -> None:
        """Change the budget; what is held above a smaller one is given back as it ends."""
        self.limit = max(1, limit)
        self._wake()

    async def acquire_within(self, seconds: float, priority: Priority) -> None:
        """Take one connection's worth of the budget, unless that takes too long.

        Raises:
            ConnectionFailedError: of kind ``budget``.
        """
        try:
            async with asyncio.timeout(seconds):
                await self.acquire(priority)
        except TimeoutError:
            hint = (
                f"it is looked at again later; max_connections under servers.{self.server} says how many there may be"
            )
            raise ConnectionFailedError("budget", self.server, self.full(), hint) from None

    def full(self) -> str:
        """Say why somebody waits."""
        return f"server budget: all {self.limit} connections to {self.server} are in use"

    async def acquire(self, priority: Priority = Priority.COMMAND) -> None:
        """Take one connection's worth of the budget; see ``hold``."""
        while self.in_use >= self.limit and self.reclaim is not None and await self.reclaim():
            pass
        if self.in_use < self.limit and not self.waiting:
            self.in_use += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._queue, (priority, next(self._order), turn))
        try:
            await turn  # whoever wakes us has counted us in
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.in_use -= 1
                self._wake()
            raise

    def _wake(self) -> None:
        while self._queue and self.in_use < self.limit:
            _, _, turn = heapq.heappop(self._queue)
            if not turn.done():
                self.in_use += 1
                turn.set_result(None)
