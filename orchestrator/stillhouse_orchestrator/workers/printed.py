"""What a worker's user code prints: into the log, up to a rate, and its last lines kept for error messages."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

import structlog

from stillhouse_engine.worker.scrub import scrub, secrets_of
from stillhouse_orchestrator.events import EventName
from stillhouse_orchestrator.workers.lines import LineSplitter

if TYPE_CHECKING:
    from collections.abc import Callable

LINE_LIMIT = 4_000
TAIL_LINES = 20
LINES_PER_SECOND = 100

log = structlog.get_logger("stillhouse.worker")


class Printed:
    """Reads one worker's stderr."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._splitter = LineSplitter(LINE_LIMIT, clip=True)
        self._clock = clock
        self._second = 0
        self._in_second = 0
        self._dropped = 0
        self._secrets: set[str] = set()

    def hide(self, url: str) -> None:
        """Keep the password of a database's URL out of what is logged from now on."""
        self._secrets |= secrets_of(url)

    def feed(self, chunk: bytes) -> None:
        """Log a chunk's lines."""
        for line in self._splitter.feed(chunk):
            self._line(line)

    def end(self) -> None:
        """Log what is left when the pipe has closed."""
        if rest := self._splitter.rest():
            self._line(rest)
        self._report_dropped()

    def text(self) -> str | None:
        """Return the last lines."""
        return "\n".join(self.tail) or None

    def _line(self, raw: bytes) -> None:
        text = raw.decode(errors="replace").rstrip()
        if not text:
            return
        second = int(self._clock())
        if second != self._second:
            self._report_dropped()
            self._second, self._in_second = second, 0
        self._in_second += 1
        if self._in_second > LINES_PER_SECOND:
            self._dropped += 1
            if self._dropped % TAIL_LINES:  # a flood: look at some lines only, so that reading it stays cheap
                return
            self.tail.append(scrub(text, self._secrets))
            return
        shown = scrub(text, self._secrets)
        self.tail.append(shown)
        log.info(EventName.WORKER_PRINTED, line=shown)

    def _report_dropped(self) -> None:
        if self._dropped:
            log.warning(
                EventName.WORKER_PRINTED, line=f"({self._dropped} more lines were not logged)", dropped=self._dropped
            )
            self._dropped = 0
