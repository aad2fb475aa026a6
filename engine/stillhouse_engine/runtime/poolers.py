"""Finding out that a transaction-pooling proxy stands between us and PostgreSQL.

Session locks and settings mean nothing there: each transaction may run on another server session. A proxy gives itself
away by announcing another backend than the one that answers; then a second connection occupies that backend for the
length of a transaction, and a pool that hands out sessions by transaction has to answer from another one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import exc, text

from stillhouse_engine.errors import CommandError
from stillhouse_engine.runtime.waiting import driver_connection

if TYPE_CHECKING:
    from sqlalchemy import Connection

BACKEND = text("SELECT pg_backend_pid()")
REFUSAL = (
    "this URL goes through a proxy that pools transactions (PgBouncer's pool_mode = transaction or the like), where a "
    "migration can hold neither its lock nor its settings; connect straight to the server, or to a session pool"
)


def announced_backend(driver: Any) -> int | None:
    """Return the backend process that the server announced when the driver connected; None when it does not tell."""
    if callable(ask := getattr(driver, "get_server_pid", None) or getattr(driver, "get_backend_pid", None)):
        return int(ask())
    pid = getattr(getattr(driver, "info", None), "backend_pid", None)
    return pid if isinstance(pid, int) else None


def refuse_transaction_pooling(connection: Connection, backend: int) -> None:
    """Make sure that this session stays on one backend from transaction to transaction.

    Args:
        connection: the connection that migrates, in no transaction.
        backend: what ``pg_backend_pid()`` just said on it.

    Raises:
        CommandError: it does not.
    """
    announced = announced_backend(driver_connection(connection))
    if announced is None or announced == backend:
        return
    with connection.engine.connect() as other:
        other.execute(text("SET LOCAL statement_timeout = '10s'"))
        other.execute(BACKEND)  # holds a backend until the end of this transaction
        try:
            answers = connection.scalar(BACKEND)
            connection.commit()
        except exc.DBAPIError as error:
            raise CommandError(REFUSAL) from error
    if answers != backend:
        raise CommandError(REFUSAL)
