"""A project opened once for all its databases: configuration, script directory, and how its code can run here."""

from __future__ import annotations

import sys
from argparse import Namespace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillhouse_engine.runtime import plain
from stillhouse_engine.runtime.bridging import (
    brings_own_loop,
    close_unstarted,
    guessed_wrong,
    has_greenlet,
    is_async_url,
    on_loop,
    on_thread,
)
from stillhouse_engine.runtime.describing import describe
from stillhouse_engine.runtime.engines import Engines
from stillhouse_engine.runtime.environment import EnvironmentContext
from stillhouse_engine.runtime.logging_guard import guarded_logging
from stillhouse_engine.runtime.project_config import project_config
from stillhouse_engine.runtime.recordings import Recordings
from stillhouse_engine.runtime.settings import RunSettings, use_settings
from stillhouse_engine.runtime.specs import DEFAULT_VERSION_TABLE
from stillhouse_engine.script.base import ScriptDirectory

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias, TypeVar

    from stillhouse_engine.config import Config
    from stillhouse_engine.runtime.settings import Progress
    from stillhouse_engine.runtime.specs import DatabaseSpec, ProjectSpec, ProjectSummary

    T = TypeVar("T")
    Report: TypeAlias = Callable[[Progress], None]
    Steps: TypeAlias = Callable[[tuple[str, ...], Any], list[Any]]


class OpenedProject:
    """One script directory, its configuration and its env.py, shared by every run.

    Args:
        spec: where the project is.

    Raises:
        MigrationScriptError: it names neither a script directory nor a configuration file, or they cannot be read.
    """

    def __init__(self, spec: ProjectSpec) -> None:
        self.spec = spec
        self.root = Path(spec.root).resolve()
        for folder in reversed(spec.import_path):
            if (path := str(self.root / folder)) not in sys.path:
                sys.path.insert(0, path)
        self.script = ScriptDirectory.from_config(self._config())
        env = Path(self.script.env_py_location)
        self.env_source = env.read_text(encoding="utf-8") if env.is_file() else None
        self._own_loop = self.env_source is not None and brings_own_loop(self.env_source)
        self.engines = Engines()
        self.recordings = Recordings()

    @property
    def has_env(self) -> bool:
        """Whether the project has an env.py, which then says how to connect."""
        return self.env_source is not None

    def describe(self) -> ProjectSummary:
        """Return the revision graph as plain data."""
        return describe(self.script._history)  # noqa: SLF001 - the engine's own

    def settings_for(self, database: DatabaseSpec, report: Report | None = None) -> RunSettings:
        """Return how to run on a database."""
        table = database.version_table if database.version_table != DEFAULT_VERSION_TABLE else None
        return RunSettings(
            lock_timeout=database.lock_timeout,
            statement_timeout=database.statement_timeout,
            schema=database.schema,
            version_table=table,
            version_table_schema=database.version_table_schema or database.schema,
            gather=True,
            report=report,
            x_arguments=database.x_arguments,
            recordings=self.recordings if database.replay else None,
        )

    def run_here(self, database: DatabaseSpec, settings: RunSettings, steps: Steps, **options: Any) -> None:
        """Run steps on a database, on this thread or in this greenlet.

        Args:
            database: the database.
            settings: how to run.
            steps: plans the steps, given the heads that the database stands at and the migration context.
            **options: further options of the environment context.

        Raises:
            EngineError: a revision failed; the error says which, where and on what statement.
        """
        config = self._config(database, settings)
        with use_settings(settings), EnvironmentContext(config, self.script, fn=steps, **options) as environment:
            try:
                if self.has_env:
                    with guarded_logging():
                        self.script.run_env()
                else:
                    plain.run(environment, database, self.engines)
            except Exception as error:
                failed = environment.failed_step()
                explained = failed.explain() if failed is not None else None
                if failed is None or explained is None or explained is error:
                    raise
                raise explained from failed.error

    async def run(self, database: DatabaseSpec, function: Callable[[], T], *, holds: bool = False) -> T:
        """Run synchronous code for a database from an event loop, where its driver and env.py can work.

        A synchronous env.py, or none, runs on the loop itself when the driver is asynchronous; everything else has a
        thread of its own. Which kind an env.py is, is guessed from its text; a wrong guess fails before it connects,
        and is put right.

        Args:
            database: the database.
            function: the code.
            holds: it holds its transaction open until others have come as far, and must not wait for a thread of theirs.
        """
        thread = partial(on_thread, function, own=holds)
        if not is_async_url(database.url) or not has_greenlet():
            return await thread()
        try:
            return await (thread() if self._own_loop else on_loop(function))
        except Exception as error:
            if not guessed_wrong(error.__cause__ or error):
                raise
            close_unstarted(error)
            self._own_loop = not self._own_loop
            return await (thread() if self._own_loop else on_loop(function))

    def _config(self, database: DatabaseSpec | None = None, settings: RunSettings | None = None) -> Config:
        config = project_config(self.spec)
        if database is not None:
            config.set_main_option("sqlalchemy.url", database.url.replace("%", "%%"))
            config.cmd_opts = Namespace(x=list(database.x_arguments) or None)
        if settings is not None and settings.output is not None:
            config.output_buffer = settings.output
        return config
