"""Which server a URL leads to, and how the daemon itself reaches it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy.engine import make_url

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

FILES = "files"  # the server of everything that is a file on this machine
PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306, "mssql": 1433, "oracle": 1521}
OWN_DRIVERS = {"postgresql": "asyncpg", "mysql": "asyncmy", "mariadb": "asyncmy", "sqlite": "aiosqlite"}
OWN_OPTIONS = {  # what a project's driver calls it, and what the daemon's does; others are the project's business
    "asyncpg": {"sslmode": "ssl", "ssl": "ssl", "host": "host", "port": "port"},
    "asyncmy": {"charset": "charset", "unix_socket": "unix_socket"},
    "aiosqlite": {"mode": "mode", "uri": "uri", "cache": "cache", "immutable": "immutable", "timeout": "timeout"},
}


@lru_cache(maxsize=32768)
def server_of(url: URL | str) -> str:
    """Return the ``host:port`` behind a URL, or ``FILES``: the key of its connection budget.

    Remembered: it is asked for at every turn, and reading a URL takes longer than some queries.
    """
    url = make_url(url)
    dialect = url.get_backend_name()
    if dialect == "sqlite":
        return FILES
    host = url.host or _first(url.query.get("host")) or "localhost"
    port = url.port or _first(url.query.get("port")) or PORTS.get(dialect)
    return f"{host}:{port}" if port else host


def own_url(url: URL | str) -> URL:
    """Return a target's URL with the driver that the daemon uses for it, whatever the project's is.

    Raises:
        LookupError: the daemon has no driver for this kind of database.
    """
    url = make_url(url)
    driver = OWN_DRIVERS[url.get_backend_name()]
    known = OWN_OPTIONS[driver]
    query = {known[name]: value for name, value in url.query.items() if name in known}
    return url.set(drivername=f"{url.get_backend_name()}+{driver}", query=query)


def address(url: URL | str) -> str:
    """Return a URL as it may be shown: without the password and the options."""
    url = make_url(url)
    return url.set(query={}).render_as_string(hide_password=True)


def _first(value: str | tuple[str, ...] | None) -> str | None:
    return value[0] if isinstance(value, tuple) else value
