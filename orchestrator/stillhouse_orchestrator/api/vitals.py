"""How the daemon is, as service managers and load balancers ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Vitals:
    """One look at the daemon.

    Attributes:
        fleet: the fleet's name.
        ready: whether it serves: the store is open, the fleet file loaded, and it is not on its way out.
        state: ``starting``, ``serving``, ``reloading`` or ``draining``.
        targets: how many targets it keeps.
        uptime: seconds since it started.
        loop_lag: the longest that the event loop was late since the last look, in seconds.
        problem: why it is not as it should be: a fleet file that was refused, a tick that failed.
        checked: work → when it was last completed, as ISO 8601.
    """

    fleet: str
    ready: bool
    state: str
    targets: int
    uptime: float
    loop_lag: float
    problem: str | None
    checked: Mapping[str, str]
