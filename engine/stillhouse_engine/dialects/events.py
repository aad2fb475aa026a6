"""What listeners of SQLAlchemy's DDL events are given as a connection.

PostgreSQL's ENUM creates its type when a table is about to be created, by executing on the connection of the event.
Those statements belong to the migration like any other, so they go to its sink.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.engine.mock import MockConnection

from stillhouse_engine.dialects.statements import Statement

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, CursorResult, Dialect

    from stillhouse_engine.dialects.statements import StatementSink


class EventConnection(MockConnection):
    """Sends what is executed to a sink; everything else is the real connection's, where there is one."""

    def __init__(self, dialect: Dialect, sink: Callable[[], StatementSink], connection: Connection | None) -> None:
        self._sink = sink
        self._connection = connection
        super().__init__(dialect, self._send)

    def _send(self, construct: Any, parameters: Any = None) -> CursorResult[Any] | None:
        return self._sink().execute(Statement(construct, parameters or None))

    def execute(self, obj: Any, parameters: Any = None, execution_options: Any = None) -> Any:
        """Give a statement to the sink."""
        return self._sink().execute(Statement(obj, parameters or None, execution_options or {}))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if self._connection is None:
            raise AttributeError(f"where SQL is only written there is no connection, and no {name!r} of it")
        self._sink().flush()
        return getattr(self._connection, name)
