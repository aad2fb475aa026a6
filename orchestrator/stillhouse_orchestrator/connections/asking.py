"""Asks PostgreSQL one question in one round trip, without a transaction around it: a steady fleet is asked nothing else."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection


async def plainly(connection: AsyncConnection) -> None:
    """Keep PostgreSQL from compiling statements in the transaction that follows: it takes longer than running ours.

    What is asked about the whole catalogue of a database with thousands of schemas is estimated to cost much, has hundreds of
    expressions to compile, and is over in less than a second.
    """
    if connection.dialect.name == "postgresql":
        await connection.exec_driver_sql("SET LOCAL jit = off")


async def ask(connection: AsyncConnection, sql: str) -> Sequence[Any] | None:
    """Return the one row that a statement has, or None when it fails: what is asked next tells why.

    Args:
        connection: of the daemon's own driver, without an open transaction.
        sql: a SELECT without parameters. The server keeps its plan as long as the connection is open.
    """
    try:
        rows = await ask_table(connection, sql)
    except AskAgainError:
        return None
    return rows[0] if rows else None


async def ask_table(connection: AsyncConnection, sql: str) -> Sequence[Sequence[Any]] | None:
    """Return the rows of a statement about a table; None when there is no such table, or no such schema.

    Args:
        connection: of the daemon's own driver, without an open transaction.
        sql: a SELECT without parameters.

    Raises:
        AskAgainError: it failed for another reason, which SQLAlchemy's errors tell.
    """
    asyncpg: Any = importlib.import_module("asyncpg")  # it has no types
    raw = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    try:
        rows: Sequence[Sequence[Any]] = await driver.fetch(sql)
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
        return None
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise AskAgainError from error
    return rows


class AskAgainError(Exception):
    """A question has failed; asked through SQLAlchemy, it fails with an error that says why."""
