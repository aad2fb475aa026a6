"""Connections that are kept open between two looks at a database, as long as nobody else needs their place.

They are read-only, have no transaction open, count in their server's budget, and are asked for a sign of life before they are
used again.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stillhouse_orchestrator.connections.opening import abort, close, lives

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from stillhouse_orchestrator.connections.budgets import Budget

WORN_OUT = 5000  # targets looked at through one connection: its backend remembers every table that it has opened


@dataclass(slots=True)
class Visit:
    """One connection that holds a place of its server's budget.

    Attributes:
        looks: how many targets were looked at through it.
        since: when it was last put aside, in the event loop's seconds.
    """

    connection: AsyncConnection
    looks: int = 0
    since: float = 0.0


class Kept:
    """What is kept open to one server, one connection a database.

    Args:
        budget: the server's.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._idle: OrderedDict[str, Visit] = OrderedDict()
        budget.reclaim = self.close_oldest

    def __contains__(self, url: object) -> bool:
        """Tell whether a connection to a database is at hand."""
        return url in self._idle

    async def take(self, url: str) -> Visit | None:
        """Return a connection that is at hand and alive; its place goes with it."""
        visit = self._idle.pop(url, None)
        if visit is None:
            return None
        alive = False
        try:
            alive = await lives(visit.connection)
        finally:
            if not alive:
                await self.drop(visit, broken=True)
        return visit if alive else None

    async def put(self, url: str, visit: Visit, now: float) -> None:
        """Put a connection aside; close it when its place is wanted, or it was used enough."""
        wanted = self._budget.waiting or self._budget.in_use > self._budget.limit
        if wanted or url in self._idle or visit.looks > WORN_OUT:
            await self.drop(visit)
        else:
            visit.since = now
            self._idle[url] = visit

    async def close_oldest(self) -> bool:
        """Close the one that was put aside first, and tell whether there was any."""
        if not self._idle:
            return False
        _, visit = self._idle.popitem(last=False)
        await self.drop(visit)
        return True

    async def close_before(self, moment: float) -> None:
        """Close what was put aside before a moment, and what a smaller budget has no place for."""
        while self._idle and (
            next(iter(self._idle.values())).since < moment or self._budget.in_use > self._budget.limit
        ):
            await self.close_oldest()

    async def drop(self, visit: Visit, *, broken: bool = False) -> None:
        """Close a connection and give its place back; a broken one may be in the middle of something."""
        try:
            await (abort if broken else close)(visit.connection)
        finally:
            self._budget.release()
