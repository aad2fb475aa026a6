"""Dry runs: the revisions really run, in one transaction, which is rolled back at their end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from stillhouse_engine.command.environments import run_environment
from stillhouse_engine.errors import CommandError, HoldError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from stillhouse_engine.config import Config
    from stillhouse_engine.dialects.statements import Statement, StatementSink
    from stillhouse_engine.runtime.settings import Progress
    from stillhouse_engine.script import ScriptDirectory

    Steps = Callable[[Any, Any], Sequence[Any]]

READS = frozenset({"EXPLAIN", "PRAGMA", "SAVEPOINT", "RELEASE", "SELECT", "SHOW", "VALUES", "BEGIN"})
ENDINGS = frozenset({"COMMIT", "END", "ROLLBACK"})


class ShownSink:
    """Stands before another sink, and shows what goes there.

    Args:
        inner: the other sink.
        show: takes the text of a statement.
        connection: the connection that migrates.
    """

    def __init__(self, inner: StatementSink, show: Callable[[str], None], connection: Connection) -> None:
        from stillhouse_engine.dialects.statements import OfflineSink

        self.inner = inner
        self.show = show
        self.text = OfflineSink(connection.dialect, show, literal_binds=True)
        self.busy = False

    def execute(self, statement: Statement) -> Any:
        """Show a statement, and send it."""
        self.show(self._written(statement))
        self.busy = True
        try:
            return self.inner.execute(statement)
        finally:
            self.busy = False

    def flush(self) -> None:
        """Flush the other sink."""
        self.inner.flush()

    def _written(self, statement: Statement) -> str:
        from sqlalchemy.exc import CompileError

        try:
            return self.text.render(statement)
        except (CompileError, NotImplementedError):  # a value that has no literal form stays a parameter
            return str(statement.executable)


class DryRun:
    """One dry run.

    Args:
        config: where the text goes.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.titles: dict[str, str] = {}
        self.revisions = 0
        self.sink: ShownSink | None = None

    def watching(self, steps: Steps) -> Steps:
        """Return a command's function that prepares the migration context for a dry run first."""

        def prepared(heads: Any, context: Any) -> Sequence[Any]:
            self._check(context)
            planned = steps(heads, context)
            self.titles = {step.revision.revision: step.short_log for step in planned}
            if planned:
                self._watch(context)
            else:
                self.roll_back(context.connection)
            return planned

        return prepared

    def _check(self, context: Any) -> None:
        """Make sure that the transaction is ours to roll back.

        Raises:
            CommandError: it is somebody else's.
        """
        if context._in_external_transaction:  # noqa: SLF001 - Alembic's name for it
            raise CommandError(
                "A dry run rolls back at its end, but the transaction began before context.configure() and is not its own"
            )

    def _watch(self, context: Any) -> None:
        from sqlalchemy import event

        connection = context.connection
        context.impl.sink = self.sink = ShownSink(context.impl.sink, self.show, connection)
        event.listen(connection, "before_cursor_execute", self._before)

    def _before(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        """Show what a revision sends by itself; refuse what would end the transaction."""
        from stillhouse_engine.runtime.sqlite import first_word

        word = first_word(statement)
        if word in ENDINGS and "TO" not in statement.upper().split():
            raise CommandError(f"A dry run cannot undo {statement.strip()!r}")
        if word not in READS and self.sink is not None and not self.sink.busy:
            self.show(statement)

    def show(self, statement: str) -> None:
        """Print a statement."""
        self.config.print_stdout("%s;\n", statement.replace("\t", "    ").strip().rstrip(";"))

    def report(self, progress: Progress) -> None:
        """Print which revision runs."""
        if progress.event == "revision.started":
            self.config.print_stdout("-- Running %s\n", self.titles[progress.facts["revision"]])
            self.revisions += 1

    def roll_back(self, connection: Connection) -> None:
        """Undo everything."""
        if self.sink is not None:
            from sqlalchemy import event

            event.remove(connection, "before_cursor_execute", self._before)
        transaction = connection.get_transaction()
        if transaction is not None:
            transaction.rollback()


def try_environment(config: Config, script: ScriptDirectory, steps: Steps, **options: Any) -> None:
    """Run env.py without leaving anything behind.

    Args:
        config: the configuration; what the revisions send is printed there.
        script: the script directory.
        steps: called with the revisions of the database and the migration context; returns the steps to run.
        **options: further options of the environment context.

    Raises:
        CommandError: the database commits DDL at once, a revision leaves the transaction, or it is not ours.
    """
    from stillhouse_engine.runtime.settings import current_settings, use_settings

    if options["as_sql"]:
        raise CommandError("Can't use --dry-run with --sql mode")
    run = DryRun(config)
    settings = replace(current_settings(), hold=True, after=run.roll_back, report=run.report)
    try:
        with use_settings(settings):
            run_environment(config, script, run.watching(steps), **options)
    except HoldError as error:
        raise CommandError(f"A dry run is one transaction that is rolled back, but {error.reason}") from error
    config.print_stdout("-- Rolled back: %d revision(s) ran, and nothing was changed", run.revisions)
