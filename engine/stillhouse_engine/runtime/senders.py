"""How a migration's statements reach its connection.

The plain way is one at a time. Where a driver takes a whole script in one round trip (asyncpg's simple protocol), a
revision's statements are gathered and sent together, right before anything else happens on the connection.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import inspect
from sqlalchemy.schema import CreateTable

from stillhouse_engine.faults import fault
from stillhouse_engine.runtime.asking import takes_scripts
from stillhouse_engine.runtime.scripts import ScriptSink
from stillhouse_engine.runtime.sqlite import in_transaction
from stillhouse_engine.runtime.sqlite_calls import Call, run_calls
from stillhouse_engine.runtime.version_table import check_row_count, read_heads

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

    def read_heads(self, table: Table) -> tuple[str, ...]:
        """Read the rows of the version table."""
        ...

    def has_table(self, table: Table) -> bool:
        """Look whether the version table is there."""
        ...

    def ensure_table(self, table: Table) -> None:
        """Make the version table, unless it is there, at the latest before anything is written to it."""
        ...

    def settle(self) -> None:
        """Do at once what may be looked for by a revision's Python, which runs next."""
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

    def read_heads(self, table: Table) -> tuple[str, ...]:
        """Read the rows of the version table."""
        return read_heads(self.connection, table)

    def has_table(self, table: Table) -> bool:
        """Look whether the version table is there."""
        return bool(inspect(self.connection).has_table(table.name, schema=table.schema))

    def ensure_table(self, table: Table) -> None:
        """Make the version table, unless it is there."""
        if self.impl.dialect.name == "sqlite":  # another run may make it between a look and this
            self.connection.execute(CreateTable(table, if_not_exists=True))
        else:
            table.create(self.connection, checkfirst=True)

    def settle(self) -> None:
        """Do nothing: the version table is there."""

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


class SQLiteSender(DirectSender):
    """Sends what a sibling recorded in one call of the driver, whose every statement costs more than SQLite's work on it.

    The first statement goes as ever, and begins the transaction; the others wait for the end of it. A version table that is
    missing is made in that transaction, too: one by itself costs SQLite, which waits for the disk, as long as a migration.
    """

    def __init__(self, impl: SendingImpl, connection: Any) -> None:
        super().__init__(impl, connection)
        self.waiting: list[Call] = []
        self.missing: Table | None = None

    def ensure_table(self, table: Table) -> None:
        """Make the version table with what is written next, or when a revision's Python runs."""
        self.missing = table

    def settle(self) -> None:
        """Make the version table now, if that is still to be done."""
        if self.missing is not None:  # the statement may begin a transaction, and that calls this
            super().ensure_table(self.missing)
            self.missing = None

    def send_recorded(self, statements: Sequence[SentStatement]) -> None:
        """Keep what a sibling recorded for one call, once the transaction is open."""
        calls = [Call(statement.text, statement.parameters, many=statement.many) for statement in statements]
        while calls and not in_transaction(self.connection):
            self._send(calls.pop(0))
        self.settle()
        self.waiting += calls

    def write_version(self, table: Table, write: RowWrite) -> None:
        """Send a write, right after what is waiting.

        Raises:
            CommandError: it has not matched exactly one row.
        """
        if not self.waiting:
            self.settle()
            super().write_version(table, write)
        else:
            text = write.text(self.impl.dialect, table.schema)
            check = partial(check_row_count, table, write) if write.counts else None
            self.waiting.append(Call(text, check=check))

    def flush(self) -> None:
        """Send what waits; from a statement that fails on one at a time, so that its error is SQLAlchemy's.

        Raises:
            CommandError: the version table has moved.
            sqlalchemy.exc.DBAPIError: a statement failed.
        """
        self.settle()
        waiting, self.waiting = self.waiting, []
        if waiting:
            fault("before_script")
            for call in waiting[run_calls(self.connection, waiting) :]:
                self._send(call)
            fault("after_script")
        super().flush()

    def _send(self, call: Call) -> None:
        result = self.connection.exec_driver_sql(call.text, call.parameters)
        if call.check is not None:
            call.check(result.rowcount)


def make_sender(impl: SendingImpl, connection: Connection | None, *, gather: bool) -> Sender:
    """Choose the sender for a connection.

    Args:
        impl: the implementation; it is given a sink of its own where the driver takes scripts.
        connection: the connection; None offline.
        gather: gather statements into one script, where the driver takes one.
    """
    if connection is not None and connection.dialect.name == "sqlite":
        return SQLiteSender(impl, connection)
    if connection is None or not takes_scripts(connection):
        return DirectSender(impl, connection)
    sink = ScriptSink(connection, gather=gather)
    impl.sink = sink
    return sink
