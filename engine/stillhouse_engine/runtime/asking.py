"""Asking a PostgreSQL server in one round trip, on asyncpg.

The simple protocol gives no rows back, but says how many there were; the number of rows is the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillhouse_engine.runtime.waiting import driver_connection, wait_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

GUARD = "stillhouse_question"  # the savepoint before a query that may fail


def literal(value: str | None) -> str:
    """Return a value as a PostgreSQL literal."""
    return "NULL" if value is None else "'{}'".format(value.replace("'", "''"))


def takes_scripts(connection: Connection) -> bool:
    """Tell whether the connection's driver takes a script of several statements."""
    return connection.dialect.name == "postgresql" and connection.dialect.driver == "asyncpg"


def ask_number(connection: Connection, number: str, before: str = "") -> int:
    """Return the value of an SQL expression, a small number.

    Args:
        connection: an asyncpg connection.
        number: the expression.
        before: statements to send along, each with its semicolon.
    """
    status: str = wait_for(driver_connection(connection).execute(f"{before}SELECT FROM generate_series(1, {number})"))
    return int(status.rpartition(" ")[2])


def which_of(connection: Connection, query: str, values: Sequence[str]) -> str | None:
    """Return which of some values is that of a query; None for another one, and for a query that fails.

    A query that fails leaves an open transaction as it was.

    Args:
        connection: an asyncpg connection.
        query: a query of one text.
        values: the values.
    """
    cases = " ".join(f"WHEN {literal(value)} THEN {place}" for place, value in enumerate(values, 1))
    driver = driver_connection(connection)
    guarded = driver.is_in_transaction()
    try:
        place = ask_number(
            connection,
            f"CASE ({query}) {cases} ELSE 0 END",
            f"SAVEPOINT {GUARD}; " if guarded else "",
        )
    except Exception:  # noqa: BLE001 - who asks again, through SQLAlchemy, gets the error that says what is wrong
        if guarded and not driver.is_closed():
            wait_for(driver.execute(f"ROLLBACK TO SAVEPOINT {GUARD}; RELEASE SAVEPOINT {GUARD}"))
        return None
    return values[place - 1] if place else None
