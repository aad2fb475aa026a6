"""Watches one revision run, and keeps its statements unless it looked at something that siblings may answer otherwise."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import event

from stillhouse_engine.runtime.recordings import SentStatement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, CursorResult

    from stillhouse_engine.dialects.statements import Statement, StatementSink

    class Tape(Protocol):
        """What a sink that renders text tells of each statement."""

        def take(self, text: str, parameters: Any = None, *, many: bool = False) -> None:
            """Take a statement that was sent."""
            ...

        def spoil(self, reason: str) -> None:
            """Note that the running revision cannot be replayed."""
            ...


LEAVES = ("commit", "rollback", "savepoint", "rollback_savepoint", "release_savepoint")
DOLLARS = re.compile(r"\$(\w*)\$.*?\$\1\$", re.DOTALL)
CONTROL = re.compile(
    r"(?:^|;)(?:\s|--[^\n]*\n|/\*.*?\*/)*"
    r"(?:BEGIN|START|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE|PREPARE|VACUUM|ATTACH|DETACH|PRAGMA|COPY)\b",
    re.IGNORECASE | re.DOTALL,
)


def leaves_transaction(text: str) -> bool:
    """Tell whether a text seems to begin or end transactions, or to need being outside of one."""
    return CONTROL.search(DOLLARS.sub("''", text)) is not None


class Recorder:
    """Records the statements of the revision that is running, one revision after the other.

    Attributes:
        spoiled: why the revision that is running cannot be replayed, when it cannot.
        recorded: the revisions that can be, by id and direction.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.spoiled: str | None = None
        self.recorded: dict[tuple[str, bool], tuple[SentStatement, ...]] = {}
        self._running: list[SentStatement] | None = None
        self._sending = False

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Listen to the connection inside the block."""
        event.listen(self.connection, "before_cursor_execute", self._on_cursor)
        for name in LEAVES:
            event.listen(self.connection, name, self._on_leaving)
        try:
            yield
        finally:
            event.remove(self.connection, "before_cursor_execute", self._on_cursor)
            for name in LEAVES:
                event.remove(self.connection, name, self._on_leaving)

    @contextmanager
    def revision(self, name: str, *, is_upgrade: bool) -> Iterator[None]:
        """Record what is sent inside the block as one revision's."""
        self._running, self.spoiled = [], None
        try:
            yield
            if self.spoiled is None:
                self.recorded[name, is_upgrade] = tuple(self._running)
        finally:
            self._running = None

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Take what reaches the driver inside the block for a statement of an operation, whose result nobody sees."""
        before, self._sending = self._sending, True
        try:
            yield
        finally:
            self._sending = before

    def take(self, text: str, parameters: Any = None, *, many: bool = False) -> None:
        """Take a statement that was sent."""
        if self._running is None:
            return
        if leaves_transaction(text):
            self.spoil("a statement leaves the transaction")
        self._running.append(SentStatement(text, parameters or None, many))

    def spoil(self, reason: str) -> None:
        """Note that the running revision cannot be replayed."""
        if self._running is not None and self.spoiled is None:
            self.spoiled = reason

    def _on_cursor(
        self, _connection: Any, _cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
    ) -> None:
        if self._running is None:
            return
        if self._sending or getattr(context, "isddl", False):
            self.take(statement, parameters, many=executemany)
        else:
            self.spoil("it reads the database")

    def _on_leaving(self, *_: Any) -> None:
        self.spoil("it ends transactions of its own")


class RecordedSink:
    """Passes statements on to a sink, and tells the recorder that they are an operation's."""

    def __init__(self, sink: StatementSink, recorder: Recorder) -> None:
        self.sink = sink
        self.recorder = recorder

    def execute(self, statement: Statement) -> CursorResult[Any] | None:
        """Pass a statement on; one whose rows an operation could read spoils the recording."""
        with self.recorder.sending():
            result = self.sink.execute(statement)
        if result is not None and result.returns_rows:
            self.recorder.spoil("a statement returns rows")
        return result

    def flush(self) -> None:
        """Pass it on."""
        self.sink.flush()
