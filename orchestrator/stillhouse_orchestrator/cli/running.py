"""From a click command to our own code and back: loads the fleet, runs the coroutine, turns errors into exit codes."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any, TypeVar

import click

from stillhouse_orchestrator.cli.exits import Exit
from stillhouse_orchestrator.errors import StillhouseError

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

DEBUG = "STILLHOUSE_DEBUG"
QUIET = "warning"
REPORTED = "critical"  # for commands that print every event of theirs themselves
Result = TypeVar("Result")
PASSING = (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError)


class CommandFailedError(click.ClickException):
    """A command failed for a reason that a person can act on."""

    def __init__(self, message: str, hint: str | None = None, code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.hint = hint
        self.exit_code = int(code)  # type: ignore[misc]  # click declares a class variable and reads it from the instance

    def show(self, file: Any = None) -> None:
        """Write the error and what to do next to stderr."""
        click.echo(f"error: {self.format_message()}", file=file, err=file is None)
        if self.hint:
            click.echo(f"  help: {self.hint}", file=file, err=file is None)


def run(command: Coroutine[Any, Any, Result], *, level: str = QUIET, style: str = "console") -> Result:
    """Run a command's coroutine with logging set up and errors made presentable.

    Args:
        command: what to run.
        level: the least severe level that is logged, unless the command line says otherwise.
        style: what ``--log-format auto`` means when stderr is not a terminal.
    """
    import asyncio

    with failing_cleanly(), contextlib.closing(command):  # which an interruption may keep from its start
        log_to_stderr(level, style)
        return asyncio.run(command)


@contextlib.contextmanager
def failing_cleanly() -> Iterator[None]:
    """Turn errors into messages: ours as they are, anything else as a bug to report; ``$STILLHOUSE_DEBUG`` lets it through."""
    try:
        yield
    except PASSING:
        raise
    except StillhouseError as error:
        raise _presented(error) from error
    except OSError as error:
        raise CommandFailedError(
            _clean(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        ) from error
    except BaseExceptionGroup as group:
        leaves = _leaves(group)
        for leaf in leaves:
            if isinstance(leaf, PASSING):
                raise leaf from group
            if isinstance(leaf, StillhouseError):
                raise _presented(leaf) from group
        _bug(leaves[0])
        raise
    except Exception as error:
        from stillhouse_config import FleetValueError

        if isinstance(error, FleetValueError):
            raise CommandFailedError(_clean(str(error)), error.hint, Exit.USAGE) from error
        _bug(error)
        raise


def _presented(error: StillhouseError) -> CommandFailedError:
    return CommandFailedError(_clean(str(error)), error.hint, Exit.USAGE if error.usage else Exit.FAILED)


def log_to_stderr(level: str, style: str) -> None:
    """Send log lines to stderr, as the command's options say: results alone go to stdout."""
    from stillhouse_orchestrator import logs

    chosen = click.get_current_context().meta
    form = chosen.get("stillhouse.log_format", "auto")
    if form == "auto" and style != "json":
        form = "console"
    asked = chosen.get("stillhouse.log_level")
    told = asked is None and level == QUIET  # the command itself says what happens
    logs.configure(asked or level, form, events=not told)


def _bug(error: BaseException) -> None:
    if os.environ.get(DEBUG) or isinstance(error, KeyboardInterrupt):
        return
    raise CommandFailedError(
        _clean(f"a bug of Stillhouse: {type(error).__name__}: {error}"),
        f"run it again with {DEBUG}=1 and report the traceback",
    ) from error


def _leaves(group: BaseExceptionGroup[Any]) -> list[BaseException]:
    return [
        leaf
        for error in group.exceptions
        for leaf in (_leaves(error) if isinstance(error, BaseExceptionGroup) else [error])
    ]


def _clean(text: str) -> str:
    from stillhouse_orchestrator.logs import scrubber

    return scrubber.text(text)
