"""Short-lived connections for the daemon's own queries: the census, snapshots, discovery, verification, repair.

One SQLAlchemy engine without a pool serves all databases of one server and driver: an engine holds the dialect with
what it has learnt about the server, and is too heavy (7 MB) to have one per target. Which database a connection goes
to is a context variable, read when the driver connects.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from contextlib import asynccontextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from stillhouse_engine.worker.diagnosis import HINTS, diagnose
from stillhouse_engine.worker.scrub import scrub, secrets_of
from stillhouse_orchestrator.connections.budgets import Budget, Priority, Waiting
from stillhouse_orchestrator.connections.servers import FILES, OWN_DRIVERS, address, own_url, server_of
from stillhouse_orchestrator.errors import ConnectionFailedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from sqlalchemy.engine import URL, Dialect
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

CONNECT_SECONDS = 10.0
CLOSE_SECONDS = 5.0
SHARE_OF_SERVER = 10  # percent of the server's own limit, when the fleet file names no other
MOST_FILES = 16
UNKNOWN_LIMIT = 4  # for a server that does not tell its limit
ASK_AGAIN_SECONDS = 30.0
LIMIT_QUERIES = {
    "postgresql": "select current_setting('max_connections')::int",
    "mysql": "select @@max_connections",
    "mariadb": "select @@max_connections",
}

_url: ContextVar[URL] = ContextVar("stillhouse_connecting_to")


class Connections:
    """Budgets and connections for all servers of a fleet.

    Args of the constructor:
        limits: the fleet file's ``max_connections`` by ``host:port``.
        connect_timeout: seconds until a server that does not answer counts as unreachable.

    Attributes:
        gathering: held by whoever waits for several places at once; two at a time would each keep half of what they need.
    """

    def __init__(self, limits: Mapping[str, int] | None = None, connect_timeout: float = CONNECT_SECONDS) -> None:
        self.connect_timeout = connect_timeout
        self.gathering = asyncio.Lock()
        self._limits = dict(limits or {})
        self._budgets: dict[str, Budget] = {}
        self._ask_at: dict[str, float] = {}  # when to ask a server for its limit; never again once it has answered
        self._asking: dict[str, asyncio.Lock] = {}
        self._engines: dict[tuple[str, str], AsyncEngine] = {}

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
        async with self.hold(url, priority, waiting), self._open(url, read_only=read_only) as connection:
            yield connection

    async def aclose(self) -> None:
        """Forget the engines; connections are closed by their blocks."""
        engines, self._engines = list(self._engines.values()), {}
        for engine in engines:
            await engine.dispose()

    def configure(self, limits: Mapping[str, int]) -> None:
        """Take the ``servers`` of a reloaded fleet file; servers it does not name keep what they have."""
        self._limits = dict(limits)
        for server, limit in limits.items():
            if server in self._budgets:
                self._budgets[server].resize(limit)

    async def _budget(self, url: URL | str) -> Budget:
        server = server_of(url)
        if server not in self._budgets:
            default = MOST_FILES if server == FILES else UNKNOWN_LIMIT
            self._budgets[server] = Budget(server, self._limits.get(server, default))
        budget = self._budgets[server]
        if self._must_ask(server):
            async with self._asking.setdefault(server, asyncio.Lock()):
                if self._must_ask(server):
                    self._ask_at[server] = await self._ask_limit(url, budget)
        return budget

    def _must_ask(self, server: str) -> bool:
        known = server in self._limits or server == FILES
        return not known and asyncio.get_running_loop().time() >= self._ask_at.get(server, 0.0)

    async def _ask_limit(self, url: URL | str, budget: Budget) -> float:
        """Learn a server's own limit, and return when to ask again."""
        query = LIMIT_QUERIES.get(sa.make_url(url).get_backend_name())
        if query is None:
            return math.inf
        try:
            async with budget.hold(Priority.ROLLOUT), self._open(url, read_only=True) as connection:
                limit = int((await connection.exec_driver_sql(query)).scalar_one())
        except ConnectionFailedError:
            return asyncio.get_running_loop().time() + ASK_AGAIN_SECONDS
        budget.resize(limit * SHARE_OF_SERVER // 100)
        return math.inf

    @asynccontextmanager
    async def _open(self, url: URL | str, *, read_only: bool) -> AsyncIterator[AsyncConnection]:
        chosen = self._own_url(url, read_only=read_only)
        if read_only:
            await _check_file(sa.make_url(url))
        connection = await self._connect(chosen)
        try:
            if read_only and chosen.get_backend_name() == "postgresql":
                await connection.execution_options(postgresql_readonly=True)
            yield connection
        except (sa.exc.DBAPIError, ConnectionError) as error:
            raise failed(chosen, error) from error
        finally:
            with contextlib.suppress(TimeoutError, OSError, sa.exc.DBAPIError):  # the server drops what we cannot close
                async with asyncio.timeout(CLOSE_SECONDS):
                    await connection.close()

    async def _connect(self, url: URL) -> AsyncConnection:
        token = _url.set(url)
        try:
            async with asyncio.timeout(self.connect_timeout):
                return await self._engine(url).connect()
        except (sa.exc.SQLAlchemyError, OSError, TimeoutError) as error:
            raise failed(url, error) from error
        finally:
            _url.reset(token)

    def _own_url(self, url: URL | str, *, read_only: bool) -> URL:
        try:
            chosen = own_url(url)
        except LookupError:
            known = ", ".join(OWN_DRIVERS)
            raise ConnectionFailedError(
                "unsupported",
                address(url),
                f"the daemon has no driver for {sa.make_url(url).get_backend_name()} databases",
                hint=f"it reads {known}; migrations in a worker use the project's own driver",
            ) from None
        if read_only and chosen.get_backend_name() == "sqlite" and chosen.database not in (None, "", ":memory:"):
            if not str(chosen.database).startswith("file:"):
                chosen = chosen.set(database=f"file:{chosen.database}")
            chosen = chosen.update_query_dict({"mode": "ro", "uri": "true"})
        return chosen

    def _engine(self, url: URL) -> AsyncEngine:
        key = (url.drivername, server_of(url))
        if key not in self._engines:
            try:
                engine = create_async_engine(url, poolclass=NullPool)
            except ImportError as error:
                raise ConnectionFailedError(
                    "missing_driver",
                    address(url),
                    f"the driver is not installed: {error}",
                    hint="install 'stillhouse[mysql]'",
                ) from error
            sa.event.listen(engine.sync_engine, "do_connect", _aim)
            self._engines[key] = engine
        return self._engines[key]


def _aim(dialect: Dialect, _record: Any, args: list[Any], keywords: dict[str, Any]) -> None:
    """Point a connection of a shared engine to the database that is asked for now (SQLAlchemy's ``do_connect``)."""
    args[:], fresh = dialect.create_connect_args(_url.get())
    keywords.clear()
    keywords.update(fresh)


async def _check_file(url: URL) -> None:
    """Notice a missing SQLite file before the driver does, whose thread then outlives the attempt."""
    path = url.database
    if url.get_backend_name() != "sqlite" or not path or path == ":memory:" or path.startswith("file:"):
        return
    if not await asyncio.to_thread(Path(path).is_file):
        raise ConnectionFailedError("missing_file", address(url), f"no such file: {path}", hint=HINTS["missing_file"])


def failed(url: URL | str, error: BaseException) -> ConnectionFailedError:
    """Turn whatever a driver or a database raised into one clear error."""
    found = diagnose(error)
    secrets = secrets_of(sa.make_url(url).render_as_string(hide_password=False))
    if found is None:
        return ConnectionFailedError("failed", address(url), scrub(f"{type(error).__name__}: {error}", secrets))
    return ConnectionFailedError(found.kind, address(url), scrub(found.message, secrets), hint=HINTS.get(found.kind))
