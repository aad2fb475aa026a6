"""What every repository shares: upserts that SQLite and PostgreSQL both understand, and values in ``body`` columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.dialects import postgresql, sqlite

from stillhouse_orchestrator.values.codec import from_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Select, Table
    from sqlalchemy.ext.asyncio import AsyncConnection

Value = TypeVar("Value")


async def upsert(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, or update those whose primary key exists."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table)
    changing = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    await connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changing), rows)


async def add_missing(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, and leave alone those whose primary key exists."""
    if not rows:
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    await connection.execute(dialect.insert(table).on_conflict_do_nothing(), rows)


async def bodies(connection: AsyncConnection, shape: type[Value], query: Select[tuple[Any]]) -> list[Value]:
    """Return the values of a query that selects one ``body`` column."""
    return [from_json(shape, body) for body in await connection.scalars(query)]
