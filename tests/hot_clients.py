"""Clients of a hot table, and how long their queries take: what an application notices of a migration."""

from __future__ import annotations

import statistics
import threading
import time
from typing import Self

import psycopg

CLIENTS = 2
PATIENCE = 60  # seconds for as many queries as are asked for


class Clients:
    """Clients that read the table ``hot`` all the time.

    Args:
        address: of a PostgreSQL database that holds the table.
        thinking: seconds between a client's queries, lest they compete with the migration for the processor.
    """

    def __init__(self, address: str, thinking: float = 0.0) -> None:
        self._address = address
        self._thinking = thinking
        self._seconds: list[float] = []
        self._more = threading.Condition()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._work) for _ in range(CLIENTS)]

    def __enter__(self) -> Self:
        """Begin to read."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Read no more."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def take(self) -> list[float]:
        """Return how long each query took since the last time, in seconds."""
        with self._more:
            seconds, self._seconds = self._seconds, []
        return seconds

    def take_many(self, queries: int) -> list[float]:
        """Return how long each of the next queries takes; blocks until there are enough.

        Raises:
            TimeoutError: the clients do not get on.
        """
        self.take()
        with self._more:
            if not self._more.wait_for(lambda: len(self._seconds) >= queries, PATIENCE):
                raise TimeoutError(f"fewer than {queries} queries in {PATIENCE} seconds")
        return self.take()

    def _work(self) -> None:
        with psycopg.connect(self._address, autocommit=True) as connection:
            while not self._over.wait(self._thinking):
                began = time.perf_counter()
                connection.execute("select id from hot where id = 7").fetchall()
                with self._more:
                    self._seconds.append(time.perf_counter() - began)
                    self._more.notify_all()


def p99(seconds: list[float]) -> float:
    """Return the 99th percentile in milliseconds."""
    return statistics.quantiles(seconds, n=100)[98] * 1000
