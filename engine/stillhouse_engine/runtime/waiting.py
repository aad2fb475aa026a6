"""Waiting and driver calls that work on a thread and, without blocking the loop, inside SQLAlchemy's greenlet bridge."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy.util import await_only

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator

    from sqlalchemy import Connection, Dialect


def pause(dialect: Dialect, seconds: float) -> None:
    """Wait; an asynchronous driver's migration lets its event loop run meanwhile."""
    if dialect.is_async:
        await_only(asyncio.sleep(seconds))
    else:
        time.sleep(seconds)


def wait_for(awaitable: Awaitable[Any]) -> Any:
    """Wait for what an asynchronous driver answers, inside the greenlet bridge."""
    return await_only(awaitable)


def driver_connection(connection: Connection) -> Any:
    """Return the driver's own connection object, below SQLAlchemy's adapters."""
    return connection.connection.driver_connection


@dataclass(frozen=True, slots=True)
class Backoff:
    """Full-jitter backoff: each delay is drawn between a pause and a bound that grows.

    While a try waits for its lock, whoever comes after it waits, too. Tries in a row would keep an application from its table
    for longer than the ``lock_timeout`` says; in the pause, what has queued up gets through.

    Attributes:
        pause: the shortest delay, in seconds, unless the bound is shorter.
        first: the first bound, in seconds.
        growth: factor from one bound to the next.
        longest: the largest bound, in seconds.
        attempts: how many times to try in all.
        total: seconds after which no further try starts.
    """

    pause: float = 0.4
    first: float = 0.5
    growth: float = 1.5
    longest: float = 5.0
    attempts: int = 30
    total: float = 1200.0

    def bounds(self) -> Iterator[float]:
        """Yield the bound of each delay."""
        bound = self.first
        for _ in range(self.attempts - 1):
            yield bound
            bound = min(bound * self.growth, self.longest)

    def delays(self, clock: Any = time.monotonic, draw: Any = random.uniform) -> Iterator[float]:
        """Yield the seconds to wait before each further try, until attempts or time are used up."""
        end = clock() + self.total
        for bound in self.bounds():
            delay = draw(min(self.pause, bound), bound)
            if clock() + delay > end:
                return
            yield delay
