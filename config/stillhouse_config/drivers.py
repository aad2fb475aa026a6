"""Which asynchronous driver the daemon uses for a URL that names another one."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

if TYPE_CHECKING:
    from .urls import SecretUrl

DROPPED = frozenset({"connect_timeout", "gssencmode", "channel_binding", "client_encoding", "tcp_user_timeout"})
SQLALCHEMYS = frozenset({"prepared_statement_cache_size", "prepared_statement_name_func", "host", "port"})


def async_url(url: SecretUrl) -> SecretUrl:
    """Return the URL for an asynchronous driver that the daemon has: asyncpg, asyncmy or aiosqlite.

    Query arguments of PostgreSQL's synchronous drivers become what asyncpg has for them. URLs of other dialects come
    back as they are.
    """
    match url.dialect:
        case "sqlite":
            return url if url.drivername == "sqlite+aiosqlite" else url.with_driver("sqlite+aiosqlite")
        case "postgresql" | "cockroachdb" as dialect if url.drivername != f"{dialect}+asyncpg":
            return url.with_driver(f"{dialect}+asyncpg").with_query(_asyncpg_query(url.query))
        case "mysql" | "mariadb" as dialect if url.drivername not in {f"{dialect}+asyncmy", f"{dialect}+aiomysql"}:
            return url.with_driver(f"{dialect}+asyncmy")
        case _:
            return url


def _asyncpg_query(query: str) -> str:
    """Translate libpq's connection arguments.

    ``sslmode`` is asyncpg's ``ssl``. The driver reads libpq's other words only inside a ``dsn`` of its own, next to
    which SQLAlchemy's host, user and database keep their precedence. What a short-lived connection under the daemon's
    own timeouts has no use for is dropped.
    """
    kept: list[tuple[str, str]] = []
    libpq: list[tuple[str, str]] = []
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key == "sslmode":
            kept.append(("ssl", value))
        elif key in SQLALCHEMYS:
            kept.append((key, value))
        elif key not in DROPPED and not key.startswith("keepalives"):
            libpq.append((key, value))
    if libpq:
        kept.append(("dsn", f"postgresql://?{urlencode(libpq)}"))
    return urlencode(kept)
