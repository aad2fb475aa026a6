"""Crashes a real fleet again and again, and looks whether anything was lost, applied twice, untrue or left unfinished.

Run it with ``python tests/crash/harness.py [--kills N] [--seed S]``. It starts its own PostgreSQL and MariaDB servers.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1])]

import servers  # noqa: E402 - found by the line above
from crash.blows import WHO, Blows, fault_points  # noqa: E402 - found by the line above
from crash.fleet import BrokenPromiseError, Fleet  # noqa: E402 - found by the line above
from crash.forks import kill_everywhere  # noqa: E402 - found by the line above
from crash.proxy import Proxy  # noqa: E402 - found by the line above

MODES = ("before", "during", "after", "stall")
LEASE_SECONDS = 30.0


class Harness:
    """Deals blow after blow, and finishes the fleet after a few of them."""

    def __init__(self, fleet: Fleet, proxies: dict[str, Proxy], seed: int) -> None:
        self.fleet = fleet
        self.proxies = proxies
        self.chance = random.Random(seed)
        self.blows = Blows(fleet, self.chance)
        self.expected: dict[str, object] = {}
        self.finished = 0
        self.points = fault_points()
        self.chance.shuffle(self.points)
        self.next = 0

    def undisturbed(self) -> None:
        """Learn what a run leaves that nobody disturbs."""
        self.fleet.reset()
        self.fleet.finish()
        self.expected = {target.kind: self.fleet.schema(target) for target in self.fleet.targets}
        self.fleet.check_whole(self.expected)
        self.fleet.reset()

    def cycle(self, blows: int) -> None:
        """Deal some blows to a fleet that has to be migrated, then finish it and look at everything."""
        for _ in range(blows):
            if not self.blow():  # nobody died: the fleet is whole
                break
            self.fleet.check_once()
        self.check()

    def check(self) -> None:
        """Finish the fleet and look at everything."""
        self.fleet.check_status()
        self.fleet.finish()
        self.fleet.check_status()
        self.fleet.check_whole(self.expected)
        self.finished += 1
        self.fleet.reset()

    def blow(self) -> bool:
        """Deal one blow; return whether it hit."""
        draw = self.chance.random()
        if draw < 0.55:
            self.next += 1
            return self.blows.at_fault_point(self.points[self.next % len(self.points)])
        if draw < 0.85:
            return self.blows.at_random(self.chance.choice(WHO))
        if draw < 0.93:
            kind = self.chance.choice([kind for kind in self.fleet.kinds if kind != "sqlite"])
            return self.blows.cut_at_random(kind)
        kind = self.chance.choice(list(self.proxies))
        mode = self.chance.choice(MODES)
        return self.blows.cut_at_commit(self.proxies[kind], kind, mode, self.chance.randint(0, 6))

    def report(self, seconds: float) -> str:
        """Say what was dealt."""
        lines = [f"  {number:5} {what}" for what, number in sorted(self.blows.counts.items())]
        return "\n".join([
            f"{self.blows.kills} kills, {self.finished} fleets finished, in {seconds:.0f} s", *lines,
            "nothing lost, nothing applied twice, status true, every schema as undisturbed",
        ])  # fmt: skip


def freezes(folder: Path, harness: Harness, times: int) -> None:
    """Freeze daemons that share a PostgreSQL store."""
    fleet = harness.fleet
    before = fleet.state_url
    fleet.state_url = fleet.postgres.url("state")
    fleet.write()
    fleet.reset()
    for _ in range(times):
        harness.blows.freeze(LEASE_SECONDS)
        harness.check()
    fleet.state_url = before
    fleet.write()


def main() -> int:
    """Run the harness."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500, help="how many processes to kill")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--freezes", type=int, default=2, help="how often to freeze a daemon past its lease")
    parser.add_argument("--step", type=int, default=1, help="pass by the engine's fault points in steps of this")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after this long")
    chosen = parser.parse_args()
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="stillhouse-crash-")))
        postgres, mariadb = stack.enter_context(servers.postgres()), stack.enter_context(servers.mariadb())
        direct = Fleet(folder, postgres, mariadb)
        direct.reset()
        counts: Counter[str] = Counter()
        try:
            kill_everywhere(direct, counts, chosen.step)
        except BrokenPromiseError as error:
            print(f"BROKEN PROMISE after {dict(counts)}:\n{error}")  # noqa: T201 - a program
            return 1
        proxies = {"postgresql": Proxy(postgres.port), "mysql": Proxy(mariadb.port)}
        fleet = Fleet(folder, postgres, mariadb, {kind: proxy.port for kind, proxy in proxies.items()})
        harness = Harness(fleet, proxies, chosen.seed)
        harness.blows.counts += counts
        try:
            harness.undisturbed()
            if chosen.freezes:
                freezes(folder, harness, chosen.freezes)
                fleet.reset()
            while harness.blows.kills < chosen.kills and time.monotonic() - started < chosen.seconds:
                harness.cycle(harness.chance.randint(3, 9))
                print(f"\r{harness.blows.kills} kills", end="", file=sys.stderr, flush=True)  # noqa: T201 - a program
        except BrokenPromiseError as error:
            print(f"\nBROKEN PROMISE after {dict(harness.blows.counts)}:\n{error}\nlog of the last:\n{fleet.log()}")  # noqa: T201
            return 1
        print(f"\n{harness.report(time.monotonic() - started)}")  # noqa: T201 - a program
        return 0


if __name__ == "__main__":
    raise SystemExit(main())
