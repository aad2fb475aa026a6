"""What a database's error means for a run: worth another try, or not. Decided by code, never by message text."""

from __future__ import annotations

import sqlite3
from typing import Any

RETRY_SQLSTATES = frozenset({"55P03", "40P01"})
"""PostgreSQL: lock not available, deadlock detected."""
RETRY_MYSQL = frozenset({1205, 1213})
"""MySQL: lock wait timeout, deadlock found."""
SQLITE_PRIMARY = 0xFF
"""Extended result codes of SQLite keep the primary code in their low byte."""


def sqlstate(error: BaseException) -> str | None:
    """Return the SQLSTATE that a PostgreSQL driver put on its error, below SQLAlchemy's wrapper."""
    origin: Any = getattr(error, "orig", None) or error
    for name in ("sqlstate", "pgcode"):
        if isinstance(code := getattr(origin, name, None), str):
            return code
    return None


def is_lock_conflict(error: BaseException) -> bool:
    """Tell whether an error says that somebody else held a lock, so that the same transaction may pass later."""
    origin: Any = getattr(error, "orig", None) or error
    if sqlstate(error) in RETRY_SQLSTATES:
        return True
    if is_sqlite_busy(error):
        return True
    arguments: tuple[Any, ...] = getattr(origin, "args", ())
    return bool(arguments) and not isinstance(arguments[0], str) and arguments[0] in RETRY_MYSQL


def is_sqlite_busy(error: BaseException) -> bool:
    """Tell whether SQLite refused because another connection holds the file."""
    origin: Any = getattr(error, "orig", None) or error
    code = getattr(origin, "sqlite_errorcode", None)
    return isinstance(code, int) and code & SQLITE_PRIMARY in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
