"""The blows that a fleet has to take: processes killed at fault points and at any moment, connections cut."""

from __future__ import annotations

import signal
import time
from collections import Counter
from typing import TYPE_CHECKING

from crash.processes import Watched, kill
from stillhouse_engine.faults import ENGINE_POINTS, ORCHESTRATOR_POINTS

if TYPE_CHECKING:
    import random

    from crash.fleet import Fleet
    from crash.proxy import Proxy, Spoil

WHO = ("daemon", "worker", "both")
OVER = ("rollout.succeeded", "rollout.failed")
IDLE_SECONDS = 4.0  # how long a daemon is let run that has nothing to do


class Blows:
    """Deals blows and counts them.

    Args:
        fleet: what is hit.
        chance: decides where.

    Attributes:
        counts: what was dealt, by kind.
        usual: seconds that an ``up`` usually takes; random moments fall within.
    """

    def __init__(self, fleet: Fleet, chance: random.Random) -> None:
        self.fleet = fleet
        self.chance = chance
        self.counts: Counter[str] = Counter()
        self.usual = 3.0

    @property
    def kills(self) -> int:
        """How many processes were killed."""
        return sum(number for what, number in self.counts.items() if what.startswith("kill"))

    def at_fault_point(self, fault: str, *arguments: str) -> bool:
        """Run ``up``, or another command, with a fault; return whether somebody died of it."""
        return self._died_of(fault, Watched(self.fleet.start(*(arguments or ("up",)), fault=fault)).ended())

    def service_at_fault_point(self, fault: str) -> bool:
        """Start the service with a fault, and a rollout in it; return whether somebody died of it."""
        service = Watched(self.fleet.start("serve", fault=fault))
        self._order(service)
        began = time.monotonic()
        service.runs_until(lambda: self._is_through() or time.monotonic() - began > self.usual + IDLE_SECONDS)
        if service.process.poll() is None:
            service.process.terminate()
        return self._died_of(fault, service.ended(), " of the service")

    def at_random(self, who: str) -> bool:
        """Kill the daemon, a worker or both at any moment of an ``up``; return whether they were still there."""
        began = time.monotonic()
        running = Watched(self.fleet.start("up"))
        moment = began + self.chance.uniform(0.4, 1.0) * self.usual
        if not running.runs_until(lambda: time.monotonic() > moment) or running.process.poll() is not None:
            self.usual = 0.7 * self.usual + 0.3 * (time.monotonic() - began)
            running.ended()
            return False
        return self._killed(running, who, "")

    def service_at_random(self, who: str) -> bool:
        """Kill a service or its workers at any moment after a rollout was started in it; return whether they were there."""
        running = Watched(self.fleet.start("serve"))
        if not self._order(running):
            running.ended()
            return False
        moment = time.monotonic() + self.chance.uniform(0.0, 0.7) * self.usual
        running.runs_until(lambda: time.monotonic() > moment)
        hit = self._killed(running, who, "service's ", ends=who != "worker")
        if running.process.poll() is None:
            running.process.terminate()
            running.ended()
        return hit

    def siege(self, rounds: int) -> None:
        """Keep a service at migrating the fleet while its workers die again and again; kill it too in the end.

        Each time the fleet is whole its databases are made anew under the running service.

        Args:
            rounds: how often workers are killed.
        """
        service = Watched(self.fleet.start("serve"))
        self._order(service)
        for _ in range(rounds):
            rollouts = self._through()
            moment = time.monotonic() + self.chance.uniform(0.0, 0.25) * self.usual
            service.runs_until(lambda: time.monotonic() > moment or not self._is_on())  # noqa: B023 - waited for at once
            workers = service.look()
            victims = workers if self.chance.random() < 0.5 else workers[:1]
            self.counts["kill the service's workers in a siege"] += sum(kill(pid) for pid in victims)
            service.runs_until(lambda: self._through() > rollouts or not self._is_on())  # noqa: B023 - as above
            self.fleet.check_once()
            if self.fleet.is_at_head():
                self.fleet.reset_targets()
            self.fleet.run("rollout", "start", "--detach")
        self.counts["kill the service at random"] += kill(service.process.pid)
        service.ended()

    def cut_at_random(self, kind: str) -> bool:
        """End the sessions of an ``up`` on the server at some moment."""
        running = Watched(self.fleet.start("up"))
        moment = time.monotonic() + self.chance.uniform(0.4, 1.0) * self.usual
        hit: list[int] = []

        def cut() -> bool:
            if time.monotonic() > moment:
                hit.append(self.fleet.cut(kind))
            return bool(hit and hit[-1])

        running.runs_until(cut)
        running.ended()
        self.counts[f"cut {kind} on the server"] += sum(hit)
        return sum(hit) > 0

    def cut_at_commit(self, proxy: Proxy, kind: str, spoil: Spoil) -> bool:
        """Cut a connection before, during or after a COMMIT of an ``up``."""
        before = proxy.cuts
        proxy.spoil(spoil)
        Watched(self.fleet.start("up")).ended()
        proxy.spoil(None)
        self.counts[f"cut {kind} {spoil.when} COMMIT: {spoil.how}"] += proxy.cuts - before
        return proxy.cuts > before

    def _order(self, service: Watched) -> bool:
        """Start a rollout in a service once it announces itself; return whether it lived to hear of it."""
        place = self.fleet.folder / "state.db.daemon"
        own = str(service.process.pid)
        if not service.runs_until(lambda: place.exists() and f'"pid": {own}' in place.read_text()):
            return False
        self.fleet.run("rollout", "start", "--detach")
        return service.process.poll() is None

    def _is_through(self) -> bool:
        return self._through() > 0

    def _through(self) -> int:
        """Return how many rollouts have ended, says the log."""
        log = self.fleet.log()
        return sum(log.count(word) for word in OVER)

    def _is_on(self) -> bool:
        """Tell whether a rollout is going on, says the log."""
        return self.fleet.log().count("rollout.started") > self._through()

    def _died_of(self, fault: str, code: int, whose: str = "") -> bool:
        point = fault.partition(":")[0]
        lost = sum("worker.lost" in line and "SIGKILL" in line for line in self.fleet.log().splitlines())
        died = int(code == -signal.SIGKILL) + (0 if point in ORCHESTRATOR_POINTS else lost)
        if died:
            self.counts[f"kill at {point}{whose}"] += died
        return died > 0

    def _killed(self, running: Watched, who: str, whose: str, *, ends: bool = True) -> bool:
        here = running.look()
        daemon = [] if who == "worker" else [running.process.pid]
        workers = {"daemon": [], "worker": here[:1], "both": here}[who]
        hit = sum(kill(pid) for pid in (*daemon, *workers))
        if ends:
            running.ended()
        self.counts[f"kill the {whose}{who} at random"] += hit
        return hit > 0


def fault_points(nths: tuple[int, ...] = (1, 2, 3, 4)) -> list[str]:
    """Return every fault point that an ``up`` comes by, with how often it is passed before."""
    daemon = [point for point in ORCHESTRATOR_POINTS if point != "between_commits"]  # barrier waves only
    return [
        *(f"{point}:{nth}" for nth in nths for point in ENGINE_POINTS),
        *(f"{point}:{nth}" for nth in (*nths, 6, 9, 13, 18, 24) for point in daemon),
    ]
