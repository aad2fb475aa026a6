"""Marks of databases: what proves that nothing has changed since the last look, at the price of one cheap question.

A mark that was asked a little before what else is looked at is as good: what changes in between makes the next mark
another one, and marks do not come again. So one sweep over many schemas of a database asks for it only now and then.
"""

from __future__ import annotations

import functools
import hashlib
import time
from typing import TYPE_CHECKING

from stillhouse_engine.schema import digest_query, fingerprint_query, mark_query
from stillhouse_orchestrator.connections import ask
from stillhouse_orchestrator.readings import array_of_revisions, reading_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.ext.asyncio import AsyncConnection

    from stillhouse_config import TargetDeclaration
    from stillhouse_orchestrator.revisions import Reading

GOOD_FOR_SECONDS = 10.0


class Marks:
    """The marks that one sweep has asked for.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._asked: dict[str, tuple[float, str]] = {}

    async def of(self, connection: AsyncConnection, url: str) -> str | None:
        """Return a database's mark, at most some seconds old; None where it has none."""
        moment, known = self._asked.get(url, (0.0, ""))
        if known and self._clock() - moment < GOOD_FOR_SECONDS:
            return known
        asked, query = self._clock(), mark_query(connection.dialect.name)
        if query is None:
            return None
        mark = str((await connection.exec_driver_sql(query)).scalar_one())
        self._asked[url] = asked, mark
        return mark


async def look_once(connection: AsyncConnection, target: TargetDeclaration) -> tuple[Reading, str] | None:
    """Return a target's revisions and its database's mark, in one round trip; None where that cannot be had."""
    query = mark_query(connection.dialect.name)
    if query is None:
        return None
    row = await ask(connection, f"SELECT {array_of_revisions(target)}, mark FROM ({query}) AS marked")
    return None if row is None else (reading_of(row[0]), str(row[1]))


def proof(mark: str, scope: object) -> str:
    """Return what a verdict on a part of a database is kept with: it holds while the same is asked about the same."""
    return hashlib.sha256(f"{mark} {scope!r} {_questions()}".encode()).hexdigest()


@functools.cache
def _questions() -> str:
    """Return what stands for everything that is read: another version of Stillhouse may read more."""
    text = digest_query("postgresql") + fingerprint_query("postgresql")
    return hashlib.sha256(text.encode()).hexdigest()
