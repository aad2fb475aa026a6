"""What is due and how often: plain values, and the rule for the first run after a start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

JITTER = 0.1  # of the interval, so that a thousand daemons do not look in the same second
REMEMBERED_FROM = 600.0  # seconds between two runs
CATCH_UP_SECONDS = 5.0  # what was missed while the daemon was down starts within this time


class Work(StrEnum):
    """What a tick asks for."""

    CENSUS = "census"
    DRIFT = "drift"
    DISCOVERY = "discovery"
    ALERTS = "alerts"
    RETENTION = "retention"


@dataclass(frozen=True, slots=True)
class Tick:
    """Work that is due again and again.

    Attributes:
        work: what to do.
        every: seconds between two runs.
        only: the server, the database or the ``for_each`` declaration that it is for; None for all that have no tick of their own.
    """

    work: Work
    every: float
    only: str | None = None

    @property
    def key(self) -> str:
        """Name it in the store: targets that share an interval share a tick."""
        return f"{self.work}/{self.every:g}" + (f"/{self.only}" if self.only else "")

    @property
    def remembered(self) -> bool:
        """Tell whether a restart must know when it was due last; what is due often is simply done at the start."""
        return self.every > REMEMBERED_FROM

    @property
    def jitter(self) -> float:
        """Return how many seconds a run may be early or late."""
        return self.every * JITTER


def first_run(tick: Tick, last_fired: datetime | None, now: datetime, chance: float) -> datetime:
    """Decide when a tick first fires after a start.

    Args:
        tick: the tick.
        last_fired: when it fired last, by the store; None when it never did.
        now: the time of the start.
        chance: a random number from 0 to 1.

    Returns:
        Its regular time when that lies ahead; else a moment from now, at most ``CATCH_UP_SECONDS``.
    """
    soon = now + timedelta(seconds=chance * min(CATCH_UP_SECONDS, tick.jitter))
    if last_fired is None:
        return soon
    return max(soon, last_fired + timedelta(seconds=tick.every))
