"""The migration context: one connection (or none, offline), its dialect, its version table, and the run of its revisions."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from stillhouse_engine.dialects.impl import DefaultImpl
from stillhouse_engine.errors import CommandError, HoldError, VersionMovedError
from stillhouse_engine.runtime.conditions import refuse_unholdable
from stillhouse_engine.runtime.heads import HeadMaintainer
from stillhouse_engine.runtime.interrupting import watch_connection
from stillhouse_engine.runtime.journalling import NoJournal
from stillhouse_engine.runtime.locks import LockName
from stillhouse_engine.runtime.migration_run import MigrationRun
from stillhouse_engine.runtime.senders import make_sender
from stillhouse_engine.runtime.session import MigrationSession
from stillhouse_engine.runtime.settings import current_settings
from stillhouse_engine.runtime.targets import EncodedIO, checked_connection, encoded, resolve_dialect
from stillhouse_engine.runtime.transactions import (
    MigrationTransaction,
    OnlineTransactions,
    text_autocommit,
    text_transaction,
)
from stillhouse_engine.runtime.version_table import read_heads
from stillhouse_engine.runtime.walks import Walk, open_walk
from stillhouse_engine.script.steps import MigrationInfo, MigrationStep, RevisionStep, StampStep

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection, Dialect, Executable, Table
    from sqlalchemy.engine import URL

    from stillhouse_engine.config import Config
    from stillhouse_engine.runtime.running import RunningStep
    from stillhouse_engine.runtime.version_table import RowWrite
    from stillhouse_engine.script.base import ScriptDirectory

    class Environment(Protocol):
        """What a migration context asks of the environment that made it."""

        script: ScriptDirectory

        @property
        def config(self) -> Config:
            """The configuration."""
            ...


__all__ = [
    "EncodedIO",
    "HeadMaintainer",
    "MigrationContext",
    "MigrationInfo",
    "MigrationStep",
    "RevisionStep",
    "StampStep",
]

log = logging.getLogger("alembic.runtime.migration")


class MigrationContext:
    """The state of migrating one database: made by ``configure()``, used by env.py, revisions and commands.

    Attributes:
        environment_context: the environment that made it, if any.
        opts: every option of ``configure()``.
        dialect: SQLAlchemy's dialect.
        script: the script directory, when an environment made it.
        as_sql: statements are written as text instead of being sent.
        impl: turns operations into this dialect's statements.
        version_table: name of the version table.
        version_table_schema: its schema.
        running: the step that is under way, for errors.
    """

    def __init__(
        self,
        dialect: Dialect,
        connection: Connection | None,
        opts: dict[str, Any],
        environment_context: Environment | None = None,
    ) -> None:
        settings = current_settings()
        self.environment_context = environment_context
        self.opts = opts
        self.dialect = dialect
        self.script: ScriptDirectory | None = opts.get("script")
        self.as_sql: bool = opts.get("as_sql", False)
        self.transactional_ddl: bool | None = True if settings.hold else opts.get("transactional_ddl")
        self.purge: bool = opts.get("purge", False)
        self.on_version_apply_callbacks = opts.get("on_version_apply", ())
        self.output_buffer = self._buffer(opts)
        self.version_table: str = settings.version_table or opts.get("version_table", "alembic_version")
        self.version_table_schema: str | None = settings.version_table_schema or opts.get("version_table_schema")
        self.running: RunningStep | None = None
        self._settings = settings
        self._migrations_fn = opts.get("fn")
        self._transaction_per_migration: bool = opts.get("transaction_per_migration", False) and not settings.hold
        self._user_compare_type = opts.get("compare_type", True)
        self._user_compare_server_default = opts.get("compare_server_default", False)
        self._start_from_rev = self._starting_revision(connection)
        self._in_external_transaction = connection is not None and not self.as_sql and connection.in_transaction()
        self._run: MigrationRun | None = None
        self._session: MigrationSession | None = None
        self._table_found: bool | None = None
        online = None if self.as_sql else connection
        self.impl = DefaultImpl.get_by_dialect(dialect)(
            dialect, online, self.as_sql, self.transactional_ddl, self.output_buffer, opts
        )
        bound: Any = self.impl.connection
        self._connection = bound
        self._version: Table = self.impl.version_table_impl(
            version_table=self.version_table,
            version_table_schema=self.version_table_schema,
            version_table_pk=opts.get("version_table_pk", True),
        )
        self._sender = make_sender(self.impl, online, gather=settings.gather)
        self._transactions = OnlineTransactions(
            bound,
            self._sender.flush,
            self._check_heads,
            self._before_partial_commit,
            external=self._in_external_transaction,
        )
        self._log_settings()

    @classmethod
    def configure(  # noqa: PLR0917 - Alembic's signature
        cls,
        connection: Connection | None = None,
        url: str | URL | None = None,
        dialect_name: str | None = None,
        dialect: Dialect | None = None,
        environment_context: Environment | None = None,
        dialect_opts: dict[str, str] | None = None,
        opts: Any | None = None,
    ) -> MigrationContext:
        """Make a migration context of its own, outside of any environment.

        Args:
            connection: the connection to migrate; wins over the next three.
            url: the URL whose dialect to write text for.
            dialect_name: the dialect to write text for, by name.
            dialect: the dialect to write text for.
            environment_context: the environment that asks for it.
            dialect_opts: arguments of the dialect made from ``url`` or ``dialect_name``.
            opts: every other option, as ``EnvironmentContext.configure()`` takes them.

        Raises:
            CommandError: nothing says what to configure it for.
        """
        if connection is not None:
            dialect = checked_connection(connection).dialect
        else:
            dialect = resolve_dialect(url=url, dialect_name=dialect_name, dialect=dialect, options=dialect_opts)
        return cls(dialect, connection, opts if opts is not None else {}, environment_context)

    @property
    def bind(self) -> Connection | None:
        """The connection, with nothing deferred on it; None or a stand-in when there is no database."""
        self._sender.flush()
        bind: Connection | None = self.connection
        return bind

    @property
    def connection(self) -> Any:
        """The connection; a revision that asks for it may read, and runs on every database."""
        self.looked_at("the connection")
        return self._connection

    def looked_at(self, what: str) -> None:
        """Note that a revision looked at something that may differ between databases of one plan."""
        self._spoil(f"it looks at {what}")

    def _spoil(self, reason: str) -> None:
        if self._run is not None:
            self._run.replay.spoil(reason)

    @property
    def config(self) -> Config | None:
        """The configuration of the environment that made this context."""
        return self.environment_context.config if self.environment_context is not None else None

    def begin_transaction(
        self, _per_migration: bool = False
    ) -> MigrationTransaction | AbstractContextManager[None, bool | None]:
        """Begin the transaction that this level is responsible for, or none.

        With transactional DDL that is one transaction around all revisions, or one around each with
        ``transaction_per_migration``. Without, each revision has its own online (for its version row; on SQLite for
        its statements, too) and none offline.
        """
        if self._in_external_transaction:
            return nullcontext()
        transactional = self.impl.transactional_ddl
        mine = _per_migration == self._transaction_per_migration if transactional else _per_migration
        if not mine:
            return nullcontext()
        if self.as_sql:
            return text_transaction(self.impl) if transactional else nullcontext()
        self._open_session()
        self._transactions.begin()
        return MigrationTransaction(self._transactions, self._transaction_ended)

    @contextmanager
    def autocommit_block(self) -> Iterator[None]:
        """Run the block outside of any transaction, each statement committing by itself.

        What the revision has done so far is committed first; a new transaction begins afterwards.

        Raises:
            CommandError: the connection came with a transaction that is not ours to commit.
            HoldError: the run is to hold its transaction open to the end.
        """
        if self._settings.hold and not self.as_sql:
            raise HoldError("autocommit_block() commits what came before it")
        with text_autocommit(self.impl) if self.as_sql else self._transactions.autocommit(), self._sender.at_once():
            yield

    def walk(self, statement: Executable, table: str) -> Walk:
        """Begin a backfill, or go on with one that was interrupted.

        Args:
            statement: what it does to all rows.
            table: name of the table, for the progress.
        """
        revision = self.running.revision if self.running is not None else None
        tell = partial(self._settings.tell, revision=revision, table=table)
        held = self._settings.hold or self._in_external_transaction
        journal = self._run.journal if self._run is not None else NoJournal()
        return open_walk(self, journal, statement, tell, held=held)

    def execute(self, sql: Executable | str, execution_options: dict[str, Any] | None = None) -> None:
        """Execute a statement, or write it offline."""
        self.impl.execute(sql, execution_options)

    def get_current_revision(self) -> str | None:
        """Return the revision that the database is at; None at base.

        Raises:
            CommandError: it is at several; see ``get_current_heads()``.
        """
        heads = self.get_current_heads()
        if len(heads) > 1:
            raise CommandError(
                f"Version table '{self.version_table}' has more than one head present; please use get_current_heads()"
            )
        return heads[0] if heads else None

    def get_current_heads(self) -> tuple[str, ...]:
        """Return all revisions that the database is at; offline, those that the text starts from."""
        if self.as_sql:
            return self._start_from_rev
        self._spoil("it asks where the database is")
        if not self._has_version_table():
            return ()
        self._sender.flush()
        return self._sender.read_heads(self._version)

    def stamp(self, script_directory: ScriptDirectory, revision: str) -> None:
        """Write revision(s) into the version table without running anything."""
        heads = self.get_current_heads()
        if not self.as_sql and not heads:
            self._ensure_version_table()
        keeper = HeadMaintainer(self, heads)
        for step in script_directory._stamp_revs(revision, heads):  # noqa: SLF001 - Alembic's name for it
            keeper.update_to_step(step)

    def run_migrations(self, **kw: Any) -> None:
        """Run the steps that the command planned, each with its version row.

        Args:
            **kw: handed to each revision's ``upgrade()`` or ``downgrade()``.
        """
        if self._migrations_fn is None:
            raise CommandError("This context was not made by a command; it has no revisions to run.")
        if self._settings.hold and not self.as_sql:
            refuse_unholdable(self.dialect.name, begun=self._transactions.holds_all)
        self.impl.start_migrations()
        self._open_session()
        run = self._run = MigrationRun(self, kw)
        try:
            run.go()
        finally:
            run.close()
            self._run = None
            if self._transactions.open is None:
                self._close_session()

    def _starting_heads(self) -> tuple[str, ...]:
        if self.opts.get("dont_mutate", False) or self.as_sql:
            return self.get_current_heads()
        if self.purge:
            self._ensure_version_table(purge=True)
            return ()
        if self._table_found:
            return self._sender.read_heads(self._version)
        heads = self.get_current_heads() if self._table_found is None else ()
        if not heads and self._open_session(
            migrates=True
        ):  # two that make the table at once would get in each other's way
            return self._starting_heads()
        if not heads:
            self._sender.ensure_table(self._version)
            if self._settings.recordings is None:  # else it may come with what is replayed
                self._sender.settle()
        return heads

    def _has_version_table(self) -> bool:
        return self._connection is not None and self._sender.has_table(self._version)

    def _ensure_version_table(self, purge: bool = False) -> None:
        self._sender.ensure_table(self._version)
        self._sender.flush()
        if purge:
            self._connection.execute(self._version.delete())

    def _write_version(self, write: RowWrite) -> None:
        self._sender.write_version(self._version, write)

    def _check_heads(self) -> None:
        """Make sure, inside a transaction that keeps other writers out, that nobody moved the version meanwhile."""
        keeper = self._run.keeper if self._run is not None else None
        if keeper is None:
            return
        self._sender.settle()
        found = read_heads(self._connection, self._version)
        if set(found) != keeper.heads:
            raise VersionMovedError(self.version_table, sorted(keeper.heads), sorted(found))

    def unrecorded(self) -> AbstractContextManager[None]:
        """Let statements pass that are no part of the revision, and that need not be sent at all."""
        return self._run.journal.paused() if self._run is not None else nullcontext()

    def _before_partial_commit(self) -> None:
        if self._run is not None:
            self._run.journal.checkpoint()

    def _open_session(self, *, migrates: bool = False) -> bool:
        """Make the session ready where the run migrates, and tell whether that was done now."""
        wanted = (migrates or "destination_rev" in self.opts) and not self.opts.get("dont_mutate", False)
        if self.as_sql or self._connection is None or self._session is not None or not wanted:
            return False
        name = LockName(self.version_table_schema or self._settings.schema, self.version_table)
        watch_connection(self._connection)
        asked = migrates and self._run is not None and self._run.began_idle
        if asked and self._connection.in_transaction():
            self._connection.commit()  # MySQL would go on showing what was there before the lock
        session = MigrationSession(
            self._connection, name, self._settings, in_transaction=self._connection.in_transaction()
        )
        self._table_found = session.open(self._version)
        self._session = session
        return True

    def _close_session(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _transaction_ended(self) -> None:
        if self._run is None:
            self._close_session()

    def _starting_revision(self, connection: Connection | None) -> tuple[str, ...]:
        starting = self.opts.get("starting_rev")
        if starting is None or starting == "base":
            return ()
        if connection is not None and not self.as_sql:
            raise CommandError("Can't specify current_rev to context when using a database connection")
        if self.script is None:
            return (starting,) if isinstance(starting, str) else tuple(starting)
        return tuple(script.revision for script in self.script.get_revisions(starting))

    @staticmethod
    def _buffer(opts: dict[str, Any]) -> Any:
        buffer = current_settings().output or opts.get("output_buffer") or sys.stdout
        encoding = opts.get("output_encoding")
        return encoded(buffer, encoding) if encoding else buffer

    def _log_settings(self) -> None:
        log.info("Context impl %s.", type(self.impl).__name__)
        if self.as_sql:
            log.info("Generating static SQL")
        log.info("Will assume %s DDL.", "transactional" if self.impl.transactional_ddl else "non-transactional")
