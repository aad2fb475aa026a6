"""Engines for many databases that share one dialect per server, which asks the server its questions only once.

An engine's first connection asks for the server's version, default schema and the like: eight round trips with asyncpg.
Databases of one server, reached by one user with the same options, give the same answers.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from stillhouse_engine.runtime.sqlite_cursors import cross_once

if TYPE_CHECKING:
    from collections.abc import Hashable

    from sqlalchemy import Dialect
    from sqlalchemy.engine import URL


class Engines:
    """Makes engines that keep no connections; an asynchronous driver's work inside the greenlet bridge."""

    def __init__(self) -> None:
        self._dialects: dict[Hashable, Dialect] = {}

    def make(self, url: str) -> Engine:
        """Return an engine for a URL."""
        parsed = make_url(url)
        key = server_of(parsed)
        dialect = self._dialects.get(key)
        if dialect is not None and getattr(dialect, "server_version_info", None):
            return sharing_engine(parsed, dialect)
        engine = create_engine(parsed, poolclass=NullPool)
        if engine.dialect.driver == "aiosqlite":
            cross_once(engine)
        self._dialects[key] = engine.dialect
        return engine


def server_of(url: URL) -> Hashable:
    """Return what two URLs must have in common to share a dialect."""
    return (url.drivername, url.host, url.port, url.username, tuple(sorted(url.normalized_query.items())))


def sharing_engine(url: URL, dialect: Dialect) -> Engine:
    """Return an engine of its own pool with a dialect that has met its server before.

    On MySQL the default schema is the database itself, which is another one here.
    """
    if dialect.name in {"mysql", "mariadb"}:
        dialect = copy(dialect)
        dialect.default_schema_name = url.database
    arguments, keywords = dialect.create_connect_args(url)
    pool = NullPool(lambda: dialect.connect(*arguments, **keywords), dialect=dialect)
    on_connect: Any = dialect.on_connect_url(url)
    if on_connect is not None:
        event.listen(pool, "connect", lambda connection, _record: on_connect(connection))
    if dialect.driver == "aiosqlite":
        cross_once(pool)
    return Engine(pool, dialect, url)
