"""Whom a command asks: the daemon when one serves the fleet, else itself, as the owner of the store or beside it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar

import click

from stillhouse_orchestrator.cli.loading import OwnedElsewhereError, load
from stillhouse_orchestrator.cli.people import actor
from stillhouse_orchestrator.cli.running import CommandFailedError, failing_cleanly, run
from stillhouse_orchestrator.client import announcement
from stillhouse_orchestrator.client.daemon import Daemon
from stillhouse_orchestrator.client.errors import DaemonGoneError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

TOKEN = "STILLHOUSE_TOKEN"  # noqa: S105 - the name of a variable
Result = TypeVar("Result")


def ask(
    fleet_file: str,
    remote: Callable[[Daemon], Result],
    embedded: Callable[[], Coroutine[Any, Any, Result]],
    *,
    level: str = "warning",
) -> Result:
    """Let the daemon do something, or do it in this process when there is none.

    Args:
        fleet_file: the fleet.
        remote: does it with a daemon's help.
        embedded: does it here.
        level: the least severe level that is logged when it is done here.
    """
    with failing_cleanly():
        token = _token()
        daemon = _announced(fleet_file, token) or (_listening(fleet_file, token) if token else None)
        if daemon is not None:
            return remote(daemon)
        try:
            return run(embedded(), level=level)
        except OwnedElsewhereError:
            daemon = _listening(fleet_file, token)
            if daemon is None:
                raise
        return remote(daemon)


def _token() -> str | None:
    """Return the token that the user names: a file's content, else the environment's."""
    path = click.get_current_context().meta.get("stillhouse.token_file")
    if path is None:
        return os.environ.get(TOKEN) or None
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - pathlib would double what this module imports
        token = file.read().strip()
    if not token or not token.isascii() or not token.isprintable():
        raise CommandFailedError(f"{path} does not hold a token", "one line, nothing else")
    return token


def _announced(fleet_file: str, token: str | None) -> Daemon | None:
    """Return the daemon that has announced itself beside the store; None when it is gone."""
    path = announcement.likely_path(fleet_file)
    found = announcement.read(path) if path else None
    if found is None:
        return None
    return _reachable(Daemon(found.url, token or found.token, actor(), None if token else path))


def _listening(fleet_file: str, token: str | None) -> Daemon | None:
    """Return the daemon that listens where the fleet file says, if it serves this fleet."""
    from stillhouse_orchestrator.daemon.announcing import announcement_path, url_of

    file = load(fleet_file)
    said = announcement.read(announcement_path(file))
    url = said.url if said else url_of(file.model.api.listen)
    daemon = Daemon(url, token or (said.token if said else None), actor())
    try:
        return daemon if daemon.fleet() == file.model.fleet else None
    except DaemonGoneError:
        return None


def _reachable(daemon: Daemon) -> Daemon | None:
    return daemon if daemon.listens() else None
