"""The daemon's way to the databases of a fleet: every connection inside its server's budget, some kept open for the next look."""

from __future__ import annotations

import asyncio
import math
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias

import sqlalchemy as sa

from stillhouse_config.quantities import CountOrPercent
from stillhouse_orchestrator.connections.budgets import Budget, Priority, Waiting
from stillhouse_orchestrator.connections.kept import Kept, Visit
from stillhouse_orchestrator.connections.opening import Opener, close, failed
from stillhouse_orchestrator.connections.servers import FILES, server_of
from stillhouse_orchestrator.errors import ConnectionFailedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from sqlalchemy.engine import URL
    from sqlalchemy.ext.asyncio import AsyncConnection

CONNECT_SECONDS = 10.0
IDLE_SECONDS = 150.0  # longer than a census' interval, so that each finds the connections of the one before
SHARE_OF_SERVER = CountOrPercent.parse("10%")  # of the server's own limit, when the fleet file names no other
MOST_FILES = 16
UNKNOWN_LIMIT = 4  # for a server that does not tell its limit
ASK_AGAIN_SECONDS = 30.0
LIMIT_QUERIES = {
    "postgresql": "select current_setting('max_connections')::int",
    "mysql": "select @@max_connections",
    "mariadb": "select @@max_connections",
}

Limits: TypeAlias = "Mapping[str, int | CountOrPercent]"
"""What the fleet file says about servers: a count, or a share of the server's own limit, by ``host:port``."""


class Connections:
    """Budgets and connections for all servers of a fleet.

    Args of the constructor:
        limits: the fleet file's ``max_connections``.
        connect_timeout: seconds until a server that does not answer counts as unreachable.

    Attributes:
        gathering: held by whoever waits for several places at once; two at a time would each keep half of what they need.
    """

    def __init__(self, limits: Limits | None = None, connect_timeout: float = CONNECT_SECONDS) -> None:
        self.gathering = asyncio.Lock()
        self._limits = _parsed(limits or {})
        self._opener = Opener(connect_timeout)
        self._budgets: dict[str, Budget] = {}
        self._kept: dict[str, Kept] = {}
        self._keeping = 0
        self._ask_at: dict[str, float] = {}  # when to ask a server for its limit; never again once it has answered
        self._asking: dict[str, asyncio.Lock] = {}

    @property
    def budgets(self) -> Mapping[str, Budget]:
        """The budget of every server met so far, by ``host:port``."""
        return self._budgets

    @asynccontextmanager
    async def hold(
        self,
        url: URL | str,
        priority: Priority = Priority.ROLLOUT,
        waiting: Callable[[Waiting], None] | None = None,
    ) -> AsyncIterator[None]:
        """Hold one connection's worth of a server's budget, for a worker that will connect.

        A server whose limit cannot be asked (it is down, or of a kind that the daemon has no driver for) has a small
        budget until it answers: the job finds out for itself what is wrong.
        """
        budget = await self._budget(url)
        async with budget.hold(priority, waiting):
            yield

    async def limit(self, url: URL | str) -> int:
        """Return how many connections a server's budget allows at once."""
        return (await self._budget(url)).limit

    @asynccontextmanager
    async def connect(
        self,
        url: URL | str,
        *,
        priority: Priority = Priority.CHECK,
        read_only: bool = True,
        waiting: Callable[[Waiting], None] | None = None,
    ) -> AsyncIterator[AsyncConnection]:
        """Open a connection inside the server's budget, and close it after the block.

        Args:
            url: the target's URL; the driver in it may be any, the daemon uses its own.
            priority: who goes first.
            read_only: let the database refuse to write; an SQLite file is not made when it is missing.
            waiting: called if the budget is spent.

        Raises:
            ConnectionFailedError: when connecting, or in the block when the database refuses.
        """
        async with self.hold(url, priority, waiting):
            connection = await self._opener.open(url, read_only=read_only)
            try:
                yield connection
            except (sa.exc.DBAPIError, ConnectionError) as error:
                raise failed(url, error) from error
            finally:
                await close(connection)

    @asynccontextmanager
    async def visit(
        self, url: str, looks: int = 1, priority: Priority = Priority.CHECK
    ) -> AsyncIterator[AsyncConnection]:
        """Reach a database read-only, through a connection that is still open if there is one, and keep it open if that is allowed.

        The block must leave nothing behind in the session: it may only read, and end its transactions.

        Args:
            url: the target's URL.
            looks: how many targets the block looks at.
            priority: who goes first.

        Raises:
            ConnectionFailedError: when connecting, or in the block when the database refuses.
        """
        budget = await self._budget(url)
        kept = self._kept[budget.server]
        visit = await kept.take(url) or await self._begin(url, budget, priority)
        visit.looks += looks
        clean = False
        try:
            yield visit.connection
            clean = True
        except (sa.exc.DBAPIError, ConnectionError) as error:
            raise failed(url, error) from error
        finally:
            if clean and self._keeping and budget.server != FILES:
                await kept.put(url, visit, asyncio.get_running_loop().time())
            else:
                await kept.drop(visit)

    def is_open(self, url: str) -> bool:
        """Tell whether a visit would find its connection open."""
        kept = self._kept.get(server_of(url))
        return kept is not None and url in kept

    @asynccontextmanager
    async def keeping(self) -> AsyncIterator[None]:
        """Keep the connections of visits open until the block ends."""
        self._keeping += 1
        try:
            yield
        finally:
            self._keeping -= 1
            if not self._keeping:
                await self._close_before(math.inf)

    async def tend(self, idle: float = IDLE_SECONDS) -> None:
        """Keep the connections of visits open, and close those that were idle for some seconds, until cancelled."""
        async with self.keeping():
            while True:
                await asyncio.sleep(idle / 10)
                await self._close_before(asyncio.get_running_loop().time() - idle)

    async def aclose(self) -> None:
        """Close what is kept open and forget the engines; other connections are closed by their blocks."""
        await self._close_before(math.inf)
        await self._opener.aclose()

    def configure(self, limits: Limits) -> None:
        """Take the ``servers`` of a reloaded fleet file; servers that it no longer names are asked for their limit again."""
        self._limits = _parsed(limits)
        self._ask_at.clear()
        for server, budget in self._budgets.items():
            count = self._count(server)
            if count is not None:
                budget.resize(count)

    async def _close_before(self, moment: float) -> None:
        for kept in list(self._kept.values()):
            await kept.close_before(moment)

    async def _begin(self, url: str, budget: Budget, priority: Priority) -> Visit:
        await budget.acquire(priority)
        try:
            return Visit(await self._opener.open(url, read_only=True))
        except BaseException:
            budget.release()
            raise

    async def _budget(self, url: URL | str) -> Budget:
        server = server_of(url)
        if server not in self._budgets:
            default = MOST_FILES if server == FILES else UNKNOWN_LIMIT
            self._budgets[server] = Budget(server, self._count(server) or default)
            self._kept[server] = Kept(self._budgets[server])
        budget = self._budgets[server]
        if self._must_ask(server):
            async with self._asking.setdefault(server, asyncio.Lock()):
                if self._must_ask(server):
                    self._ask_at[server] = await self._ask_limit(url, budget)
        return budget

    def _count(self, server: str) -> int | None:
        limit = self._limits.get(server)
        return limit.count if limit is not None else None

    def _must_ask(self, server: str) -> bool:
        known = self._count(server) is not None or server == FILES
        return not known and asyncio.get_running_loop().time() >= self._ask_at.get(server, 0.0)

    async def _ask_limit(self, url: URL | str, budget: Budget) -> float:
        """Learn a server's own limit, and return when to ask again."""
        query = LIMIT_QUERIES.get(sa.make_url(url).get_backend_name())
        if query is None:
            return math.inf
        try:
            async with budget.hold(Priority.ROLLOUT):
                limit = await self._ask(url, query)
        except ConnectionFailedError:
            return asyncio.get_running_loop().time() + ASK_AGAIN_SECONDS
        budget.resize(self._limits.get(budget.server, SHARE_OF_SERVER).of(limit))
        return math.inf

    async def _ask(self, url: URL | str, query: str) -> int:
        connection = await self._opener.open(url, read_only=True)
        try:
            return int((await connection.exec_driver_sql(query)).scalar_one())
        except (sa.exc.DBAPIError, ConnectionError) as error:
            raise failed(url, error) from error
        finally:
            await close(connection)


def _parsed(limits: Limits) -> dict[str, CountOrPercent]:
    return {
        server: CountOrPercent(count=limit) if isinstance(limit, int) else limit for server, limit in limits.items()
    }
