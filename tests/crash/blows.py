"""The blows that a fleet has to take: processes killed, connections cut, a daemon frozen."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from crash.fleet import PATIENCE, BrokenPromiseError
from stillhouse_engine.faults import ENGINE_POINTS, ORCHESTRATOR_POINTS

if TYPE_CHECKING:
    import random
    import subprocess
    from collections.abc import Callable

    from crash.fleet import Fleet
    from crash.proxy import Proxy

POLL_SECONDS = 0.02
WHO = ("daemon", "worker", "both")


def children(pid: int) -> list[int]:
    """Return the processes that a process has started and that are still there."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError, IndexError):
                words = (folder / "stat").read_text().rpartition(")")[2].split()
                if int(words[1]) == pid and words[0] != "Z":
                    found.append(int(folder.name))
    return found


def kill(pid: int) -> bool:
    """End a process at once; return whether it was there."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False


def ended(process: subprocess.Popen[bytes], workers: set[int]) -> int:
    """Wait for a command and for the workers that it leaves behind; return its exit code."""
    code = process.wait(PATIENCE)
    deadline = time.monotonic() + PATIENCE
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        if time.monotonic() > deadline:
            raise BrokenPromiseError("a worker outlived its daemon")
        time.sleep(POLL_SECONDS)
    return code


class Blows:
    """Deals blows and counts them.

    Args:
        fleet: what is hit.
        chance: decides where.
        counts: what was dealt, by kind.
    """

    def __init__(self, fleet: Fleet, chance: random.Random) -> None:
        self.fleet = fleet
        self.chance = chance
        self.counts: Counter[str] = Counter()

    @property
    def kills(self) -> int:
        """How many processes were killed."""
        return sum(number for what, number in self.counts.items() if what.startswith("kill"))

    def at_fault_point(self, fault: str) -> bool:
        """Run `up` with a fault; return whether somebody died of it."""
        process = self.fleet.start("up", "--log-level", "info", fault=fault)
        workers: set[int] = set()
        while process.poll() is None:
            workers |= set(children(process.pid))
            time.sleep(POLL_SECONDS)
        code = ended(process, workers)
        point = fault.partition(":")[0]
        lost = sum("worker.lost" in line and "SIGKILL" in line for line in self.fleet.log().splitlines())
        died = int(code == -signal.SIGKILL) if point in ORCHESTRATOR_POINTS else lost
        if died:
            self.counts[f"kill at {point}"] += died
        return died > 0

    def at_random(self, who: str, longest: float = 2.2) -> bool:
        """Kill the daemon, a worker or both at any moment of an `up`; return whether they were still there."""
        process = self.fleet.start("up")
        workers: set[int] = set()
        until = time.monotonic() + self.chance.uniform(0.6, longest)
        while process.poll() is None and time.monotonic() < until:
            workers |= set(children(process.pid))
            time.sleep(POLL_SECONDS)
        if process.poll() is not None:
            return False
        here = children(process.pid)
        workers |= set(here)
        victims = ([process.pid] if who != "worker" else []) + (
            here if who == "both" else here[:1] if who == "worker" else []
        )
        hit = sum([kill(pid) for pid in victims])
        ended(process, workers)
        self.counts[f"kill {who} at random"] += hit
        return hit > 0

    def cut_at_random(self, kind: str) -> bool:
        """End the sessions of an `up` on the server at some moment."""
        process = self.fleet.start("up")
        until = time.monotonic() + self.chance.uniform(0.8, 2.5)
        hit = 0
        while process.poll() is None and not hit:
            if time.monotonic() > until:
                hit = self.fleet.cut(kind)
            time.sleep(POLL_SECONDS)
        ended(process, set())
        self.counts[f"cut {kind} on the server"] += hit
        return hit > 0

    def cut_at_commit(self, proxy: Proxy, kind: str, mode: str, wait: int) -> bool:
        """Cut a connection before, during or after a COMMIT of an `up`."""
        before = proxy.cuts
        proxy.spoil(mode, wait)
        process = self.fleet.start("up")
        ended(process, set())
        proxy.spoil("pass", 0)
        self.counts[f"cut {kind} {mode} COMMIT"] += proxy.cuts - before
        return proxy.cuts > before

    def freeze(self, lease: float) -> None:
        """Freeze a daemon until its lease is over, let another take over, and wake it up.

        Raises:
            BrokenPromiseError: it goes on as if nothing had happened.
        """
        process = self.fleet.start("up")
        self._until(lambda: len(children(process.pid)) > 0, process)
        time.sleep(self.chance.uniform(0.2, 1.0))
        if process.poll() is not None:
            return
        os.kill(process.pid, signal.SIGSTOP)
        try:
            time.sleep(lease + 3)
            self.fleet.finish()
        finally:
            os.kill(process.pid, signal.SIGCONT)
        code = process.wait(PATIENCE)
        if code == 0 and "up to date" not in self.fleet.log():  # frozen before it planned, it found nothing to do
            raise BrokenPromiseError(f"a daemon that lost its store ended as if it had not:\n{self.fleet.log()}")
        self.counts["daemon frozen past its lease"] += 1

    def _until(self, condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)


def fault_points(nths: tuple[int, ...] = (1, 2, 3, 4)) -> list[str]:
    """Return every fault point with how often it is passed before."""
    daemon = [f"{point}:{nth}" for nth in (*nths, 6, 9, 13, 18, 24) for point in ORCHESTRATOR_POINTS]
    engine = [f"{point}:{nth}" for nth in nths for point in ENGINE_POINTS]
    return [*engine, *daemon]
