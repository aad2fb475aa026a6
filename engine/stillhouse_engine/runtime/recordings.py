"""Recordings of revisions that read nothing: the statements they send, kept for the siblings of the database they ran on.

A recording is what reached the driver, text and parameters, so that sending it again needs neither the revision's Python
nor SQLAlchemy's compiler. It is found again only under the same key: see ``replay.plan_key``.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping
    from typing import TypeAlias

    StepName: TypeAlias = tuple[str, bool]

LIFETIME_SECONDS = 600.0
"""A recording of a revision that looks at the clock must not outlive the rollout it was made in by much."""
MOST_PLANS = 32


@dataclass(frozen=True, slots=True)
class SentStatement:
    """A statement as the driver was given it.

    Attributes:
        text: its text.
        parameters: its parameters in the driver's form; a list of them when there are ``many``.
        many: it was sent once for each of several rows.
    """

    text: str
    parameters: Any = None
    many: bool = False


class Recordings:
    """The recordings of one opened project, by plan; shared by all its runs, on any thread.

    Args:
        lifetime: seconds that a recording may be used for.
        most: plans to keep; the one that was not used for longest goes first.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        lifetime: float = LIFETIME_SECONDS,
        most: int = MOST_PLANS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lifetime = lifetime
        self._most = most
        self._clock = clock
        self._lock = Lock()
        self._plans: OrderedDict[Hashable, tuple[float, Mapping[StepName, tuple[SentStatement, ...]]]] = OrderedDict()
        self._led: set[Hashable] = set()

    def __len__(self) -> int:
        """Return how many plans there are recordings of."""
        return sum(bool(recorded) for _, recorded in self._plans.values())

    def find(self, plan: Hashable) -> Mapping[StepName, tuple[SentStatement, ...]]:
        """Return what is recorded of a plan, by revision and direction; nothing when it is too old."""
        with self._lock:
            made, recorded = self._plans.get(plan, (0.0, {}))
            if plan in self._plans and self._clock() - made > self._lifetime:
                del self._plans[plan]
                return {}
            if plan in self._plans:
                self._plans.move_to_end(plan)
            return recorded

    def lead(self, plan: Hashable) -> bool:
        """Tell a run whether it is the one that records a plan; such a run calls ``leave`` at its end."""
        with self._lock:
            if plan in self._led or plan in self._plans:
                return False
            self._led.add(plan)
            return True

    def leave(self, plan: Hashable) -> None:
        """Note that nobody is recording a plan any more."""
        with self._lock:
            self._led.discard(plan)

    def is_led(self, plan: Hashable) -> bool:
        """Tell whether a run is recording a plan."""
        with self._lock:
            return plan in self._led

    def keep(self, plan: Hashable, recorded: Mapping[StepName, tuple[SentStatement, ...]]) -> None:
        """Keep the recording of a plan that ran to its end, or that there is nothing to record; the first one stays."""
        with self._lock:
            if plan not in self._plans:
                self._plans[plan] = (self._clock(), dict(recorded))
            while len(self._plans) > self._most:
                self._plans.popitem(last=False)
