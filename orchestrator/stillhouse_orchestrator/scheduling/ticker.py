"""APScheduler's side of the ticks. A job only enqueues: APScheduler cancels running jobs when it shuts down."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from apscheduler.schedulers.asyncio import AsyncIOScheduler  # type: ignore[import-untyped]  # it ships none
from apscheduler.triggers.interval import IntervalTrigger  # type: ignore[import-untyped]  # it ships none

from stillhouse_orchestrator.scheduling.ticks import first_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from stillhouse_orchestrator.scheduling.ticks import Tick


class Ticker:
    """Fires ticks at their times.

    Args:
        fire: called on the event loop with each tick that is due; must return at once.
    """

    def __init__(self, fire: Callable[[Tick], object]) -> None:
        self._fire = fire
        self._scheduler = AsyncIOScheduler(timezone=UTC)

    def start(self) -> None:
        """Begin to fire; needs a running event loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """Fire nothing more."""
        self._scheduler.shutdown(wait=False)

    def replace(self, ticks: Iterable[Tick], last_fired: Mapping[str, datetime]) -> None:
        """Follow a new set of ticks: those that stay keep their next time.

        Args:
            ticks: what is due from now on.
            last_fired: tick key → when it fired last, as the store remembers.
        """
        wanted = {tick.key: tick for tick in ticks}
        known = {job.id for job in self._scheduler.get_jobs()}
        for key in known - wanted.keys():
            self._scheduler.remove_job(key)
        for key in sorted(wanted.keys() - known):
            self._add(wanted[key], last_fired.get(key))

    def _add(self, tick: Tick, last_fired: datetime | None) -> None:
        chance = random.random()  # noqa: S311 - spreads load, guards nothing
        self._scheduler.add_job(
            self._fire,
            IntervalTrigger(seconds=max(1, int(tick.every)), jitter=int(tick.jitter) or None),
            args=(tick,),
            id=tick.key,
            next_run_time=first_run(tick, last_fired, datetime.now(UTC), chance),
            coalesce=True,
            misfire_grace_time=None,
        )

    def next_times(self) -> dict[str, datetime]:
        """Return when each tick fires next."""
        return {job.id: job.next_run_time for job in self._scheduler.get_jobs() if job.next_run_time is not None}
