"""Which server a URL leads to, and how the daemon itself reaches it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy.engine import make_url

from stillhouse_config.urls import SecretUrl

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

    from stillhouse_config import TargetDeclaration

FILES = "files"  # the server of everything that is a file on this machine
OWN_DRIVERS = {"postgresql": "asyncpg", "mysql": "asyncmy", "mariadb": "asyncmy", "sqlite": "aiosqlite"}
OWN_OPTIONS = {  # what a project's driver calls it, and what the daemon's does; others are the project's business
    "asyncpg": {"sslmode": "ssl", "ssl": "ssl", "host": "host", "port": "port"},
    "asyncmy": {"charset": "charset", "unix_socket": "unix_socket"},
    "aiosqlite": {"mode": "mode", "uri": "uri", "cache": "cache", "immutable": "immutable", "timeout": "timeout"},
}


def server_of(url: URL | str) -> str:
    """Return the ``host:port`` behind a URL, as the fleet file's ``servers`` name it, or ``FILES``: the key of its budget."""
    text = url if isinstance(url, str) else url.render_as_string(hide_password=False)
    return SecretUrl(text).server or FILES


def place_of(target: TargetDeclaration) -> str:
    """Return the database of a target as ``host:port/name``, or as the path of its file."""
    return _place_of(target.url)


@lru_cache(maxsize=32768)
def _place_of(url: SecretUrl) -> str:
    return f"{url.server or ''}/{url.database or ''}"


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
