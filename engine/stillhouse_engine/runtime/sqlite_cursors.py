"""Cursors for aiosqlite that go to the driver's thread once for a statement.

aiosqlite goes there to make a cursor, to execute, to fetch and to close it; each time two threads and the event loop
wake each other, which takes longer than most statements do. These cursors do it all on one way, and bring the first
rows along.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator
    from typing import Self

    from sqlalchemy import Engine
    from sqlalchemy.pool import Pool

FIRST_ROWS = 1000
"""Rows that come along with a statement, and each time more are fetched; the rest stays in the database."""


def cross_once(connects: Engine | Pool) -> None:
    """Give the connections that an engine or a pool makes such cursors, where the driver is aiosqlite."""
    event.listen(connects, "connect", _equip)


def _equip(connection: Any, _record: Any) -> None:
    driver: Any = connection.driver_connection
    if callable(getattr(driver, "_execute", None)) and isinstance(getattr(driver, "_conn", None), sqlite3.Connection):
        driver.cursor = lambda: Cursor(driver)


class Cursor:
    """What SQLAlchemy asks of a cursor of aiosqlite.

    Args:
        driver: the connection of aiosqlite.

    Attributes:
        description: the columns of the result; None without one.
        rowcount: rows that a statement has changed.
        lastrowid: the row that an INSERT has made.
        arraysize: rows to fetch when nobody says how many.
    """

    def __init__(self, driver: Any) -> None:
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1
        self._driver = driver
        self._rows: deque[Any] = deque()
        self._rest: sqlite3.Cursor | None = None

    def __await__(self) -> Generator[Any, None, Self]:
        yield from ()
        return self

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Any = ()) -> Self:
        """Execute a statement."""
        return await self._run("execute", sql, parameters)

    async def executemany(self, sql: str, parameters: Any) -> Self:
        """Execute a statement once for each set of parameters."""
        return await self._run("executemany", sql, parameters)

    async def fetchone(self) -> Any:
        """Return the next row; None after the last."""
        rows = await self.fetchmany(1)
        return rows[0] if rows else None

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        """Return the next rows."""
        wanted = self.arraysize if size is None else size
        if len(self._rows) < wanted and self._rest is not None:
            self._rows += await self._driver._execute(self._more, self._rest, max(FIRST_ROWS, wanted))  # noqa: SLF001 - see _equip
        return [self._rows.popleft() for _ in range(min(wanted, len(self._rows)))]

    async def fetchall(self) -> list[Any]:
        """Return all rows that are left."""
        if self._rest is not None:
            self._rows += await self._driver._execute(self._more, self._rest, None)  # noqa: SLF001 - see _equip
        rows = list(self._rows)
        self._rows.clear()
        return rows

    async def __aiter__(self) -> AsyncIterator[Any]:
        while (row := await self.fetchone()) is not None:
            yield row

    async def close(self) -> None:
        """Let go of what was not fetched."""
        self._rows.clear()
        rest, self._rest = self._rest, None
        if rest is not None:
            await self._driver._execute(rest.close)  # noqa: SLF001 - see _equip

    async def _run(self, how: str, sql: str, parameters: Any) -> Self:
        await self.close()
        await self._driver._execute(self._begin, how, sql, parameters)  # noqa: SLF001 - see _equip
        return self

    def _begin(self, how: str, sql: str, parameters: Any) -> None:
        """Execute a statement, and fetch its first rows; on the driver's thread."""
        cursor = self._driver._conn.cursor()  # noqa: SLF001 - see _equip
        try:
            getattr(cursor, how)(sql, parameters)
            self.description = cursor.description
            rows = self._more(cursor, FIRST_ROWS) if cursor.description else []
        except BaseException:
            cursor.close()
            raise
        self._rows = deque(rows)
        self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        if not cursor.description:
            cursor.close()

    def _more(self, cursor: sqlite3.Cursor, most: int | None) -> list[Any]:
        """Fetch rows, and close the cursor after the last one; on the driver's thread."""
        rows = cursor.fetchall() if most is None else cursor.fetchmany(most)
        finished = most is None or len(rows) < most
        if finished:
            cursor.close()
        self._rest = None if finished else cursor
        return rows
