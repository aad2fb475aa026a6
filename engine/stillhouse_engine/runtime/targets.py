"""What a migration context is configured for: a connection, or a dialect to write text for."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection
from sqlalchemy.engine import URL, make_url

from stillhouse_engine.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Dialect


def checked_connection(connection: Any) -> Connection:
    """Make sure that ``configure()`` was given a connection.

    Raises:
        CommandError: it is something else; an engine, most often.
    """
    if not isinstance(connection, Connection):
        raise CommandError(
            "'connection' argument to configure() is expected to be a sqlalchemy.engine.Connection instance, "
            f"got {connection!r}"
        )
    return connection


def resolve_dialect(
    *, url: str | URL | None, dialect_name: str | None, dialect: Dialect | None, options: Mapping[str, Any] | None
) -> Dialect:
    """Return the dialect to write text for.

    Raises:
        CommandError: nothing says which.
    """
    if url is not None:
        made: Dialect = make_url(url).get_dialect()(**(options or {}))
        return made
    if dialect_name is not None:
        return make_url(f"{dialect_name}://").get_dialect()(**(options or {}))
    if dialect is None:
        raise CommandError("Connection, url, or dialect_name is required.")
    return dialect


class EncodedIO(io.TextIOWrapper):
    """Text written in an encoding to a stream that is not ours to close."""

    def close(self) -> None:
        """Leave the stream beneath open."""
        if not self.closed:
            self.flush()


def encoded(buffer: Any, encoding: str) -> Any:
    """Write to a text stream in another encoding."""
    return EncodedIO(getattr(buffer, "buffer", buffer), encoding, write_through=True)
