"""Loads the fleet file for a command, and opens the application on it."""

from __future__ import annotations

import contextlib
import gc
import os
from typing import TYPE_CHECKING

import click

from stillhouse_orchestrator.cli.exits import Exit
from stillhouse_orchestrator.cli.output import counted
from stillhouse_orchestrator.cli.people import actor
from stillhouse_orchestrator.cli.running import CommandFailedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from stillhouse_config import FleetFile, Problem
    from stillhouse_orchestrator.application import Application
    from stillhouse_orchestrator.workers.pool import PoolExecutor

UNASKED = "stillhouse.unasked"


def some_are_unknown() -> bool:
    """Tell whether this command could not learn of all targets."""
    return bool(click.get_current_context().meta.get(UNASKED))


class OwnedElsewhereError(CommandFailedError):
    """Another process owns the store."""


class FleetInvalidError(CommandFailedError):
    """The fleet file has mistakes; all of them are shown."""

    def __init__(self, path: str, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        lines = "\n".join(map(str, problems))
        super().__init__(
            f"{counted(len(problems), 'problem')} in {path}; nothing was started\n{lines}", code=Exit.USAGE
        )


def load(path: str) -> FleetFile:
    """Load a fleet file.

    Raises:
        FleetInvalidError: with every problem.
    """
    from stillhouse_config import FleetFileError, load_fleet

    try:
        return load_fleet(path)
    except FleetFileError as error:
        raise FleetInvalidError(path, error.problems) from error


@contextlib.asynccontextmanager
async def opened(
    path: str, *, beside: bool = False, drain: float = 30.0, plans: bool = False, acting: str | None = None
) -> AsyncIterator[Application]:
    """Open the application on a fleet file.

    Args:
        path: the fleet file.
        beside: read the store of a running service instead of failing.
        drain: seconds that running jobs get at the end.
        plans: the command will most likely plan: workers start at once, while this process gets ready itself.
        acting: who causes what happens by itself; whoever runs the command, unless another is named.

    Raises:
        OwnedElsewhereError: another process owns the store.
    """
    from stillhouse_orchestrator.events import ACTING
    from stillhouse_orchestrator.jobs import workers_for
    from stillhouse_orchestrator.workers.pool import PoolExecutor

    file = load(path)
    ACTING.set(acting or actor())
    async with PoolExecutor(drain=drain) as executor:
        if plans:
            await executor.prepare(workers_for(file.fleet.targets.values(), os.cpu_count() or 1))
        async with _opened(path, file, executor, beside=beside) as found:
            yield found


@contextlib.asynccontextmanager
async def _opened(path: str, file: FleetFile, executor: PoolExecutor, *, beside: bool) -> AsyncIterator[Application]:
    """Open the application, whose modules take longer to import than all others."""
    from stillhouse_config import FleetFileError
    from stillhouse_orchestrator import application
    from stillhouse_orchestrator.store import OwnerBusyError

    try:
        async with application.opened(file, beside=beside, executor=executor) as found:
            for declaration, reason in found.unasked.items():
                click.echo(f"databases.{declaration}: its targets are unknown: {reason}", err=True)
            click.get_current_context().meta[UNASKED] = bool(found.unasked)
            gc.freeze()  # modules and fleet stay to the end: with thousands of targets, each look through them takes long
            yield found
    except FleetFileError as error:  # a row that was discovered makes no target
        raise FleetInvalidError(path, error.problems) from error
    except OwnerBusyError as error:
        raise OwnedElsewhereError(str(error), error.hint) from error
