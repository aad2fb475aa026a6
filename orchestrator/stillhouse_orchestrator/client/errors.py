"""What can go wrong between a command and the daemon.

::

    StillhouseError
    └── DaemonError
        ├── DaemonGoneError
        └── RefusedError
"""

from __future__ import annotations

from stillhouse_orchestrator.errors import StillhouseError


class DaemonError(StillhouseError):
    """Something about the daemon that a command talks to."""


class DaemonGoneError(DaemonError):
    """The daemon does not answer, or no longer."""

    hint = "`stillhouse health` asks whether it runs; what it was doing goes on when it starts again"

    def __init__(self, url: str, reason: str, *, connected: bool) -> None:
        self.url = url
        self.connected = connected
        super().__init__(f"the daemon at {url} does not answer: {reason}")


class RefusedError(DaemonError):
    """The daemon refused what was asked.

    Attributes:
        status: the HTTP status.
    """

    def __init__(self, status: int, what: str, hint: str | None, *, usage: bool = False) -> None:
        self.status = status
        self.hint = hint
        self.usage = usage
        super().__init__(what)
