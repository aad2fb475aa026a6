"""The daemon's pulse: feeds the service manager's watchdog and measures how late the event loop runs.

It beats on the event loop itself. A loop that is stuck does not beat, and the service manager restarts the daemon.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stillhouse_orchestrator.notify import Notifier

REGULAR_SECONDS = 1.0


class Heartbeat:
    """Beats until it is cancelled.

    Args:
        notifier: who hears it; its ``watchdog`` says how often, at least twice per interval.
    """

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier
        self._lag = 0.0
        self.every = min(REGULAR_SECONDS, notifier.watchdog / 3) if notifier.watchdog else REGULAR_SECONDS

    async def run(self) -> None:
        """Beat."""
        clock = asyncio.get_running_loop().time
        while True:
            if self._notifier.watchdog:
                self._notifier.alive()
            due = clock() + self.every
            await asyncio.sleep(self.every)
            self._lag = max(self._lag, clock() - due)

    def take_lag(self) -> float:
        """Return the worst lateness since the last call, in seconds."""
        lag, self._lag = self._lag, 0.0
        return max(lag, 0.0)
