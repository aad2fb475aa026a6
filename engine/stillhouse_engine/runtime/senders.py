"""How a migration's statements reach its connection.

The plain way is one at a time. Where a driver takes a whole script in one round trip (asyncpg's simple protocol), a
revision's statements are gathered and sent together, right before anything else happens on the connection.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy.schema import CreateTable

from stillhouse_engine.runtime.scripts import ScriptSink, takes_scripts
from stillhouse_engine.runtime.version_table import check_row_count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection, CursorResult, Dialect, Executable, Table

    from stillhouse_engine.dialects.statements import StatementSink
    from stillhouse_engine.runtime.recorder import Tape
    from stillhouse_engine.runtime.recordings import SentStatement
    from stillhouse_engine.runtime.version_table import RowWrite

    class SendingImpl(Protocol):
        """The part of an implementation that statements leave through."""

        dialect: Dialect
        sink: StatementSink

        def _exec(self, construct: Executable | str) -> CursorResult[Any] | None: ...


class Sender(Protocol):
    """Sends what an implementation renders, and the writes of the version table."""

    def write_version(self, table: Table, write: RowWrite) -> None:
        """Send a write of the version table, guarded."""
        ...

    def ensure_table(self, table: Table) -> None:
        """Make the version table, unless it is there."""
        ...

    tape: Tape | None

    def send_recorded(self, statements: Sequence[SentStatement]) -> None:
        """Send what a sibling recorded."""
        ...

    def flush(self) -> None:
        """Leave nothing deferred behind."""
        ...

    def at_once(self) -> Any:
        """Send each statement by itself inside the block."""
        ...


class DirectSender:
    """Sends through the implementation's own sink, and looks at the row counts."""

    def __init__(self, impl: SendingImpl, connection: Any) -> None:
        self.impl = impl
        self.connection = connection
        self.tape: Tape | None = None

    def send_recorded(self, statements: Sequence[SentStatement]) -> None:
        """Send what a sibling recorded, one statement at a time."""
        for statement in statements:
            self.connection.exec_driver_sql(statement.text, statement.parameters)

    def write_version(self, table: Table, write: RowWrite) -> None:
        """Send a write; the database must have matched exactly one row.

        Raises:
            CommandError: it has not.
        """
        result = self.impl._exec(write.statement)  # noqa: SLF001 - Alembic's name, which dialects override
        if result is not None and write.counts and self.impl.dialect.supports_sane_rowcount:
            check_row_count(table, write, result.rowcount)

    def ensure_table(self, table: Table) -> None:
        """Make the version table, unless it is there."""
        if self.impl.dialect.name == "sqlite":  # another run may make it between a look and this
            self.connection.execute(CreateTable(table, if_not_exists=True))
        else:
            table.create(self.connection, checkfirst=True)

    def flush(self) -> None:
        """Flush the implementation's sink."""
        if self.connection is not None:
            self.impl.sink.flush()

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Send as ever: every statement goes by itself anyway."""
        if self.tape is not None:
            self.tape.spoil("it runs outside of transactions")
        yield


def make_sender(impl: SendingImpl, connection: Connection | None, *, gather: bool) -> Sender:
    """Choose the sender for a connection.

    Args:
        impl: the implementation; it is given a sink of its own where the driver takes scripts.
        connection: the connection; None offline.
        gather: gather statements into one script, where the driver takes one.
    """
    if connection is None or not takes_scripts(connection):
        return DirectSender(impl, connection)
    sink = ScriptSink(connection, gather=gather)
    impl.sink = sink
    return sink
