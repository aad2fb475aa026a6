"""What the service manager is told: systemd's notification protocol over a plain datagram socket.

The protocol is documented in sd_notify(3): newline-separated assignments sent to the socket named by ``$NOTIFY_SOCKET``.
Without that variable nothing is sent, so that a daemon on a terminal or in a container needs no special case.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Notifier:
    """Tells the service manager how the daemon is.

    Attributes:
        address: the socket's path, ``@name`` for an abstract one, or None when nobody listens.
        watchdog: seconds within which the manager wants a sign of life, or None.
    """

    address: str | None = None
    watchdog: float | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Notifier:
        """Read ``NOTIFY_SOCKET``, ``WATCHDOG_USEC`` and ``WATCHDOG_PID``."""
        environment = os.environ if environment is None else environment
        microseconds = environment.get("WATCHDOG_USEC", "")
        ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        watchdog = int(microseconds) / 1e6 if ours and microseconds.isdigit() and int(microseconds) else None
        return cls(environment.get("NOTIFY_SOCKET") or None, watchdog)

    def send(self, **assignments: str | int) -> None:
        """Send one message, at once or not at all: a manager that is gone or stuck must not stop the event loop."""
        if self.address is None:
            return
        message = "\n".join(f"{key}={value}" for key, value in assignments.items())
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out,
        ):
            out.sendto(message.encode(), socket.MSG_DONTWAIT, address)

    def ready(self, status: str) -> None:
        """Say that the daemon serves."""
        self.send(READY=1, STATUS=status)

    def status(self, status: str) -> None:
        """Say in one line what the daemon is doing."""
        self.send(STATUS=status)

    def reloading(self) -> None:
        """Say that the fleet file is being read again; ``ready`` ends it."""
        self.send(RELOADING=1, MONOTONIC_USEC=time.monotonic_ns() // 1000, STATUS="reading the fleet file again")

    def stopping(self, status: str) -> None:
        """Say that the daemon is on its way out."""
        self.send(STOPPING=1, STATUS=status)

    def alive(self) -> None:
        """Feed the watchdog."""
        self.send(WATCHDOG=1)
