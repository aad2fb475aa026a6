"""What every dialect does: turns operations into statements, and gives them to a sink.

A third-party dialect subclasses ``DefaultImpl``, names its ``__dialect__`` and overrides what is different there.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from sqlalchemy import (
    ClauseElement,
    Column,
    Computed,
    Executable,
    Identity,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    cast,
    schema,
)
from sqlalchemy.exc import ObjectNotExecutableError

from stillhouse_engine.dialects import ddl
from stillhouse_engine.dialects.comparing import Comparisons
from stillhouse_engine.dialects.events import EventConnection
from stillhouse_engine.dialects.literals import LiteralBindParameter
from stillhouse_engine.dialects.registry import IMPLEMENTATIONS
from stillhouse_engine.dialects.statements import ConnectionSink, OfflineSink, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import TextIO

    from sqlalchemy import Connection, Constraint, CursorResult, Dialect, Index, TableClause
    from sqlalchemy.types import TypeEngine

    from stillhouse_engine.dialects.statements import StatementSink


class DefaultImpl(Comparisons):
    """Carries out operations on one dialect.

    Args:
        dialect: SQLAlchemy's dialect.
        connection: where statements go; None offline.
        as_sql: write text instead of sending.
        transactional_ddl: overrules what the class says of its database.
        output_buffer: where the text goes.
        context_opts: what ``context.configure`` was given.
    """

    __dialect__: ClassVar[str] = "default"

    transactional_ddl: bool = False
    command_terminator: str = ";"
    batch_separator: str | None = None
    offline_sink: ClassVar[type[OfflineSink]] = OfflineSink

    @property
    def checks_share_names(self) -> bool:
        """Whether the name of a CHECK is taken for all tables of its schema."""
        return False

    def __init_subclass__(cls, **kw: Any) -> None:
        """Enter the subclass as the implementation of its dialect."""
        super().__init_subclass__(**kw)
        if "__dialect__" in vars(cls):
            IMPLEMENTATIONS[cls.__dialect__] = cls

    def __init__(  # noqa: PLR0917 - Alembic's signature
        self,
        dialect: Dialect,
        connection: Connection | None,
        as_sql: bool,
        transactional_ddl: bool | None,
        output_buffer: TextIO | None,
        context_opts: Mapping[str, Any],
    ) -> None:
        self.dialect = dialect
        self.connection = connection
        self.as_sql = as_sql
        self.literal_binds = bool(context_opts.get("literal_binds", False))
        self.output_buffer = output_buffer
        self.memo: dict[Any, Any] = {}
        self.context_opts = context_opts
        if transactional_ddl is not None:
            self.transactional_ddl = transactional_ddl
        self._sink: StatementSink | None = None
        self.configure_separator(context_opts)
        if as_sql and connection is None:
            self.connection = self.event_connection()  # type: ignore[assignment]

    def configure_separator(self, context_opts: Mapping[str, Any]) -> None:
        """Take what separates statements from ``<dialect>_batch_separator``."""
        self.batch_separator = context_opts.get(f"{self.__dialect__}_batch_separator", self.batch_separator)

    @classmethod
    def get_by_dialect(cls, dialect: Dialect) -> type[DefaultImpl]:
        """Return the implementation of a dialect.

        Raises:
            KeyError: nobody implements this dialect.
        """
        found: type[DefaultImpl] = IMPLEMENTATIONS[dialect.name]
        return found

    @property
    def bind(self) -> Connection | None:
        """The connection."""
        return self.connection

    @property
    def sink(self) -> StatementSink:
        """Where statements go: to the connection, or offline to the output; the runtime may put another in its place."""
        if self._sink is None:
            self._sink = self._default_sink()
        return self._sink

    @sink.setter
    def sink(self, sink: StatementSink) -> None:
        self._sink = sink

    def _default_sink(self) -> StatementSink:
        if self.as_sql:
            return self.offline_sink(
                self.dialect,
                self.static_output,
                terminator=self.command_terminator,
                separator=self.batch_separator,
                literal_binds=self.literal_binds,
            )
        if self.connection is None:
            raise ValueError("no connection to execute on; pass one, or as_sql=True for SQL text")
        return ConnectionSink(self.connection)

    def _exec(
        self,
        construct: Executable | str,
        execution_options: Mapping[str, Any] | None = None,
        multiparams: Sequence[Mapping[str, Any]] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> CursorResult[Any] | None:
        """Give a statement to the sink."""
        parameters = multiparams if multiparams is not None else (params or None)
        return self.sink.execute(Statement(construct, parameters, execution_options or {}))

    def execute(self, sql: Executable | str, execution_options: dict[str, Any] | None = None) -> None:
        """Execute SQL of the user's own.

        Raises:
            ObjectNotExecutableError: it is neither text nor a construct of SQLAlchemy.
        """
        if not isinstance(sql, str | Executable | ClauseElement):
            raise ObjectNotExecutableError(sql)
        self._exec(sql, execution_options)

    def static_output(self, text: str) -> None:
        """Write text to the output.

        Raises:
            ValueError: there is no output.
        """
        if self.output_buffer is None:
            raise ValueError("no output_buffer to write SQL to")
        self.output_buffer.write(f"{text}\n\n")
        self.output_buffer.flush()

    def start_migrations(self) -> None:
        """Do what the database needs before the first migration."""

    def emit_begin(self) -> None:
        """Write the start of a transaction (offline)."""
        self.static_output(f"BEGIN{self.command_terminator}")

    def emit_commit(self) -> None:
        """Write the end of a transaction (offline)."""
        self.static_output(f"COMMIT{self.command_terminator}")

    def version_table_impl(
        self,
        *,
        version_table: str,
        version_table_schema: str | None,
        version_table_pk: bool,
        **_: Any,
    ) -> Table:
        """Return the version table, with one row for each applied head."""
        table = Table(
            version_table,
            MetaData(),
            Column("version_num", String(32), nullable=False),
            schema=version_table_schema,
        )
        if version_table_pk:
            table.append_constraint(PrimaryKeyConstraint("version_num", name=f"{version_table}_pkc"))
        return table

    def alter_column(
        self,
        table_name: str,
        column_name: str,
        *,
        nullable: bool | None = None,
        server_default: Any = False,
        name: str | None = None,
        type_: TypeEngine[Any] | None = None,
        schema: str | None = None,
        autoincrement: bool | None = None,
        comment: str | Literal[False] | None = False,
        existing_comment: str | None = None,
        existing_type: TypeEngine[Any] | None = None,
        existing_server_default: Any = None,
        existing_nullable: bool | None = None,
        existing_autoincrement: bool | None = None,
        **_: Any,
    ) -> None:
        """Change a column, one statement for each thing that changes."""
        if autoincrement is not None or existing_autoincrement is not None:
            warnings.warn("autoincrement and existing_autoincrement only make sense for MySQL", stacklevel=3)
        known = {
            "schema": schema,
            "existing_type": existing_type,
            "existing_server_default": existing_server_default,
            "existing_nullable": existing_nullable,
            "existing_comment": existing_comment,
        }
        if nullable is not None:
            self._exec(ddl.ColumnNullable(table_name, column_name, nullable, **known))
        if server_default is not False:
            for change in self.default_changes(table_name, column_name, server_default, known):
                self._exec(change)
        if type_ is not None:
            self._exec(ddl.ColumnType(table_name, column_name, type_, **known))
        if comment is not False:
            self._exec(ddl.ColumnComment(table_name, column_name, comment, **known))
        if name is not None:
            self._exec(ddl.ColumnName(table_name, column_name, name, **known))

    def default_changes(
        self, table: str, column: str, default: Any, known: dict[str, Any]
    ) -> Sequence[ddl.AlterColumn]:
        """Return what changes a server default, which may be a computation or an identity."""
        either = (default, known["existing_server_default"])
        if any(isinstance(each, Computed) for each in either):
            return [ddl.ComputedColumnDefault(table, column, default, **known)]
        if any(isinstance(each, Identity) for each in either):
            return [ddl.IdentityColumnDefault(table, column, default, self, **known)]
        return [ddl.ColumnDefault(table, column, default, **known)]

    def add_column(
        self,
        table_name: str,
        column: Column[Any],
        *,
        schema: str | None = None,
        if_not_exists: bool | None = None,
        inline_references: bool | None = None,
        inline_primary_key: bool | None = None,
    ) -> None:
        """Add a column."""
        self._exec(
            ddl.AddColumn(
                table_name,
                column,
                schema=schema,
                if_not_exists=if_not_exists,
                inline_references=inline_references,
                inline_primary_key=inline_primary_key,
            )
        )

    def drop_column(
        self,
        table_name: str,
        column: Column[Any],
        *,
        schema: str | None = None,
        if_exists: bool | None = None,
        **_: Any,
    ) -> None:
        """Drop a column."""
        self._exec(ddl.DropColumn(table_name, column, schema=schema, if_exists=if_exists))

    def add_constraint(self, const: Any, **kw: Any) -> None:
        """Add a constraint, unless its type makes none on this database."""
        if is_made(const, self.dialect):
            with rule_kept(const):
                self._exec(schema.AddConstraint(const, **kw))

    def drop_constraint(self, const: Constraint, **kw: Any) -> None:
        """Drop a constraint, unless its type made none on this database."""
        if is_made(const, self.dialect):
            with rule_kept(const):
                self._exec(schema.DropConstraint(const, **kw))

    def rename_table(self, old_table_name: str, new_table_name: str, schema: str | None = None) -> None:
        """Rename a table."""
        self._exec(ddl.RenameTable(old_table_name, new_table_name, schema=schema))

    def take_name(self, temporary_name: str, table: Table) -> None:
        """Give a table that was made anew the name of the one that it replaces."""
        self.rename_table(temporary_name, table.name, schema=table.schema)

    def create_table(self, table: Table, **kw: Any) -> None:
        """Create a table with its indexes and comments."""
        events, about = self.event_connection(), {"checkfirst": False, "_ddl_runner": self}
        table.dispatch.before_create(table, events, **about)
        self._exec(schema.CreateTable(table, **kw))
        table.dispatch.after_create(table, events, **about)
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            self.create_index(index)
        if self.dialect.supports_comments and not self.dialect.inline_comments:
            if table.comment:
                self.create_table_comment(table)
            for column in table.columns:
                if column.comment:
                    self.create_column_comment(column)

    def drop_table(self, table: Table, **kw: Any) -> None:
        """Drop a table."""
        events, about = self.event_connection(), {"checkfirst": False, "_ddl_runner": self}
        table.dispatch.before_drop(table, events, **about)
        self._exec(schema.DropTable(table, **kw))
        table.dispatch.after_drop(table, events, **about)

    def event_connection(self) -> EventConnection:
        """Return what listeners of DDL events execute on."""
        return EventConnection(self.dialect, lambda: self.sink, None if self.as_sql else self.connection)

    def create_index(self, index: Index, **kw: Any) -> None:
        """Create an index."""
        self._exec(schema.CreateIndex(index, **kw))

    def drop_index(self, index: Index, **kw: Any) -> None:
        """Drop an index."""
        self._exec(schema.DropIndex(index, **kw))

    def create_table_comment(self, table: Table) -> None:
        """Set a table's comment."""
        self._exec(schema.SetTableComment(table))

    def drop_table_comment(self, table: Table) -> None:
        """Remove a table's comment."""
        self._exec(schema.DropTableComment(table))

    def create_column_comment(self, column: Column[Any]) -> None:
        """Set a column's comment."""
        self._exec(schema.SetColumnComment(column))

    def bulk_insert(self, table: TableClause | Table, rows: list[dict[str, Any]], multiinsert: bool = True) -> None:
        """Insert rows.

        Raises:
            TypeError: the rows are not a list of dictionaries.
        """
        if not isinstance(rows, list):
            raise TypeError("List expected")
        if rows and not isinstance(rows[0], dict):
            raise TypeError("List of dictionaries expected")
        insert = table.insert().inline()
        if self.as_sql:
            for row in rows:
                self._exec(insert.values(**{name: literal(table, name, value) for name, value in row.items()}))
        elif rows and multiinsert:
            self._exec(insert, multiparams=rows)
        else:
            for row in rows:
                self._exec(insert.values(**row))

    def prep_table_for_batch(self, batch_impl: Any, table: Table) -> None:
        """Do what a table needs before it is made anew in a batch."""

    def protect_referring_rows(self, table_name: str, schema: str | None) -> None:
        """Refuse to make a table anew where dropping the old one would take rows of other tables along."""

    def indexes_as_written(self, table: Table) -> dict[str, str]:  # noqa: ARG002 - a hook
        """Return indexes of a reflected table that reflection cannot tell exactly, as SQL text by name."""
        return {}

    def requires_recreate_in_batch(self, batch_op: Any) -> bool:  # noqa: ARG002 - a hook
        """Tell whether a batch cannot be carried out by ALTER."""
        return False

    def cast_for_batch_migrate(
        self, existing: Column[Any], existing_transfer: dict[str, Any], new_type: TypeEngine[Any]
    ) -> None:
        """Convert a column's values where its table is made anew with another type."""
        if existing.type._type_affinity is not new_type._type_affinity:  # noqa: SLF001 - SQLAlchemy's kinds of types
            existing_transfer["expr"] = cast(existing_transfer["expr"], new_type)


IMPLEMENTATIONS["default"] = DefaultImpl


def is_made(constraint: Any, dialect: Dialect) -> bool:
    """Tell whether a constraint exists on a database: the CHECK of a type does not where the type is native."""
    rule = constraint._create_rule  # noqa: SLF001 - how SQLAlchemy's types say where they need a CHECK
    # The compiler is only asked what it is for; it compiles nothing.
    return rule is None or bool(rule(dialect.ddl_compiler(dialect, None)))  # type: ignore[arg-type]


@contextmanager
def rule_kept(constraint: Any) -> Iterator[None]:
    """Let a constraint be part of a CREATE TABLE later: SQLAlchemy's ADD and DROP CONSTRAINT take it out of every other one."""
    rule = constraint._create_rule  # noqa: SLF001 - as above
    try:
        yield
    finally:
        constraint._create_rule = rule  # noqa: SLF001


def literal(table: TableClause, name: str, value: Any) -> LiteralBindParameter:
    """Return a row's value as text of its column's type."""
    if isinstance(value, LiteralBindParameter):
        return value
    return LiteralBindParameter(name, value, type_=table.c[name].type)
