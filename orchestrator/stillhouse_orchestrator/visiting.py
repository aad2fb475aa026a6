"""Looks at many targets: one connection per database, however many targets are schemas of it, inside the servers' budgets.

Schemas of one database are looked at many at once, with the same few statements. A statement that fails is repeated for
halves of them, until it is known whose fault it is.

A server that hangs or is down keeps nobody waiting but itself: what was found elsewhere is passed on meanwhile, and a server
that has left two looks in a row without an answer is given up for this round.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from stillhouse_orchestrator.connections import FILES, Priority, place_of, server_of
from stillhouse_orchestrator.connections.kept import WORN_OUT
from stillhouse_orchestrator.connections.opening import failed, hang_up, patience, unanswered
from stillhouse_orchestrator.errors import ConnectionFailedError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import timedelta

    from sqlalchemy.ext.asyncio import AsyncConnection

    from stillhouse_config import TargetDeclaration
    from stillhouse_orchestrator.connections import Connections

Found = TypeVar("Found")
Item = TypeVar("Item")
TOGETHER = 500  # targets of one visit; each statement about many schemas reads the whole catalogue once
LULL_SECONDS = 3.0  # when nothing was found for so long, what was found before is passed on
OUT_OF_REACH = frozenset({"timeout", "unreachable"})  # which is a matter of the server, not of one database
PATIENCE = 2  # looks in a row that a server may leave without an answer


@dataclass
class Queue:
    """The databases of one server that wait for a look.

    Attributes:
        server: ``host:port``.
        databases: URLs and targets; those with an open connection come last, and so first.
        priority: of the looks.
        patience: looks in a row that may be left without an answer.
        unanswered: looks in a row that were.
        last: how the last of these failed.
    """

    server: str
    databases: list[tuple[str, list[TargetDeclaration]]]
    priority: Priority
    patience: int = PATIENCE
    unanswered: int = 0
    last: ConnectionFailedError | None = None

    @property
    def given_up(self) -> bool:
        """Tell whether the server hangs; the file system never does as a whole."""
        return self.unanswered >= self.patience and self.server != FILES

    @property
    def waits(self) -> bool:
        """Tell whether there is a database to look at now."""
        return bool(self.databases) and not self.given_up

    def refusal(self) -> ConnectionFailedError:
        """Return why what still waits is not asked."""
        assert self.last is not None  # noqa: S101 - it was what made us give up
        reason = f"not asked, because its server does not answer others either: {self.last.reason}"
        return ConnectionFailedError(self.last.kind, self.server, reason, self.last.hint)


class Visits(Generic[Found]):
    """One round of looking at targets.

    Args:
        connections: the daemon's way to databases.
        visit: looks at some targets of one database on an open connection, and returns what it found by name.
        absent: says what it means when the target's SQLite file does not exist yet.
        refused: says what it means when the target cannot be looked at.
        patience: how long a target's database may let such a look wait: for a connection, and for its answers.
    """

    def __init__(
        self,
        connections: Connections,
        visit: Callable[[AsyncConnection, Sequence[TargetDeclaration]], Awaitable[Mapping[str, Found]]],
        absent: Callable[[TargetDeclaration], Found],
        refused: Callable[[TargetDeclaration, ConnectionFailedError], Found],
        patience: Callable[[TargetDeclaration], timedelta],
    ) -> None:
        self._connections = connections
        self._visit = visit
        self._absent = absent
        self._refused = refused
        self._patience = patience

    async def arrivals(
        self, targets: Iterable[TargetDeclaration], priority: Priority = Priority.CHECK
    ) -> AsyncGenerator[dict[str, Found], None]:
        """Look at all of them and yield what was found, by target name: at once, unless some let the others wait.

        Close it (``contextlib.aclosing``), or what was begun goes on.
        """
        found: dict[str, Found] = {}
        looking = asyncio.create_task(self._all(targets, found, priority))
        try:
            while not looking.done():
                count = len(found)
                await asyncio.wait([looking], timeout=LULL_SECONDS)
                if found and (looking.done() or len(found) == count):
                    some = dict(found)
                    found.clear()
                    yield some
            looking.result()
        finally:
            looking.cancel()
            await asyncio.wait([looking])

    async def _all(self, targets: Iterable[TargetDeclaration], found: dict[str, Found], priority: Priority) -> None:
        by_server: defaultdict[str, defaultdict[str, list[TargetDeclaration]]] = defaultdict(lambda: defaultdict(list))
        for target in targets:
            url = target.url.reveal()
            by_server[server_of(url)][url].append(target)
        async with asyncio.TaskGroup() as group:
            for server, databases in by_server.items():
                patience = 1 if server in self._connections.silent else PATIENCE
                urls = sorted(databases, key=self._connections.is_open)
                queue = Queue(server, [(url, databases[url]) for url in urls], priority, patience)
                group.create_task(self._server(queue, found))

    async def _server(self, queue: Queue, found: dict[str, Found]) -> None:
        """Look at all databases of a server, or give it up."""
        while queue.waits:
            room = self._connections.room(queue.databases[-1][0])
            if room == 1:
                await self._next(queue, found)
                continue
            async with asyncio.TaskGroup() as group:
                for _ in range(min(len(queue.databases), room)):
                    group.create_task(self._take_turns(queue, found))
        if queue.given_up:
            self._connections.silent.add(queue.server)
            for _, targets in queue.databases:
                found.update({target.name: self._refused(target, queue.refusal()) for target in targets})

    async def _take_turns(self, queue: Queue, found: dict[str, Found]) -> None:
        while queue.waits:
            await self._next(queue, found)

    async def _next(self, queue: Queue, found: dict[str, Found]) -> None:
        url, targets = queue.databases.pop()
        found.update(await self._database(url, targets, queue))

    async def _database(self, url: str, targets: Sequence[TargetDeclaration], queue: Queue) -> dict[str, Found]:
        if targets[0].url.dialect == "sqlite" and await _file_is_absent(url):
            return {target.name: self._absent(target) for target in targets}
        found: dict[str, Found] = {}
        seconds = max(self._patience(target).total_seconds() for target in targets)
        try:
            for some in batched(targets, WORN_OUT):
                async with self._connections.visit(url, len(some), queue.priority, seconds) as connection:
                    for together in batched(some, TOGETHER):
                        found.update(await self._together(connection, together, seconds))
                        self._heard(queue)
            self._connections.silent.discard(place_of(targets[0]))
        except ConnectionFailedError as error:
            if error.kind == "timeout":
                self._connections.silent.add(place_of(targets[0]))
            if error.kind in OUT_OF_REACH:
                queue.unanswered, queue.last = queue.unanswered + 1, error
            elif error.kind != "budget":
                self._heard(queue)
            found.update({target.name: self._refused(target, error) for target in targets if target.name not in found})
        return found

    def _heard(self, queue: Queue) -> None:
        queue.unanswered = 0
        self._connections.silent.discard(queue.server)

    async def _together(
        self, connection: AsyncConnection, targets: Sequence[TargetDeclaration], seconds: float
    ) -> Mapping[str, Found]:
        """Look at some targets, and leave no transaction behind."""
        url = targets[0].url.reveal()
        try:
            async with patience(seconds, partial(hang_up, connection)):
                found = await self._visit(connection, targets)
                await connection.rollback()
                return found
        except TimeoutError as error:
            raise unanswered(url, seconds) from error  # amid a statement the connection is of no use for the others
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            refusal = failed(url, error)
        try:
            async with patience(seconds, partial(hang_up, connection)):
                await connection.rollback()
        except TimeoutError as error:
            raise unanswered(url, seconds) from error
        if len(targets) == 1:
            return {targets[0].name: self._refused(targets[0], refusal)}
        half = len(targets) // 2
        first = await self._together(connection, targets[:half], seconds)
        return {**first, **await self._together(connection, targets[half:], seconds)}


def batched(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Yield slices of at most some size."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def spread(targets: Sequence[TargetDeclaration]) -> list[TargetDeclaration]:
    """Return targets in an order in which every part of them has its share of every server."""
    servers = [target.server for target in targets]
    counts = Counter(servers)
    if len(counts) == 1:
        return list(targets)
    passed: Counter[str | None] = Counter()
    places = []
    for server in servers:
        passed[server] += 1
        places.append(passed[server] / counts[server])
    return [targets[number] for number in sorted(range(len(targets)), key=places.__getitem__)]


async def _file_is_absent(url: str) -> bool:
    """Tell whether an SQLite file does not exist, in a folder that does: the first migration makes it."""
    parsed = make_url(url)
    if not parsed.database or parsed.database == ":memory:":
        return False
    path = Path(parsed.database.removeprefix("file:").partition("?")[0])
    return await asyncio.to_thread(lambda: not path.exists() and path.parent.is_dir())
