"""Tells commands of the same user where the daemon listens, for as long as it serves."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from stillhouse_orchestrator.client import announcement
from stillhouse_orchestrator.client.announcement import Announcement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stillhouse_config import FleetFile
    from stillhouse_config.quantities import Address

ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - how to reach a daemon that listens everywhere


def announcement_path(file: FleetFile) -> str:
    """Return where the daemon of a fleet file announces itself."""
    url = file.state_url
    state = url.database if url.dialect == "sqlite" and url.database and Path(url.database).is_absolute() else None
    return announcement.path_beside(state, str(file.path))


def url_of(address: Address) -> str:
    """Return the URL under which this machine reaches a daemon that listens on an address."""
    host = ANYWHERE.get(address.host, address.host)
    return f"http://[{host}]:{address.port}" if ":" in host else f"http://{host}:{address.port}"


@contextlib.contextmanager
def announced(file: FleetFile, address: Address, token: str) -> Iterator[None]:
    """Announce the daemon until the block ends. Where that cannot be written, commands need a token of the fleet file."""
    path, said = announcement_path(file), Announcement(url_of(address), token, os.getpid())
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(announcement.kept(path, said))
        except OSError as error:
            structlog.get_logger("stillhouse").warning("daemon.unannounced", path=path, error=str(error))
        yield
