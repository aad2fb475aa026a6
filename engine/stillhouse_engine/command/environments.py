"""Runs env.py with a command's function.

SQLAlchemy is imported here, when a database is asked for the first time: listing revisions and printing help do without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from stillhouse_engine.config import Config
    from stillhouse_engine.script import ScriptDirectory


def run_environment(
    config: Config, script: ScriptDirectory, fn: Callable[[Any, Any], Iterable[Any]], **options: Any
) -> None:
    """Run env.py.

    Args:
        config: the configuration.
        script: the script directory.
        fn: called with the revisions of the database and the migration context; returns the steps to run.
        **options: further options of the environment context.
    """
    from stillhouse_engine.runtime.environment import EnvironmentContext

    with EnvironmentContext(config, script, fn=fn, **options):
        script.run_env()
