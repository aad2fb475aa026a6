"""The owner lock: who may act on a fleet. Two owners never act at once.

On SQLite it is an advisory lock on a file beside the database, on PostgreSQL a session advisory lock; both die with their
holder. A PostgreSQL owner that is frozen keeps its session, so a heartbeat older than the lease lets another end that session
and take over. Every owner gets a larger token, and each write compares it: an owner that wakes up too late writes nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from stillhouse_orchestrator.events import now
from stillhouse_orchestrator.store.engines import file_of, shown
from stillhouse_orchestrator.store.errors import OwnerBusyError, OwnershipLostError
from stillhouse_orchestrator.store.tables import owner

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from stillhouse_orchestrator.store.errors import Loss

    Transaction: TypeAlias = Callable[[], AbstractAsyncContextManager[AsyncConnection]]

LEASE_SECONDS = 30.0
ADVISORY_KEY = 0x5354494C4C  # "STILL"; advisory locks are per database, and a database holds one store

UNNAMED = "another process"

HELD = """
SELECT true FROM pg_locks WHERE granted AND locktype = 'advisory' AND objsubid = 1
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (classid::bigint << 32) + objid::bigint = :key
"""
END_SESSIONS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_locks
WHERE granted AND pid <> pg_backend_pid()
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND ((locktype = 'advisory' AND objsubid = 1 AND (classid::bigint << 32) + objid::bigint = :key)
    OR (locktype = 'relation' AND relation = to_regclass('owner') AND mode = 'RowShareLock'))
"""  # the frozen owner's lock session, and a write transaction in which it checked its token
TOKEN = select(owner.c.token).where(owner.c.id == 1).with_for_update(read=True)  # SQLite needs and has no such lock


@dataclass(frozen=True, slots=True)
class Claim:
    """Who wants to own the store, and for how long without a heartbeat."""

    holder: str
    lease: float = LEASE_SECONDS


class Ownership:
    """One owner's hold on the store.

    Attributes:
        token: the fencing token.
        cut_off: whether the session that holds the lock is gone, or does not answer.
        lost: set once another owner took over or the lock's session is gone.
    """

    def __init__(self, where: str, token: int, file: Path | None = None) -> None:
        self.where = where
        self.token = token
        self.lost = asyncio.Event()
        self.cut_off = False
        self._file = file
        self._inode = _inode(file)

    @property
    def moved(self) -> bool:
        """Tell whether the store's file is not the one that was opened: who opens it now finds another lock as well."""
        return _inode(self._file) != self._inode

    def error(self) -> OwnershipLostError:
        """Return what to say when it is lost."""
        loss: Loss = "moved" if self.moved else "silent" if self.cut_off else "taken"
        return OwnershipLostError(self.where, self.token, loss)

    async def check(self, connection: AsyncConnection) -> None:
        """Compare the token inside a write transaction; a new owner waits for that transaction to end.

        Raises:
            OwnershipLostError: another owner took over, or the store's file is another one.
        """
        if self.lost.is_set() or self.moved or await connection.scalar(TOKEN) != self.token:
            self.lost.set()
            raise self.error()


@contextlib.asynccontextmanager
async def locked(engine: AsyncEngine, claim: Claim) -> AsyncIterator[AsyncConnection | None]:
    """Hold the lock until the block ends; yield its session, where it has one.

    Raises:
        OwnerBusyError: another process holds it.
    """
    where = shown(engine.url)
    if engine.dialect.name == "postgresql":
        async with engine.connect() as raw:
            session = await raw.execution_options(isolation_level="AUTOCOMMIT")
            await _lock_session(session, claim, where)
            try:
                yield session
            finally:
                with contextlib.suppress(SQLAlchemyError):  # a session that is gone holds no lock either
                    await asyncio.shield(session.execute(select(func.pg_advisory_unlock(ADVISORY_KEY))))
        return
    file = file_of(engine.url)
    if file is None:
        yield None
        return
    with _locked_file(file.with_name(file.name + ".lock"), claim, where):
        yield None


@contextlib.contextmanager
def _locked_file(path: Path, claim: Claim, where: str) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OwnerBusyError(where, _written(descriptor) or UNNAMED) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, claim.holder.encode(), 0)
        yield
    finally:
        os.close(descriptor)


async def holder_of(engine: AsyncEngine) -> str | None:
    """Return who holds the lock at this moment, without trying to take it; None when nobody does."""
    if engine.dialect.name == "postgresql":
        async with engine.connect() as session:
            if not await session.scalar(text(HELD), {"key": ADVISORY_KEY}):
                return None
            return (await _holder(session))[0] or UNNAMED
    file = file_of(engine.url)
    return None if file is None else _holder_of_file(file.with_name(file.name + ".lock"))


def _holder_of_file(path: Path) -> str | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _written(descriptor) or UNNAMED
    finally:
        os.close(descriptor)
    return None


def _written(descriptor: int) -> str:
    return os.pread(descriptor, 200, 0).decode(errors="replace").strip()


async def _lock_session(session: AsyncConnection, claim: Claim, where: str) -> None:
    take = select(func.pg_try_advisory_lock(ADVISORY_KEY))
    if await session.scalar(take):
        return
    holder, heartbeat_at, age = await _holder(session)
    if age > claim.lease:
        await session.execute(text(END_SESSIONS), {"key": ADVISORY_KEY})
        if await session.scalar(take):
            return
    raise OwnerBusyError(where, holder or UNNAMED, heartbeat_at)


async def _holder(session: AsyncConnection) -> tuple[str | None, datetime | None, float]:
    """Return who holds the lock, its last heartbeat, and how many seconds ago that was by the server's clock.

    A store that was never upgraded cannot tell.
    """
    if await session.scalar(text("SELECT to_regclass('owner')")) is None:
        return None, None, 0.0
    age = func.extract("epoch", func.now() - owner.c.heartbeat_at).label("age")
    row = (await session.execute(select(owner.c.holder, owner.c.heartbeat_at, age))).one_or_none()
    return (None, None, 0.0) if row is None else (row.holder, row.heartbeat_at, float(row.age))


def _this_moment(connection: AsyncConnection) -> Any:
    """Return the time by the one clock that all owners share: two machines' may differ by more than the lease."""
    return func.now() if connection.dialect.name == "postgresql" else now()


async def take(connection: AsyncConnection, claim: Claim) -> Ownership:
    """Register as the owner, with a token larger than any before; needs the lock and a write transaction."""
    fresh = {"holder": claim.holder, "heartbeat_at": _this_moment(connection)}
    token = await connection.scalar(
        update(owner).where(owner.c.id == 1).values(token=owner.c.token + 1, **fresh).returning(owner.c.token)
    )
    if token is None:
        token = 1
        await connection.execute(insert(owner).values(id=1, token=token, **fresh))
    url = connection.engine.url
    return Ownership(shown(url), token, file_of(url))


def _inode(file: Path | None) -> int | None:
    """Return what tells a file from another one in its place."""
    if file is None:
        return None
    try:
        return os.stat(file).st_ino  # noqa: PTH116 - many times a second
    except FileNotFoundError:
        return 0


async def beat(transaction: Transaction, ownership: Ownership, claim: Claim, session: AsyncConnection | None) -> None:
    """Renew the heartbeat at a third of the lease until the ownership is lost.

    A failed beat is tried again; only a token that moved or a lost lock session ends it, since then somebody else may act.
    """
    mine = (owner.c.id == 1, owner.c.token == ownership.token)
    while not ownership.lost.is_set():
        await asyncio.sleep(claim.lease / 3)
        if ownership.moved:
            ownership.lost.set()
            return
        try:
            if session is not None:
                async with asyncio.timeout(claim.lease / 2):
                    await session.scalar(select(1))
        except (SQLAlchemyError, TimeoutError, OSError):
            ownership.cut_off = True
            ownership.lost.set()
            return
        with contextlib.suppress(SQLAlchemyError, OSError):
            async with transaction() as connection:
                result = await connection.execute(
                    update(owner).where(*mine).values(heartbeat_at=_this_moment(connection))
                )
                if result.rowcount != 1:
                    ownership.lost.set()
