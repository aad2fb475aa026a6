"""Statements, and where they go.

Making a statement is apart from sending it: an implementation turns an operation into statements and gives them to a
sink. One sink sends at once, another writes text; the runtime adds sinks that gather, record or journal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import text
from sqlalchemy.schema import ExecutableDDLElement

from stillhouse_engine.dialects.values import with_values

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection, CursorResult, Dialect, Executable

CONNECTION_OPTIONS = frozenset({"isolation_level", "logging_token"})
"""Execution options that SQLAlchemy takes on a connection only, never on one statement."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a migration.

    Attributes:
        construct: what the directive made; plain text is taken as ``sqlalchemy.text``.
        parameters: bound values, one mapping or one per row.
        execution_options: SQLAlchemy execution options of this statement.
    """

    construct: Executable | str
    parameters: Sequence[Mapping[str, Any]] | Mapping[str, Any] | None = None
    execution_options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def executable(self) -> Executable:
        """Return the construct as SQLAlchemy takes it."""
        return text(self.construct) if isinstance(self.construct, str) else self.construct


class StatementSink(Protocol):
    """Where the statements of a migration go."""

    def execute(self, statement: Statement) -> CursorResult[Any] | None:
        """Take a statement; return its result, or None when there will be none (offline, deferred)."""
        ...

    def flush(self) -> None:
        """Leave nothing deferred behind."""
        ...


class ConnectionSink:
    """Sends each statement at once."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def execute(self, statement: Statement) -> CursorResult[Any] | None:
        """Execute the statement on the connection."""
        options = dict(statement.execution_options)
        lasting = {name: options.pop(name) for name in CONNECTION_OPTIONS & options.keys()}
        connection = self.connection.execution_options(**lasting) if lasting else self.connection
        return connection.execute(statement.executable, statement.parameters, execution_options=options)

    def flush(self) -> None:
        """Do nothing: nothing is ever deferred."""


class OfflineSink:
    """Writes each statement as text, in the form that a database's own shell takes.

    Args:
        dialect: renders the constructs.
        write: takes one finished piece of text.
        terminator: ends a statement, on its last line.
        separator: stands between statements on a line of its own (``GO``, ``/``).
        literal_binds: render bound values of SQL expressions into the text.
    """

    def __init__(
        self,
        dialect: Dialect,
        write: Callable[[str], None],
        *,
        terminator: str = ";",
        separator: str | None = None,
        literal_binds: bool = False,
    ) -> None:
        self.dialect = dialect
        self.write = write
        self.terminator = terminator
        self.separator = separator
        self.literal_binds = literal_binds

    def execute(self, statement: Statement) -> None:
        """Write the statement; one with parameters once for each row of them, with the values in the text."""
        rows = statement.parameters or ()
        for row in (rows,) if isinstance(rows, Mapping) else rows:
            self._write(self._text(with_values(statement.executable, row), literal=True))
        if not rows:
            self._write(self.render(statement))

    def _write(self, text: str) -> None:
        self.write(text.replace("\t", "    ").strip() + self.terminator)
        if self.separator:
            self.write(self.separator)

    def render(self, statement: Statement) -> str:
        """Return the text of a statement without parameters, without terminator."""
        return self._text(statement.executable, literal=self.literal_binds)

    def _text(self, construct: Executable, *, literal: bool) -> str:
        options: dict[str, Any] = {}
        if literal and not isinstance(construct, ExecutableDDLElement):
            options["compile_kwargs"] = {"literal_binds": True}
        return str(construct.compile(dialect=self.dialect, **options))  # type: ignore[attr-defined]

    def flush(self) -> None:
        """Do nothing: text is written at once."""
