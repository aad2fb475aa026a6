"""Growth of a rollout with its targets: what the rollout itself costs, when the migrations cost nothing.

    python benchmarks/rollout_growth.py --targets 250 1000 4000 16000

The targets are imaginary schemas of one real PostgreSQL server, whose connections are held within a budget of twenty, while each
migration only sleeps. Printed is the processor time of this process for each target, and how long its event loop was blocked at most.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from drift_house import Probe

import servers
from sample_projects import SampleProject, sample_project
from stillhouse_config import load_fleet
from stillhouse_orchestrator import application, logs
from stillhouse_orchestrator.drift.baselines import RecordingExecutor
from stillhouse_orchestrator.events import now
from stillhouse_orchestrator.rollouts import signals as s
from stillhouse_orchestrator.rollouts.freezing import Order
from stillhouse_orchestrator.rollouts.service import Rollouts
from stillhouse_orchestrator.values import RolloutState
from stillhouse_orchestrator.workers.executor import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillhouse_orchestrator.workers.executor import Job, Progress

MIGRATION_SECONDS = 0.02


class Cost(NamedTuple):
    """What one rollout cost, in seconds."""

    total: float
    processor: float
    blocked: float


class Sleeper:
    """An executor whose migrations take a while and do nothing."""

    async def run(self, job: Job, _progress: Callable[[Progress], None] | None = None) -> Outcome:
        """Sleep, and say that all went well."""
        await asyncio.sleep(MIGRATION_SECONDS)
        return Outcome(job.target, job.verb, "done", before=(), after=(job.revision,), applied=(job.revision,))


def write_fleet(folder: Path, server: servers.PostgresServer, project: SampleProject, targets: int) -> Path:
    """Declare imaginary targets; no two share a version table."""
    path = folder / f"{targets}.yaml"
    items = ", ".join(f"{{n: '{number}'}}" for number in range(targets))
    path.write_text(
        f"fleet: many\nstate_url: sqlite+aiosqlite:///{folder}/{targets}.db\ndatabases:\n"
        f"  tenants:\n    for_each: {{items: [{items}]}}\n    name: tenant-{{n}}\n    url: {server.url('postgres')}\n"
        f"    version_table: version_{{n}}\n    migrations: {project.migrations}\n"
        f"servers:\n  127.0.0.1:{server.port}: {{max_connections: 20}}\n",
        encoding="utf-8",
    )
    return path


async def roll_out(path: Path) -> Cost:
    """Run one rollout over all targets."""
    async with application.opened(load_fleet(path)) as app:
        plan = await app.plan(None, "head")
        executor = RecordingExecutor(Sleeper(), app.store)
        rollouts = Rollouts(app.store, executor, app.connections, app.planner, lambda: app.fleet)
        draft = await rollouts.create(plan, Order("r-1", "ann", now()))
        await rollouts.say(draft.id, s.Start("ann", now()))
        async with Probe() as probe:
            began, used = time.perf_counter(), time.process_time()
            ended = await rollouts.run(draft.id)
            total, processor = time.perf_counter() - began, time.process_time() - used
    if ended.state is not RolloutState.SUCCEEDED:
        raise SystemExit(f"the rollout {ended.state}: {ended.reason}")
    return Cost(total, processor, probe.worst)


def main() -> None:
    """Run one rollout of each size, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--targets", type=int, nargs="+", default=[250, 1000, 4000], metavar="N")
    parser.add_argument("--smoke", action="store_true", help="one small rollout")
    wanted = parser.parse_args()
    logs.configure("error", "console")
    print("| targets | seconds | processor time for each target | longest block of the event loop |")
    print("|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as name, servers.postgres() as server:
        project = sample_project(Path(name) / "project", revisions=2, tables=2, statements=4)
        for targets in [50] if wanted.smoke else wanted.targets:
            cost = asyncio.run(roll_out(write_fleet(Path(name), server, project, targets)))
            each = 1000 * cost.processor / targets
            print(f"| {targets:,} | {cost.total:.1f} | {each:.2f} ms | {1000 * cost.blocked:.0f} ms |", flush=True)


if __name__ == "__main__":
    main()
