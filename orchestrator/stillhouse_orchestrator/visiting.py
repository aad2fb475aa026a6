"""Looks at many targets: one connection per database, however many targets are schemas of it, inside the servers' budgets.

Schemas of one database are looked at many at once, with the same few statements. A statement that fails is repeated for
halves of them, until it is known whose fault it is.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from stillhouse_orchestrator.connections import Priority, server_of
from stillhouse_orchestrator.connections.kept import WORN_OUT
from stillhouse_orchestrator.connections.opening import failed
from stillhouse_orchestrator.errors import ConnectionFailedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from stillhouse_config import TargetDeclaration
    from stillhouse_orchestrator.connections import Connections

Found = TypeVar("Found")
Item = TypeVar("Item")
VISIT_SECONDS = 60.0  # for the targets of one statement; a snapshot of a thousand tables takes under one
TOGETHER = 500  # targets of one visit; each statement about many schemas reads the whole catalogue once


class Visits(Generic[Found]):
    """One round of looking at targets.

    Args:
        connections: the daemon's way to databases.
        visit: looks at some targets of one database on an open connection, and returns what it found by name.
        absent: says what it means when the target's SQLite file does not exist yet.
        refused: says what it means when the target cannot be looked at.
    """

    def __init__(
        self,
        connections: Connections,
        visit: Callable[[AsyncConnection, Sequence[TargetDeclaration]], Awaitable[Mapping[str, Found]]],
        absent: Callable[[TargetDeclaration], Found],
        refused: Callable[[TargetDeclaration, ConnectionFailedError], Found],
    ) -> None:
        self._connections = connections
        self._visit = visit
        self._absent = absent
        self._refused = refused

    async def all(self, targets: Iterable[TargetDeclaration], priority: Priority = Priority.CHECK) -> dict[str, Found]:
        """Look at all of them and return what was found, by target name."""
        by_url: defaultdict[str, list[TargetDeclaration]] = defaultdict(list)
        for target in targets:
            by_url[target.url.reveal()].append(target)
        by_server: defaultdict[str, list[str]] = defaultdict(list)
        for url in sorted(by_url, key=self._connections.is_open):
            by_server[server_of(url)].append(url)
        found: dict[str, Found] = {}

        async def take_turns(urls: list[str]) -> None:
            while urls:
                url = urls.pop()  # those with an open connection come last, and so first
                await self._database(url, by_url[url], found, priority)

        async with asyncio.TaskGroup() as group:
            for urls in by_server.values():
                at_once = await self._connections.limit(urls[0]) if len(urls) > 1 else 1
                for _ in range(min(len(urls), at_once)):
                    group.create_task(take_turns(urls))
        return found

    async def _database(
        self, url: str, targets: Sequence[TargetDeclaration], found: dict[str, Found], priority: Priority
    ) -> None:
        if targets[0].url.dialect == "sqlite" and await _file_is_absent(url):
            found.update({target.name: self._absent(target) for target in targets})
            return
        try:
            for some in batched(targets, WORN_OUT):
                async with self._connections.visit(url, len(some), priority) as connection:
                    for together in batched(some, TOGETHER):
                        found.update(await self._together(connection, together))
                        await connection.rollback()
        except ConnectionFailedError as error:
            found.update({target.name: self._refused(target, error) for target in targets if target.name not in found})

    async def _together(self, connection: AsyncConnection, targets: Sequence[TargetDeclaration]) -> Mapping[str, Found]:
        url = targets[0].url.reveal()
        try:
            async with asyncio.timeout(VISIT_SECONDS):
                return await self._visit(connection, targets)
        except TimeoutError as error:
            raise failed(url, error) from error  # the connection is in the middle of a statement: no use for the others
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            if len(targets) == 1:
                return {targets[0].name: self._refused(targets[0], failed(url, error))}
        await connection.rollback()
        half = len(targets) // 2
        first = await self._together(connection, targets[:half])
        await connection.rollback()
        return {**first, **await self._together(connection, targets[half:])}


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
