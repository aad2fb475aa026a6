"""Looks at many targets: one connection per database, however many targets are schemas of it, inside the server's budget."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from stillhouse_orchestrator.connections import Priority
from stillhouse_orchestrator.connections.short_lived import failed
from stillhouse_orchestrator.errors import ConnectionFailedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from stillhouse_config import TargetDeclaration
    from stillhouse_orchestrator.connections import Connections

Found = TypeVar("Found")
VISIT_SECONDS = 60.0  # for one target; a snapshot of a thousand tables takes under one


class Visits(Generic[Found]):
    """One round of looking at targets.

    Args:
        connections: the daemon's way to databases.
        visit: looks at one target on an open connection; a failing statement concerns that target only.
        absent: says what it means when the target's SQLite file does not exist yet.
        refused: says what it means when the target cannot be looked at.
    """

    def __init__(
        self,
        connections: Connections,
        visit: Callable[[AsyncConnection, TargetDeclaration], Awaitable[Found]],
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
        found: dict[str, Found] = {}
        async with asyncio.TaskGroup() as group:
            for url, same in by_url.items():
                group.create_task(self._database(url, same, found, priority))
        return found

    async def _database(
        self, url: str, targets: Sequence[TargetDeclaration], found: dict[str, Found], priority: Priority
    ) -> None:
        if await asyncio.to_thread(file_is_absent, url):
            found.update({target.name: self._absent(target) for target in targets})
            return
        try:
            async with self._connections.connect(url, priority=priority) as connection:
                for target in targets:
                    found[target.name] = await self._one(connection, target)
                    await connection.rollback()
        except ConnectionFailedError as error:
            found.update({target.name: self._refused(target, error) for target in targets if target.name not in found})

    async def _one(self, connection: AsyncConnection, target: TargetDeclaration) -> Found:
        url = target.url.reveal()
        try:
            async with asyncio.timeout(VISIT_SECONDS):
                return await self._visit(connection, target)
        except TimeoutError as error:
            raise failed(url, error) from error  # the connection is in the middle of a statement: no use for the others
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            return self._refused(target, failed(url, error))


def file_is_absent(url: str) -> bool:
    """Tell whether a URL leads to an SQLite file that does not exist, in a folder that does: the first migration makes it."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        return False
    path = Path(parsed.database.removeprefix("file:").partition("?")[0])
    return not path.exists() and path.parent.is_dir()
