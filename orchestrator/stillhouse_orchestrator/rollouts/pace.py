"""How many migrations at once a server is worth, found by trying: no server tells, and too many make it slower.

On a server whose processors are busy more migrations at once only get in each other's way; where they wait for the network, for
locks or for a disk, more of them are done in the same time. So a rollout starts with few, takes half as many more as long as that
pays, and takes the last step back when it did not. Migrations that take long are no evidence, and are always given company.
"""

from __future__ import annotations

from dataclasses import dataclass

FIRST = 4
GROWTH = 1.5
GAIN = 1.15  # of the throughput, for a step to be worth keeping: half of what it brings where nothing is scarce
WINDOW_SECONDS = 0.5
LONG_SECONDS = 1.0  # migrations that take this long say nothing about throughput
REST_SECONDS = 8.0  # after a step back; a server's load changes


@dataclass(frozen=True, slots=True)
class Step:
    """What was reached with one width, in migrations a second."""

    width: int
    rate: float


class Pace:
    """The number of a server's migrations that run at once, as far as one rollout decides it.

    Attributes:
        width: the number at this moment.
    """

    def __init__(self) -> None:
        self.width = FIRST
        self._since: float | None = None
        self._ended = 0
        self._before: Step | None = None
        self._rests_until = 0.0

    def ended(self) -> None:
        """Count a migration that has ended."""
        self._ended += 1

    def look(self, now: float) -> float:
        """Think the width over; to be called while more migrations would start if it were larger.

        Args:
            now: seconds on any steady clock.

        Returns:
            In how many seconds to look again, whatever happens until then.
        """
        if self._since is None:
            self._begin(now)
            return LONG_SECONDS
        elapsed = now - self._since
        if elapsed < WINDOW_SECONDS or now < self._rests_until:
            return LONG_SECONDS
        if self._ended >= 2 * self.width:
            self._judge(Step(self.width, self._ended / elapsed), now)
        elif elapsed >= LONG_SECONDS:
            self._widen(None)
        else:
            return LONG_SECONDS - elapsed
        self._begin(now)
        return LONG_SECONDS

    def pause(self) -> None:
        """Forget what was measured: there were not enough migrations to tell anything."""
        self._since = None

    def _begin(self, now: float) -> None:
        self._since, self._ended = now, 0

    def _judge(self, reached: Step, now: float) -> None:
        if self._before is None or reached.rate >= GAIN * self._before.rate:
            self._widen(reached)
        else:
            self.width, self._before = self._before.width, None
            self._rests_until = now + REST_SECONDS

    def _widen(self, reached: Step | None) -> None:
        self.width, self._before = int(self.width * GROWTH), reached
