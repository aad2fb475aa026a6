"""What the harness does with processes: finds them, waits for them, kills them."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from crash.fleet import PATIENCE, BrokenPromiseError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

POLL_SECONDS = 0.02
STOPPED = "T"


def stat(pid: int) -> list[str]:
    """Return what the system says of a process: its state, its parent, and more; nothing once it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return []


def children(pid: int) -> list[int]:
    """Return the processes that a process has started and that are still there."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            words = stat(int(folder.name))
            if words and int(words[1]) == pid and words[0] != "Z":
                found.append(int(folder.name))
    return found


def kill(pid: int) -> bool:
    """End a process at once; return whether it was there."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False


def until(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> bool:
    """Wait until a condition holds or a process ends; return whether it holds.

    Raises:
        BrokenPromiseError: neither happens.
    """
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if process.poll() is not None:
            return condition()
        if time.monotonic() > deadline:
            raise BrokenPromiseError("a process neither went on nor ended")
        time.sleep(POLL_SECONDS)
    return True


class Watched:
    """A process and the workers that it starts.

    Args:
        process: it.

    Attributes:
        workers: every one that was ever seen.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.workers: set[int] = set()

    def look(self) -> list[int]:
        """Return its workers at this moment, and remember them."""
        here = children(self.process.pid)
        self.workers |= set(here)
        return here

    def runs_until(self, condition: Callable[[], bool]) -> bool:
        """Wait until a condition holds, which is returned, or the process ends."""
        return until(lambda: (self.look(), condition())[1], self.process)

    def ended(self) -> int:
        """Wait for it and for the workers that it leaves behind; return its exit code.

        Raises:
            BrokenPromiseError: a worker outlives it.
        """
        self.runs_until(lambda: self.process.poll() is not None)
        deadline = time.monotonic() + PATIENCE
        while any(stat(pid)[:1] not in ([], ["Z"]) for pid in self.workers):
            if time.monotonic() > deadline:
                raise BrokenPromiseError("a worker outlived its daemon")
            time.sleep(POLL_SECONDS)
        return self.process.returncode
