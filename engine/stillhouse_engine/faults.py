"""Places where a process may be made to die, so that tests can prove that it may.

Nothing happens unless the environment names one: ``STILLHOUSE_FAULT=after_intent`` kills the process with SIGKILL the
first time it comes by, ``after_intent:3`` the third time. No handler runs and nothing is flushed, as in a real crash.
``after_intent:3:SIGSTOP`` freezes it there instead, as a machine does that is suspended.
"""

from __future__ import annotations

import os
import signal

VARIABLE = "STILLHOUSE_FAULT"
ENGINE_POINTS = (
    "after_intent",
    "before_statement",
    "after_statement",
    "before_script",
    "after_script",
    "before_done",
    "after_done",
    "before_version_row",
    "after_version_row",
    "before_commit",
    "after_commit",
)
ORCHESTRATOR_POINTS = (
    "before_store_write",
    "inside_store_write",
    "after_store_write",
    "after_job_sent",
    "before_outcome_stored",
    "between_commits",
)
"""Every place, in the order in which a run comes by; those of the daemon apart."""


class Fault:
    """A place at which to die, how often it may still be passed, and of which signal."""

    def __init__(self, wanted: str) -> None:
        self.point, count, name = (*wanted.split(":"), "", "")[:3]
        self.left = int(count) if count.isdecimal() else 1
        self.signal = signal.Signals[name] if name else signal.SIGKILL

    def passed(self, point: str) -> None:
        """Die, if this is the place and the time."""
        if point == self.point:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), self.signal)


_armed: Fault | None = Fault(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None


def fault(point: str) -> None:
    """Pass a place."""
    if _armed is not None:
        _armed.passed(point)
