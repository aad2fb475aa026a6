"""What every repository shares: upserts that SQLite and PostgreSQL both understand, and values in ``body`` columns."""

from __future__ import annotations

import asyncio
import functools
import itertools
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.dialects import postgresql, sqlite

from stillhouse_orchestrator.values.codec import from_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Executable, Select, Table
    from sqlalchemy.ext.asyncio import AsyncConnection

Value = TypeVar("Value")
AT_A_TIME = 100  # rows; preparing many takes long enough for the event loop to be missed elsewhere


async def upsert(connection: AsyncConnection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert rows, or update those whose primary key exists; rows are made when their turn comes."""
    coming = iter(rows)
    while some := list(itertools.islice(coming, AT_A_TIME)):
        await connection.execute(_upserting(table, connection.dialect.name, tuple(some[0])), some)


@functools.cache
def _upserting(table: Table, dialect: str, names: tuple[str, ...]) -> Executable:
    keys = [column.name for column in table.primary_key]
    statement = (sqlite if dialect == "sqlite" else postgresql).insert(table)
    changing = {name: statement.excluded[name] for name in names if name not in keys}
    upserting: Executable = statement.on_conflict_do_update(index_elements=keys, set_=changing)
    return upserting


async def add_missing(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, and leave alone those whose primary key exists."""
    if not rows:
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    await connection.execute(dialect.insert(table).on_conflict_do_nothing(), rows)


async def bodies(connection: AsyncConnection, shape: type[Value], query: Select[tuple[Any]]) -> list[Value]:
    """Return the values of a query that selects one ``body`` column."""
    found = []
    for number, body in enumerate(await connection.scalars(query)):
        if number % AT_A_TIME == AT_A_TIME - 1:
            await asyncio.sleep(0)
        found.append(from_json(shape, body))
    return found
