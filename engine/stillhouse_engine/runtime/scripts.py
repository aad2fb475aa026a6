"""A sink that gathers statements and sends them to PostgreSQL as one script, in one round trip.

asyncpg's ``execute()`` without arguments speaks the simple protocol: any number of statements, inside the transaction
that SQLAlchemy began. What waits is sent before anything else reads through the same connection; a version row's write
travels with its revision and raises on the server when the row has moved.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import TextClause, event, exc
from sqlalchemy.schema import CreateTable, DDLElement

from stillhouse_engine.dialects.statements import ConnectionSink, Statement
from stillhouse_engine.errors import CommandError
from stillhouse_engine.faults import fault
from stillhouse_engine.runtime.asking import literal
from stillhouse_engine.runtime.version_table import check_row_count, expected
from stillhouse_engine.runtime.waiting import driver_connection, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection, CursorResult, Table
    from sqlalchemy.sql.compiler import Compiled
    from sqlalchemy.sql.elements import BindParameter

    from stillhouse_engine.runtime.recorder import Tape
    from stillhouse_engine.runtime.recordings import SentStatement
    from stillhouse_engine.runtime.version_table import RowWrite

PLAIN = (int, float, str, bool, type(None))
"""Values whose literal form is beyond doubt; statements with others are sent with bound parameters."""
GUARD = """WITH moved AS ({statement} RETURNING 1) SELECT CASE count(*) WHEN 1 THEN 1
ELSE CAST({moved} || count(*) || ' found' AS integer) END FROM moved"""
"""A write of the version table that fails where it does not match one row, with words that no other error has.

It needs no procedural language, whose loading and compiling takes longer than all the writes of a long migration."""
MOVED = re.compile(r"Online migration expected to match one row .*; \d+ found", re.DOTALL)


class ScriptSink:
    """Sends statements to asyncpg, gathered into scripts or one at a time.

    A text of several statements goes as a script in either case: asyncpg cannot prepare it, and other drivers of
    PostgreSQL, for which it may have been written, take it.

    Args:
        connection: the connection; statements on it that do not come through here flush first.
        gather: gather statements until something flushes.

    Attributes:
        tape: is told of each statement that is gathered.
    """

    def __init__(self, connection: Connection, *, gather: bool) -> None:
        self.connection = connection
        self.direct = ConnectionSink(connection)
        self.waiting: list[str] = []
        self.gathers = gather
        self.tape: Tape | None = None
        self._listens = False

    def execute(self, statement: Statement) -> CursorResult[Any] | None:
        """Keep a statement for the next script, or send it."""
        if not self.gathers and not is_several(statement):
            return self.direct.execute(statement)
        rendered = self._render(statement)
        if rendered is None:
            self.flush()
            return self.direct.execute(statement)
        self._gather(rendered)
        if self.tape is not None:
            self.tape.take(rendered)
        if not self.gathers:
            self.flush()
        return None

    def send_recorded(self, statements: Sequence[SentStatement]) -> None:
        """Send what a sibling recorded; texts without parameters wait for the next script."""
        for statement in statements:
            if statement.parameters is None and self.gathers:
                self._gather(statement.text)
            else:
                self.flush()
                self.connection.exec_driver_sql(statement.text, statement.parameters)

    def write_version(self, table: Table, write: RowWrite) -> None:
        """Send a guarded write of the version table; gathered, it raises on the server.

        Raises:
            CommandError: the write has not matched exactly one row.
        """
        if not self.gathers:
            result = self.direct.execute(Statement(write.statement))
            if write.counts and result is not None:
                check_row_count(table, write, result.rowcount)
            return
        rendered = write.text(self.connection.dialect, self._schema_of(table))
        if write.counts:
            rendered = GUARD.format(statement=rendered, moved=literal(expected(table, write)))
        self._gather(rendered)

    def read_heads(self, table: Table) -> tuple[str, ...]:
        """Read the rows of the version table; outside of a transaction where none is open."""
        self.flush()
        column = self.connection.dialect.identifier_preparer.quote(table.c.version_num.name)
        rows = self._waited(f"SELECT {column} FROM {self._name_of(table)}", "fetch")
        return tuple(str(row[0]) for row in rows)

    def has_table(self, table: Table) -> bool:
        """Look whether the version table is there."""
        self.flush()
        found: str = self._waited(f"SELECT WHERE to_regclass({literal(self._name_of(table))}) IS NOT NULL", "execute")
        return found.endswith(" 1")

    def ensure_table(self, table: Table) -> None:
        """Make the version table, unless it is there."""
        if self.gathers:
            self._gather(str(CreateTable(table, if_not_exists=True).compile(dialect=self.connection.dialect)))
        else:
            table.create(self.connection, checkfirst=True)

    def settle(self) -> None:
        """Do nothing: what the revision's Python looks for on this connection sends what waits first."""

    def flush(self) -> None:
        """Send what waits, as one script.

        Raises:
            CommandError: the version table has moved.
            sqlalchemy.exc.DBAPIError: a statement failed; the script is the error's statement.
        """
        if not self.waiting:
            return
        script, self.waiting = "\n;\n".join(self.waiting), []
        driver = driver_connection(self.connection)
        autocommit = self.connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
        if not autocommit and not driver.is_in_transaction():
            self._begin()
        fault("before_script")
        self._waited(script, "execute")
        fault("after_script")

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Send each statement by itself inside the block."""
        if self.tape is not None:
            self.tape.spoil("it runs outside of transactions")
        self.flush()
        before, self.gathers = self.gathers, False
        try:
            yield
        finally:
            self.gathers = before

    def _gather(self, text: str) -> None:
        """Let a text wait; from now on whatever else happens on the connection flushes first."""
        if not self._listens:
            self._listens = True
            for name in ("before_cursor_execute", "savepoint", "rollback_savepoint", "release_savepoint", "commit"):
                event.listen(self.connection, name, self._on_event)
            event.listen(self.connection, "rollback", self._discard)
        self.waiting.append(text)

    def _begin(self) -> None:
        """Begin the driver's transaction, which SQLAlchemy does with its own first statement only."""
        if self.connection.get_transaction() is None:
            self.connection.begin()
        begin = getattr(self.connection.connection.dbapi_connection, "_start_transaction", None)
        if begin is not None:
            wait_for(begin())
        else:
            self.connection.exec_driver_sql("SELECT 1")

    def _waited(self, script: str, how: str) -> Any:
        """Let the driver execute or fetch something, and speak of its errors as SQLAlchemy does."""
        try:
            return wait_for(getattr(driver_connection(self.connection), how)(script))
        except Exception as error:
            if moved := MOVED.search(str(error)):
                raise CommandError(moved[0]) from error
            raise self._as_sqlalchemy(error, script) from error

    def _name_of(self, table: Table) -> str:
        preparer, schema = self.connection.dialect.identifier_preparer, self._schema_of(table)
        name = preparer.quote(table.name)
        return name if schema is None else f"{preparer.quote_schema(schema)}.{name}"

    def _schema_of(self, table: Table) -> str | None:
        """Return the schema that a table is in, which the connection may translate."""
        translate = self.connection.get_execution_options().get("schema_translate_map") or {}
        schema: str | None = translate.get(table.schema, table.schema)
        return schema

    def _discard(self, *_: Any) -> None:
        """Forget what waits: the transaction that it belongs to is gone."""
        self.waiting.clear()

    def _on_event(self, *_: Any) -> None:
        self.flush()

    def _as_sqlalchemy(self, error: Exception, script: str) -> BaseException:
        dialect = self.connection.dialect
        adapted: BaseException = error
        try:
            self.connection.connection.dbapi_connection._handle_exception(error)  # type: ignore[union-attr] # noqa: SLF001 - SQLAlchemy's own translation
        except Exception as translated:  # noqa: BLE001 - whatever it makes of it is what we want
            adapted = translated
        base = dialect.loaded_dbapi.Error
        return exc.DBAPIError.instance(script, None, adapted, base, dialect=dialect)

    def _render(self, statement: Statement) -> str | None:
        """Return a statement as text without parameters; None when it has to keep them."""
        if statement.parameters or statement.execution_options:
            return None
        translate = self.connection.get_execution_options().get("schema_translate_map")
        options: dict[str, Any] = (
            {"schema_translate_map": translate, "render_schema_translate": True} if translate else {}
        )
        construct: Any = statement.executable
        compiled: Compiled = construct.compile(dialect=self.connection.dialect, **options)
        if isinstance(construct, DDLElement):
            return str(compiled)
        values = compiled.params
        if not values:
            return str(compiled)
        binds: Mapping[str, BindParameter[Any]] = getattr(compiled, "binds", {})
        if any(bind.required for bind in binds.values()):
            return None  # a value is missing: sent by itself, the statement fails as it should
        if not all(isinstance(value, PLAIN) for value in values.values()):
            return None
        return str(
            construct.compile(dialect=self.connection.dialect, compile_kwargs={"literal_binds": True}, **options)
        )


def is_several(statement: Statement) -> bool:
    """Tell whether a statement is a text that seems to hold several."""
    construct = statement.construct
    words = construct.text if isinstance(construct, TextClause) else construct
    return isinstance(words, str) and ";" in words.strip().rstrip(";")
