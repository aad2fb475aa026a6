"""The daemon's way to the databases of a fleet: every connection inside its server's budget, some kept open for the next look."""

from __future__ import annotations

import asyncio
import math
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import sqlalchemy as sa

from stillhouse_config.quantities import CountOrPercent
from stillhouse_orchestrator.connections.budgets import Budget, Priority
from stillhouse_orchestrator.connections.kept import Kept, Visit
from stillhouse_orchestrator.connections.opening import Opener, abort, close, failed, hang_up, patience
from stillhouse_orchestrator.connections.servers import FILES, server_of
from stillhouse_orchestrator.errors import ConnectionFailedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from sqlalchemy.engine import URL
    from sqlalchemy.ext.asyncio import AsyncConnection

CONNECT_SECONDS = 10.0
VISIT_SECONDS = 60.0
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
        silent: servers (``host:port``) that have left one look after another without an answer, and databases
            (``host:port/name``) that have left one; whoever hears of one again takes it off.
    """

    def __init__(self, limits: Limits | None = None, connect_timeout: float = CONNECT_SECONDS) -> None:
        self.gathering = asyncio.Lock()
        self.silent: set[str] = set()
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
    async def hold(self, url: URL | str, priority: Priority = Priority.ROLLOUT) -> AsyncIterator[None]:
        """Hold one connection's worth of a server's budget, for a worker that will connect.

        A server whose limit cannot be asked (it is down, or of a kind that the daemon has no driver for) has a small
        budget until it answers: the job finds out for itself what is wrong.
        """
        budget = await self._asked(url)
        async with budget.hold(priority):
            yield

    async def limit(self, url: URL | str) -> int:
        """Return how many connections a server's budget allows at once."""
        return (await self._asked(url)).limit

    @asynccontextmanager
    async def connect(
        self,
        url: URL | str,
        *,
        priority: Priority = Priority.CHECK,
        read_only: bool = True,
        seconds: float | None = None,
    ) -> AsyncIterator[AsyncConnection]:
        """Open a connection inside the server's budget, and close it after the block.

        Args:
            url: the target's URL; the driver in it may be any, the daemon uses its own.
            priority: who goes first.
            read_only: let the database refuse to write; an SQLite file is not made when it is missing.
            seconds: how long all of it may take: a place in the budget, the connection, the block. Without a limit when None.

        Raises:
            ConnectionFailedError: when connecting, or in the block when the database refuses.
            TimeoutError: it takes longer than it may.
        """
        async with asyncio.timeout(seconds), self.hold(url, priority):
            connection = await self._opener.open(url, read_only=read_only)
            sound = True
            try:
                async with patience(seconds, partial(hang_up, connection)):
                    yield connection
            except (sa.exc.DBAPIError, ConnectionError) as error:
                raise failed(url, error) from error
            except (asyncio.CancelledError, TimeoutError):  # who knows what the connection was doing
                sound = False
                raise
            finally:
                await (close if sound else abort)(connection)

    @asynccontextmanager
    async def visit(
        self, url: str, looks: int = 1, priority: Priority = Priority.CHECK, seconds: float = VISIT_SECONDS
    ) -> AsyncIterator[AsyncConnection]:
        """Reach a database read-only, through a connection that is still open if there is one, and keep it open if that is allowed.

        The block must leave nothing behind in the session: it may only read, and end its transactions.

        Args:
            url: the target's URL.
            looks: how many targets the block looks at.
            priority: who goes first.
            seconds: how long a place in the budget may take, and how long the connection.

        Raises:
            ConnectionFailedError: when connecting, or in the block when the database refuses.
        """
        budget = self._budget(url)
        kept = self._kept[budget.server]
        visit = await kept.take(url) or await self._begin(url, budget, priority, seconds)
        visit.looks += looks
        clean = broken = False
        try:
            yield visit.connection
            clean = True
        except (sa.exc.DBAPIError, ConnectionError) as error:
            raise failed(url, error) from error
        except BaseException:
            broken = True
            raise
        finally:
            if clean and self._keeping and budget.server != FILES:
                await kept.put(url, visit, asyncio.get_running_loop().time())
            else:
                await kept.drop(visit, broken=broken)

    def room(self, url: str) -> int:
        """Return how many visits to begin at once: one, where nobody knows yet how many a server allows, or whether it answers."""
        budget = self._budget(url)
        return 1 if budget.server in self.silent or self._must_ask(budget.server) else budget.limit

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

    async def _begin(self, url: str, budget: Budget, priority: Priority, seconds: float) -> Visit:
        """Open a connection for visits; the first one to a server asks it for its limit."""
        await budget.acquire_within(seconds, priority)
        try:
            visit = Visit(await self._opener.open(url, read_only=True, seconds=seconds))
        except BaseException:
            budget.release()
            raise
        if self._must_ask(budget.server):
            await self._learn(url, budget, visit, seconds)
        return visit

    async def _learn(self, url: str, budget: Budget, visit: Visit, seconds: float) -> None:
        try:
            await self._ask(url, budget, visit.connection, seconds)
        except BaseException:
            await self._kept[budget.server].drop(visit, broken=True)
            raise

    def _budget(self, url: URL | str) -> Budget:
        server = server_of(url)
        if server not in self._budgets:
            default = MOST_FILES if server == FILES else UNKNOWN_LIMIT
            self._budgets[server] = Budget(server, self._count(server) or default)
            self._kept[server] = Kept(self._budgets[server])
        return self._budgets[server]

    async def _asked(self, url: URL | str) -> Budget:
        """Return a server's budget, after asking it for its limit if nobody has."""
        budget = self._budget(url)
        if self._must_ask(budget.server):
            async with self._asking.setdefault(budget.server, asyncio.Lock()):
                if self._must_ask(budget.server):
                    await self._ask_alone(url, budget)
        return budget

    def _count(self, server: str) -> int | None:
        limit = self._limits.get(server)
        return limit.count if limit is not None else None

    def _must_ask(self, server: str) -> bool:
        known = self._count(server) is not None or server == FILES
        return not known and asyncio.get_running_loop().time() >= self._ask_at.get(server, 0.0)

    async def _ask_alone(self, url: URL | str, budget: Budget) -> None:
        """Ask a server for its limit through a connection of its own; one that does not answer is asked again later."""
        later = asyncio.get_running_loop().time() + ASK_AGAIN_SECONDS
        unheard_of = sa.make_url(url).get_backend_name() not in LIMIT_QUERIES
        if unheard_of or budget.server in self.silent:
            self._ask_at[budget.server] = math.inf if unheard_of else later
            return
        try:
            async with budget.hold(Priority.ROLLOUT):
                connection = await self._opener.open(url, read_only=True)
                try:
                    await self._ask(url, budget, connection, CONNECT_SECONDS)
                finally:
                    await close(connection)
        except ConnectionFailedError:
            self._ask_at[budget.server] = later

    async def _ask(self, url: URL | str, budget: Budget, connection: AsyncConnection, seconds: float) -> None:
        """Learn a server's own limit."""
        query = LIMIT_QUERIES[connection.dialect.name]
        try:
            async with patience(seconds, partial(hang_up, connection)):
                limit = int((await connection.exec_driver_sql(query)).scalar_one())
                await connection.rollback()
        except (sa.exc.DBAPIError, OSError) as error:
            raise failed(url, error) from error
        budget.resize(self._limits.get(budget.server, SHARE_OF_SERVER).of(limit))
        self._ask_at[budget.server] = math.inf


def _parsed(limits: Limits) -> dict[str, CountOrPercent]:
    return {
        server: CountOrPercent(count=limit) if isinstance(limit, int) else limit for server, limit in limits.items()
    }
