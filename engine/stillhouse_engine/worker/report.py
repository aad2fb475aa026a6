"""A job's way to say how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stillhouse_engine.worker.messages import Progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillhouse_engine.worker.holding import Hold
    from stillhouse_engine.worker.messages import Message


class Report:
    """A job's way to say how far it is; it remembers what an error message has to tell.

    Attributes:
        revision: the revision that is running.
        before: the target's revisions before the job.
        after: the target's revisions as they are left.
        hold: where the job waits with its transaction open, if it is to.
    """

    def __init__(self, job: int, send: Callable[[Message], None]) -> None:
        self.revision: str | None = None
        self.before: tuple[str, ...] | None = None
        self.after: tuple[str, ...] | None = None
        self.hold: Hold | None = None
        self._job = job
        self._send = send

    def begins_at(self, heads: tuple[str, ...]) -> None:
        """Remember the revisions that the job has found first."""
        if self.before is None:
            self.before = tuple(sorted(heads))

    def step(self, event: str, facts: dict[str, Any]) -> None:
        """Tell the daemon about a step; any thread may."""
        if "revision" in facts:
            self.revision = facts["revision"] if event.endswith(".started") else None
        self._send(Progress(self._job, event, facts))
