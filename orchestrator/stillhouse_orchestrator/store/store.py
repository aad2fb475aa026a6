"""The state store: opened as its owner, or to read only."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from stillhouse_engine.faults import fault
from stillhouse_engine.worker.diagnosis import HINTS, diagnose
from stillhouse_orchestrator.events import Event, EventName, now
from stillhouse_orchestrator.store import engines, owner, schema
from stillhouse_orchestrator.store.errors import OwnerBusyError, StoreError, StoreUnavailableError
from stillhouse_orchestrator.store.session import Session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from sqlalchemy import URL
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

REFUSALS = frozenset({"disk_full", "read_only", "missing_file", "not_a_database", "locked"})
BROKEN = ("SQLITE_IOERR", "SQLITE_CORRUPT")


class Store:
    """What Stillhouse knows, on SQLite or PostgreSQL.

    Every state change and its event are written in one transaction::

        async with store.write() as session:
            await session.targets.save([state])
            await session.record(Event(...))

    Attributes:
        ownership: the hold of this process; ``None`` when opened to read only.
        listeners: called with each event after the transaction that recorded it is committed; they must not block or raise.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._writing = asyncio.Lock()  # SQLite has one writer; a queue here is fair, its busy handler is not
        self._shared = engine.dialect.name == "sqlite" and engines.file_of(engine.url) is None
        self.ownership: owner.Ownership | None = None
        self.listeners: list[Callable[[Event], None]] = []

    @property
    def where(self) -> str:
        """The store's address, without its password."""
        return engines.shown(self._engine.url)

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, state_url: str, holder: str, lease: float = owner.LEASE_SECONDS) -> AsyncIterator[Store]:
        """Open the store as its owner; upgrade its schema first.

        Args:
            state_url: the fleet file's ``state_url``.
            holder: who opens it, for others to read: program, process id and host.
            lease: seconds without a heartbeat after which another process may take over a PostgreSQL store.

        Raises:
            OwnerBusyError: another process owns it.
            StoreUnavailableError: it cannot be reached or written.
        """
        url = engines.parse(state_url)
        claim = owner.Claim(holder, lease)
        async with contextlib.AsyncExitStack() as stack:
            engine = await stack.enter_async_context(_engine(url, create=True))
            store = cls(engine)
            with _explained(url):
                lock = await stack.enter_async_context(owner.locked(engine, claim))
                await schema.upgrade(engine)
                await stack.enter_async_context(store.owning(claim, lock))
            yield store

    @classmethod
    @contextlib.asynccontextmanager
    async def open_to_read(cls, state_url: str) -> AsyncIterator[Store]:
        """Open the store beside its owner, to read only.

        Raises:
            StoreUnavailableError: it does not exist or cannot be reached.
            StoreOutdatedError: its schema is not the one of this version.
        """
        url = engines.parse(state_url)
        async with _engine(url, create=False) as engine:
            with _explained(url):
                await schema.check(engine)
            yield cls(engine)

    @staticmethod
    async def owner_of(state_url: str) -> OwnerBusyError | None:
        """Return who owns a store, as the error that says so; None where nobody does, or there is none.

        Raises:
            StoreUnavailableError: it cannot be reached.
        """
        url = engines.parse(state_url)
        file = engines.file_of(url)
        if file is not None and not file.exists():
            return None
        async with _engine(url, create=False) as engine:
            with _explained(url):
                holder = await owner.holder_of(engine)
        return OwnerBusyError(engines.shown(url), holder) if holder else None

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[Session]:
        """Read in one consistent transaction.

        Raises:
            StoreUnavailableError: its connection broke.
        """
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(self._reached())
            if self._shared:
                await stack.enter_async_context(self._writing)
            connection = await stack.enter_async_context(self._engine.connect())
            async with connection.begin():
                yield Session(connection)

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[Session]:
        """Write in one transaction, as the owner.

        Raises:
            OwnershipLostError: another owner took over.
            StoreUnavailableError: its connection broke.
            StoreError: the store was opened to read only.
        """
        if self.ownership is None:
            raise StoreError(f"the state store {self.where} was opened to read only")
        fault("before_store_write")
        async with self._reached(), self._transaction() as connection:
            await self.ownership.check(connection)
            session = Session(connection)
            yield session
            fault("inside_store_write")
        fault("after_store_write")
        for event in session.recorded:
            for listener in self.listeners:
                listener(event)

    @contextlib.asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        async with self._writing, self._engine.connect() as raw:
            connection = await raw.execution_options(**{engines.WRITES: True})
            async with connection.begin():
                yield connection

    @contextlib.asynccontextmanager
    async def _reached(self) -> AsyncIterator[None]:
        """Say why a connection broke: another owner ends the sessions of one that was frozen, in the middle of a write too.

        Raises:
            OwnershipLostError: another owner took over.
            StoreUnavailableError: anything else.
        """
        try:
            yield
        except TimeoutError as error:
            raise StoreUnavailableError(
                self.where, "its server does not answer", "look after it, then run again"
            ) from error
        except DBAPIError as error:
            if refusal := _refusal(self.where, error):
                raise refusal from error
            if not error.connection_invalidated:
                raise
            if self.ownership is not None:
                with contextlib.suppress(DBAPIError, OSError):
                    async with self._transaction() as connection:
                        await self.ownership.check(connection)
            raise StoreUnavailableError(self.where, str(error.orig), "look after its server, then run again") from error

    @contextlib.asynccontextmanager
    async def owning(self, claim: owner.Claim, lock: AsyncConnection | None) -> AsyncIterator[None]:
        """Be the owner until the block ends, with a heartbeat; the lock is held already."""
        async with self._transaction() as connection:
            self.ownership = await owner.take(connection, claim)
        await self._note(EventName.OWNER_ACQUIRED, claim)
        # A task group would wrap what the block raises; this task is owned by this block alone.
        beating = asyncio.create_task(owner.beat(self._transaction, self.ownership, claim, lock))
        try:
            yield
        finally:
            beating.cancel()
            await asyncio.wait([beating])
            if not self.ownership.lost.is_set():
                with contextlib.suppress(StoreError, DBAPIError, OSError):  # they must not hide why the block ended
                    await asyncio.shield(self._note(EventName.OWNER_RELEASED, claim))

    async def _note(self, name: EventName, claim: owner.Claim) -> None:
        async with self.write() as session:
            await session.record(Event(name, now(), facts={"holder": claim.holder}))


@contextlib.asynccontextmanager
async def _engine(url: URL, *, create: bool) -> AsyncIterator[AsyncEngine]:
    """Yield an engine for the store and dispose of it."""
    file = engines.file_of(url)
    if file is not None and not file.exists():
        if not create:
            raise StoreUnavailableError(
                engines.shown(url), "it does not exist yet", "run `stillhouse up` or `stillhouse serve` first"
            )
        with _explained(url):
            await asyncio.to_thread(file.parent.mkdir, parents=True, exist_ok=True)
    engine = engines.make(url)
    try:
        yield engine
    finally:
        await asyncio.shield(engine.dispose())


def _refusal(where: str, error: DBAPIError) -> StoreUnavailableError | None:
    """Return why the store's disk or server does not take what is written; None where something else is wrong."""
    found = diagnose(error)
    broken = str(getattr(error.orig, "sqlite_errorname", "")).startswith(BROKEN)
    if found is None or not (found.kind in REFUSALS or broken):
        return None
    return StoreUnavailableError(where, found.message, HINTS.get(found.kind) or "look after its disk, then run again")


@contextlib.contextmanager
def _explained(url: URL) -> Iterator[None]:
    """Turn what a driver or the file system says while opening into an error of ours."""
    try:
        yield
    except DBAPIError as error:
        raise StoreUnavailableError(engines.shown(url), str(error.orig)) from error
    except TimeoutError as error:
        raise StoreUnavailableError(engines.shown(url), "its server does not answer") from error
    except OSError as error:
        raise StoreUnavailableError(engines.shown(url), error.strerror or str(error)) from error
