"""The queue between ticks and work: a tick that is already waiting or running is not queued a second time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stillhouse_orchestrator.scheduling.ticks import Tick


class WorkQueue:
    """Holds due ticks in order, each key once."""

    def __init__(self) -> None:
        self._due: asyncio.Queue[Tick] = asyncio.Queue()
        self._waiting: set[str] = set()
        self._running: set[str] = set()

    def put(self, tick: Tick) -> bool:
        """Queue a tick, unless the same one is waiting or still running; tell whether it was queued."""
        if tick.key in self._waiting or tick.key in self._running:
            return False
        self._waiting.add(tick.key)
        self._due.put_nowait(tick)
        return True

    async def get(self) -> Tick:
        """Wait for the next tick; it counts as running until ``done``."""
        tick = await self._due.get()
        self._waiting.discard(tick.key)
        self._running.add(tick.key)
        return tick

    def done(self, tick: Tick) -> None:
        """Say that a tick's work has ended, however it ended."""
        self._running.discard(tick.key)

    @property
    def busy(self) -> bool:
        """Tell whether anything waits or runs."""
        return bool(self._waiting or self._running)
