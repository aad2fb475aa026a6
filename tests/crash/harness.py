"""Crashes a real fleet again and again, and looks whether anything was lost, applied twice, untrue or left unfinished.

Run it with ``python tests/crash/harness.py [--kills N] [--seed S]``. It starts its own PostgreSQL and MariaDB servers. First
the engine dies at each passing of each of its fault points, on a database of each kind; then daemons freeze and barrier waves
die halfway; then the real command and the real service die, at fault points and at any moment, and lose connections, until
there were enough kills and every fault point was hit.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1])]

import servers  # noqa: E402 - found by the line above
from crash.barrier import between_commits  # noqa: E402 - found by the line above
from crash.blows import WHO, Blows, fault_points  # noqa: E402 - found by the line above
from crash.fleet import BrokenPromiseError, Fleet  # noqa: E402 - found by the line above
from crash.forks import kill_everywhere  # noqa: E402 - found by the line above
from crash.freezing import freeze, shared_store  # noqa: E402 - found by the line above
from crash.proxy import HOW, WHEN, Proxy, Spoil  # noqa: E402 - found by the line above
from stillhouse_engine.faults import ENGINE_POINTS, ORCHESTRATOR_POINTS  # noqa: E402 - found by the line above

FREEZES = ("inside_store_write:9", "after_job_sent:5", "after_store_write:8", "before_outcome_stored:2")
BARRIERS = (
    ("postgresql", "between_commits", "resume"),
    ("sqlite", "between_commits", "resume"),
    ("postgresql", "before_commit:3", "rollback"),
)


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
        self.spoils = [(kind, when, how) for kind in proxies for when in WHEN for how in HOW]
        self.chance.shuffle(self.spoils)

    def undisturbed(self) -> None:
        """Learn what a run leaves that nobody disturbs, and how long it takes."""
        self.fleet.reset()
        began = time.monotonic()
        self.fleet.finish()
        self.blows.usual = time.monotonic() - began
        self.expected = {target.kind: self.fleet.schema(target) for target in self.fleet.targets}
        self.fleet.check_whole(self.expected)
        self.fleet.reset()

    def barriers(self) -> None:
        """Kill barrier waves between two COMMITs."""
        for kind, fault, verb in BARRIERS:
            between_commits(self.blows, kind, fault, verb)
            self.check()

    def freezes(self, wanted: int) -> None:
        """Freeze daemons that share a PostgreSQL store."""
        with shared_store(self.fleet):
            for fault in FREEZES[:wanted]:
                freeze(self.blows, fault, waits=fault.startswith("inside"))  # its write locks the heartbeat
                self.check()

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
        kind = self.chance.choice(list(self.proxies))
        return self.chance.choices(
            (
                lambda: self.blows.at_fault_point(self._point()),
                lambda: self.blows.service_at_fault_point(self._point()),
                lambda: self.blows.at_random(self._who()),
                lambda: self.blows.service_at_random(self._who()),
                lambda: self.blows.cut_at_random(kind),
                self._spoil,
            ),
            (40, 10, 22, 10, 6, 12),
        )[0]()

    def _who(self) -> str:
        return self.chance.choices(WHO, (1, 1, 2))[0]

    def _point(self) -> str:
        """Return the next fault point; those that were never hit come first."""
        missed = self.missed()
        place = next((n for n, point in enumerate(self.points) if point.partition(":")[0] in missed), 0)
        self.points.append(self.points.pop(place))
        return self.points[-1]

    def _spoil(self) -> bool:
        kind, when, how = self.spoils[0]
        self.spoils.append(self.spoils.pop(0))
        return self.blows.cut_at_commit(self.proxies[kind], kind, Spoil(when, how, self.chance.randint(0, 6)))

    def missed(self) -> set[str]:
        """Return the fault points that no process of the real program has died at so far."""
        hit = {words[2] for what in self.blows.counts if (words := what.split())[:2] == ["kill", "at"]}
        return {*ENGINE_POINTS, *ORCHESTRATOR_POINTS} - hit

    def report(self, seconds: float) -> str:
        """Say what was dealt."""
        lines = [f"  {number:5} {what}" for what, number in sorted(self.blows.counts.items())]
        points = len(ENGINE_POINTS) + len(ORCHESTRATOR_POINTS)
        places = f"at {points - len(self.missed())} of {points} fault points and at random moments"
        return "\n".join([
            f"{self.blows.kills} processes killed with SIGKILL, {places}; {self.finished} fleets finished, in {seconds:.0f} s",
            *lines,
            "broken promises: 0 (nothing lost, nothing applied twice, status true, every schema as undisturbed)",
        ])  # fmt: skip


def main() -> int:
    """Run the harness."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500, help="how many processes to kill")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--freezes", type=int, default=len(FREEZES), help="how often to freeze a daemon past its lease")
    parser.add_argument("--step", type=int, default=1, help="pass by the engine's fault points in steps of this")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after this long")
    chosen = parser.parse_args()
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="stillhouse-crash-")))
        postgres, mariadb = stack.enter_context(servers.postgres()), stack.enter_context(servers.mariadb())
        proxies = {"postgresql": Proxy(postgres.port), "mysql": Proxy(mariadb.port)}
        fleet = Fleet(folder, postgres, mariadb, {kind: proxy.port for kind, proxy in proxies.items()})
        for kind, proxy in proxies.items():
            proxy.terminate = partial(fleet.cut, kind)
        harness = Harness(fleet, proxies, chosen.seed)
        try:
            deal(harness, chosen, started)
        except BrokenPromiseError as error:
            print(f"\nBROKEN PROMISE after {dict(harness.blows.counts)}:\n{error}\nlog of the last:\n{fleet.log()}")  # noqa: T201
            return 1
        print(f"\n{harness.report(time.monotonic() - started)}")  # noqa: T201 - a program
        return 0


def deal(harness: Harness, chosen: argparse.Namespace, started: float) -> None:
    """Deal all that was asked for.

    Raises:
        BrokenPromiseError: the fleet does not take it.
    """
    fleet, blows = harness.fleet, harness.blows
    fleet.reset()
    kill_everywhere(fleet, blows.counts, chosen.step)
    say(harness, started)
    harness.undisturbed()
    harness.barriers()
    say(harness, started)
    harness.freezes(chosen.freezes)
    while (blows.kills < chosen.kills or harness.missed()) and time.monotonic() - started < chosen.seconds:
        say(harness, started)
        harness.cycle(harness.chance.randint(3, 9))


def say(harness: Harness, started: float) -> None:
    """Say how far it is."""
    passed, kills = time.monotonic() - started, harness.blows.kills
    print(f"{passed:6.0f} s: {kills} kills, {harness.finished} fleets finished", file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    raise SystemExit(main())
