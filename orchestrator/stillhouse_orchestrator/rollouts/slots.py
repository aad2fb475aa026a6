"""Connections reserved before a target starts, so that what waits for one has not started, and a pause holds it back."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from stillhouse_orchestrator.connections import Priority
from stillhouse_orchestrator.rollouts.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stillhouse_orchestrator.connections import Connections

QUEUED_AT_ONCE = 64


class Slots:
    """Places within the servers' budgets, for one rollout.

    Args:
        connections: owns the budgets.
        group: owns the tasks that wait for a place.
        granted: called when a place was granted.
    """

    def __init__(self, connections: Connections, group: asyncio.TaskGroup, granted: Callable[[], None]) -> None:
        self._connections = connections
        self._group = group
        self._granted = granted
        self._free: defaultdict[str, list[asyncio.Event]] = defaultdict(list)
        self._queued: Counter[str] = Counter()
        self._held: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._paces: defaultdict[str, Pace] = defaultdict(Pace)
        self._next_looks: dict[str, asyncio.TimerHandle] = {}
        self._waiting: set[asyncio.Task[None]] = set()
        self._gathering: asyncio.Task[None] | None = None

    @property
    def free(self) -> Mapping[str, int]:
        """Places that are reserved and not in use, by server."""
        return {server: len(places) for server, places in self._free.items()}

    def want(self, server: str, url: str, count: int) -> None:
        """Queue for places until so many are on their way, or as many as the server is worth at once."""
        for _ in range(min(count, QUEUED_AT_ONCE, self._worth(server, count)) - self._queued[server]):
            self._queued[server] += 1
            task = self._group.create_task(self._hold(server, url))
            self._waiting.add(task)
            task.add_done_callback(self._waiting.discard)

    def want_at_once(self, places: Mapping[str, tuple[str, int]]) -> None:
        """Queue for places that are of use together only: they become free at one moment.

        Args:
            places: a URL and how many places, by server.
        """
        if self._gathering is None or self._gathering.done():
            self._gathering = self._group.create_task(self._gather(places))

    def take(self, server: str) -> Callable[[], None]:
        """Use a free place; call what is returned when it is not needed any more."""
        place = self._free[server].pop()
        return lambda: self._done(server, place)

    def _worth(self, server: str, count: int) -> int:
        """Return how many more places to queue for, by the server's pace."""
        pace = self._paces[server]
        held = len(self._held[server])
        if held + count <= pace.width:
            pace.pause()
        else:
            self._look_again(server, pace.look(asyncio.get_running_loop().time()))
        return pace.width - held

    def _look_again(self, server: str, seconds: float) -> None:
        """Wake the rollout although nothing ends: long migrations are given company."""
        if server in self._next_looks:
            self._next_looks[server].cancel()
        self._next_looks[server] = asyncio.get_running_loop().call_later(seconds, self._granted)

    def _done(self, server: str, place: asyncio.Event) -> None:
        """Keep a place for the next target of this rollout, unless somebody else waits for one, or there are too many."""
        budget, pace = self._connections.budgets.get(server), self._paces[server]
        pace.ended()
        if budget is None or budget.waiting > self._queued[server] or len(self._held[server]) > pace.width:
            self._give(server, place)
        else:
            self._free[server].append(place)

    def give_back(self) -> None:
        """Give back every place that is free: nobody needs it at this moment."""
        for server, places in self._free.items():
            while places:
                self._give(server, places.pop())

    def _give(self, server: str, place: asyncio.Event) -> None:
        self._held[server].discard(place)
        place.set()

    def stop_gathering(self) -> None:
        """Do not wait for places together any more, and give back those that are there."""
        if self._gathering is not None:
            self._gathering.cancel()

    def close(self) -> None:
        """Give everything back, and stop waiting."""
        self.give_back()
        self.stop_gathering()
        for task in self._waiting:
            task.cancel()
        for handle in self._next_looks.values():
            handle.cancel()

    async def _gather(self, places: Mapping[str, tuple[str, int]]) -> None:
        """Hold places until all are there, then hand them over at one moment.

        One rollout at a time gathers, or two would wait for each other with half of what they need.
        """
        wanted = [(server, url) for server, (url, count) in places.items() for _ in range(count)]
        held: list[tuple[str, asyncio.Event]] = []
        everything = asyncio.Event()

        async def hold(server: str, url: str) -> None:
            async with self._connections.hold(url, Priority.ROLLOUT):
                over = asyncio.Event()
                held.append((server, over))
                if len(held) == len(wanted):
                    everything.set()
                await over.wait()

        tasks: list[asyncio.Task[None]] = []
        try:
            async with self._connections.gathering:
                tasks += [self._group.create_task(hold(server, url)) for server, url in wanted]
                await everything.wait()
        except asyncio.CancelledError:
            for task in tasks:
                task.cancel()
            raise
        for server, over in held:
            self._free[server].append(over)
        self._granted()

    async def _hold(self, server: str, url: str) -> None:
        async with self._connections.hold(url, Priority.ROLLOUT):
            self._queued[server] -= 1
            over = asyncio.Event()
            self._held[server].add(over)
            self._free[server].append(over)
            self._granted()
            await over.wait()
