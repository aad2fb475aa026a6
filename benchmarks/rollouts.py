"""One rollout over many schemas and databases of one PostgreSQL server, within a connection budget that somebody else watches.

    python benchmarks/rollouts.py --schemas 1000 --databases 300 --budget 20

A monitor samples ``pg_stat_activity`` through a connection of its own. Halfway the rollout is paused, and the time until the
pause is in force is printed with what started afterwards. Exits with 1 when the peak was above the budget.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import servers
from sample_projects import SampleProject, sample_project
from stillhouse_config import load_fleet
from stillhouse_orchestrator import application, logs
from stillhouse_orchestrator.events import now
from stillhouse_orchestrator.rollouts import signals as s
from stillhouse_orchestrator.rollouts.freezing import Order
from stillhouse_orchestrator.values import MemberState, RolloutState

if TYPE_CHECKING:
    from stillhouse_orchestrator.application import Application
    from stillhouse_orchestrator.values import Rollout

ACTIVE = "select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"


class Monitor:
    """Samples how many clients a server has.

    Attributes:
        peak: the most at once.
        samples: how often it looked.
    """

    def __init__(self, address: str) -> None:
        self.peak = 0
        self.samples = 0
        self._connection = psycopg.connect(address, autocommit=True)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()
        self._connection.close()

    def _look(self) -> None:
        while not self._over.wait(0.005):
            row = self._connection.execute(ACTIVE).fetchone()
            self.peak = max(self.peak, row[0] if row else 0)
            self.samples += 1


def write_fleet(
    folder: Path, server: servers.PostgresServer, project: SampleProject, wanted: argparse.Namespace
) -> Path:
    """Make the schemas and databases, and the fleet file that declares them."""
    lines = []
    with psycopg.connect(address(server), autocommit=True) as connection:
        connection.execute("create database tenants")
        for number in range(wanted.databases):
            connection.execute(f"create database d{number}")
            lines.append(f"  d{number}: {{url: '{server.url(f'd{number}')}', migrations: {project.migrations}}}")
    with psycopg.connect(address(server, "tenants"), autocommit=True) as connection:
        for number in range(wanted.schemas):
            connection.execute(f"create schema s{number}")
            lines.append(
                f"  s{number}: {{url: '{server.url('tenants')}', schema: s{number}, migrations: {project.migrations}}}"
            )
    budget = f"servers:\n  127.0.0.1:{server.port}: {{max_connections: {wanted.budget}}}\n"
    path = folder / "fleet.yaml"
    path.write_text("fleet: many\ndatabases:\n" + "\n".join(lines) + "\n" + budget, encoding="utf-8")
    return path


def address(server: servers.PostgresServer, database: str = "postgres") -> str:
    """Return where the bare driver finds a database."""
    return f"host=127.0.0.1 port={server.port} user=postgres dbname={database}"


async def roll_out(path: Path) -> tuple[float, float, int]:
    """Run the rollout; return its seconds, the pause's, and how many targets started after the pause."""
    async with application.opened(load_fleet(path)) as app:
        began = time.monotonic()
        plan = await app.plan(None, "head")
        rollout = await app.rollouts.create(plan, Order("r-1", "ann", now()))
        await app.rollouts.say(rollout.id, s.Start("ann", now()))
        halfway, started = asyncio.Event(), len(rollout.targets) // 2

        def listen(found: Rollout) -> None:
            if sum(1 for _ in found.members(MemberState.DONE)) >= started:
                halfway.set()

        app.rollouts.listeners.append(listen)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(app.rollouts.run(rollout.id))
            await halfway.wait()
            seconds, late = await pause(app, rollout.id)
            await app.rollouts.say(rollout.id, s.Resume("ann", now()))
        if running.result().state is not RolloutState.SUCCEEDED:
            raise SystemExit(f"the rollout {running.result().state}: {running.result().reason}")
        return time.monotonic() - began, seconds, late


async def pause(app: Application, rollout_id: str) -> tuple[float, int]:
    """Pause; return how long that took, and how many targets started after it was in force."""
    idle = asyncio.Event()

    def listen(found: Rollout) -> None:
        if not any(member.state.busy for member in found.members()):
            idle.set()

    began = time.monotonic()
    held = await app.rollouts.say(rollout_id, s.Pause("ann", now()))
    seconds, before = time.monotonic() - began, sum(member.attempts for member in held.members())
    app.rollouts.listeners.append(listen)
    listen(await app.rollouts.get(rollout_id))
    await idle.wait()
    return seconds, sum(member.attempts for member in (await app.rollouts.get(rollout_id)).members()) - before


def main() -> None:
    """Run once, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schemas", type=int, default=1000)
    parser.add_argument("--databases", type=int, default=300)
    parser.add_argument("--budget", type=int, default=20)
    wanted = parser.parse_args()
    logs.configure("error", "console")
    with tempfile.TemporaryDirectory() as name, servers.postgres({"max_locks_per_transaction": "256"}) as server:
        project = sample_project(Path(name) / "project", revisions=4, tables=3, statements=9)
        path = write_fleet(Path(name), server, project, wanted)
        with Monitor(address(server)) as monitor:
            seconds, paused, late = asyncio.run(roll_out(path))
    targets = wanted.schemas + wanted.databases
    print(f"{targets} targets ({wanted.schemas} schemas, {wanted.databases} databases) in {seconds:.1f} s")
    print(f"server connections: peak {monitor.peak} of {wanted.budget} ({monitor.samples} samples)")
    print(f"pause: {paused * 1000:.0f} ms, {late} targets started after it")
    raise SystemExit(1 if monitor.peak > wanted.budget or late else 0)


if __name__ == "__main__":
    main()
