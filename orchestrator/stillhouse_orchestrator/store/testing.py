"""A store in memory for tests: the real store on an SQLite database that nobody else sees."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from stillhouse_orchestrator.store import engines, owner, schema
from stillhouse_orchestrator.store.store import Store
from stillhouse_orchestrator.store.tables import metadata

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import Connection

URL = "sqlite+aiosqlite://"


def create(connection: Connection) -> None:
    """Make the tables as they stand at head, in a fraction of the time that migrations take."""
    metadata.create_all(connection)
    schema.version_table.create(connection)
    connection.execute(schema.version_table.insert(), {"version_num": schema.HEAD})


@contextlib.asynccontextmanager
async def memory_store(holder: str = "test") -> AsyncIterator[Store]:
    """Yield an empty store in memory, owned by this test."""
    engine = engines.make(engines.parse(URL))
    try:
        async with engine.begin() as connection:
            await connection.run_sync(create)
        store = Store(engine)
        async with store.owning(owner.Claim(holder), None):
            yield store
    finally:
        await engine.dispose()
