"""Live streams: who watches what, and what is new for whom.

Nothing is queued for a watcher. The history is in the store, and a rollout is a value: what happens only wakes the watchers,
and each reads on from where it was, as fast as its connection takes it. A slow one costs no memory and delays nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stillhouse_orchestrator.api.problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stillhouse_orchestrator.events import Event
    from stillhouse_orchestrator.values import Rollout
    from stillhouse_orchestrator.workers.executor import Progress

MOST_WATCHERS = 100
CALM_SECONDS = 0.1  # the least time between two looks for one watcher


@dataclass(eq=False)
class Watcher:
    """One stream.

    Attributes:
        rollout_id: watches this rollout only; ``None`` for the whole history.
        rollout: as it was last heard of.
        progress: the last step of each target since the watcher last looked.
    """

    rollout_id: str | None = None
    rollout: Rollout | None = None
    progress: dict[str, Progress] = field(default_factory=dict)
    wake: asyncio.Event = field(default_factory=asyncio.Event)


class Live:
    """Everybody who watches.

    Attributes:
        closing: set when the daemon ends.
    """

    def __init__(self) -> None:
        self.closing = asyncio.Event()
        self._watchers: set[Watcher] = set()

    @contextlib.contextmanager
    def watching(self, rollout: Rollout | None = None) -> Iterator[Watcher]:
        """Watch until the block ends.

        Raises:
            ProblemError: too many watch already.
        """
        self.check_room()
        watcher = Watcher(rollout.id if rollout else None, rollout)
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)

    def check_room(self) -> None:
        """Look whether one more may watch.

        Raises:
            ProblemError: too many do already.
        """
        if len(self._watchers) >= MOST_WATCHERS:
            raise ProblemError(
                429, f"{MOST_WATCHERS} streams are open", "close some, or try later", {"Retry-After": "5"}
            )

    async def news(self, watcher: Watcher, patience: float) -> bool:
        """Wait until there may be something new, or patience ends; False for nothing."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CALM_SECONDS):
                await self.closing.wait()
        try:
            async with asyncio.timeout(patience):
                await watcher.wake.wait()
        except TimeoutError:
            return False
        watcher.wake.clear()
        return True

    def close(self) -> None:
        """End every stream."""
        self.closing.set()
        for watcher in self._watchers:
            watcher.wake.set()

    def hear_event(self, event: Event) -> None:
        """Wake those whom an event is for: a listener of the store."""
        for watcher in self._watchers:
            if watcher.rollout_id in (None, event.rollout_id):
                watcher.wake.set()

    def hear_rollout(self, rollout: Rollout) -> None:
        """Keep a rollout for those who watch it: a listener of the rollout service."""
        for watcher in self._watchers:
            if watcher.rollout_id == rollout.id:
                watcher.rollout = rollout
                watcher.wake.set()

    def hear_progress(self, rollout_id: str, progress: Progress) -> None:
        """Keep a step of a job for those who watch its rollout: a listener of the rollout service."""
        for watcher in self._watchers:
            if watcher.rollout_id == rollout_id:
                watcher.progress[progress.target] = progress
                watcher.wake.set()
