"""How much memory a worker takes at its peak, and what a thousand targets more cost the daemon.

Run ``.venv/bin/python benchmarks/memory.py``; ``--databases N`` sets how many a worker migrates, ``--smoke`` takes few.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import structlog
from fleets import Fleet, PostgresFleet

import servers
from sample_projects import benchmark_project, sample_project
from stillhouse_orchestrator.connections import Connections, Priority
from stillhouse_orchestrator.workers.executor import DatabaseSpec, Job, ProjectSpec
from stillhouse_orchestrator.workers.pool import PoolExecutor

FEW, MANY = 1000, 5000
FLEET = """fleet: memory
databases:
  tenants:
    for_each: [{names}]
    name: "tenant-{{item}}"
    url: "postgresql+asyncpg://app@db1/tenant_{{item}}"
    migrations: migrations
    labels: {{ring: "2"}}
"""
LOADED = """
import sys
from stillhouse_config import load_fleet
from stillhouse_orchestrator.values import TargetState
from stillhouse_config import expand
fleet = expand(load_fleet(sys.argv[1]))
states = {target.name: TargetState(target.name) for target in fleet.targets.values()}
print(len(states), [line for line in open("/proc/self/status") if line.startswith("VmRSS")][0].split()[1])
"""


def main() -> None:
    """Measure, and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--databases", type=int, default=100)
    parser.add_argument("--smoke", action="store_true")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    databases = 2 if arguments.smoke else arguments.databases
    with tempfile.TemporaryDirectory(prefix="stillhouse-bench-") as name, servers.postgres() as server:
        folder = Path(name)
        project = (sample_project if arguments.smoke else benchmark_project)(folder / "project")
        peak = asyncio.run(worker_peak(PostgresFleet(server, project, folder), databases))
        more = (resident(folder, MANY) - resident(folder, FEW)) * 1000 / (MANY - FEW)
    print("| memory | MB |")
    print("|---|---:|")
    print(f"| a worker that migrates {databases} databases, at its peak | {peak:,.0f} |")
    print(f"| 1,000 targets more in the daemon | {more:,.1f} |")


async def worker_peak(fleet: Fleet, databases: int) -> float:
    """Upgrade a fleet through the pool, and return the worker's largest resident size in MB."""
    fleet.fill(databases)
    spec, connections = ProjectSpec(str(fleet.project.folder), (), "migrations_plain"), Connections()

    async def one(url: str) -> None:
        async with connections.hold(url, Priority.ROLLOUT):
            await executor.run(Job("upgrade", spec, DatabaseSpec(url.rpartition("/")[2], url), "head"))

    async with PoolExecutor() as executor:
        await asyncio.gather(*map(one, fleet.urls))
        peak = max(map(peak_of, executor.pids))
    await connections.aclose()
    fleet.check()
    return peak


def resident(folder: Path, targets: int) -> float:
    """Return the resident size in MB of a process that has loaded a fleet."""
    path = folder / f"fleet_{targets}.yaml"
    (folder / "migrations").mkdir(exist_ok=True)
    path.write_text(FLEET.format(names=", ".join(f'"{number}"' for number in range(targets))))
    out = subprocess.run([sys.executable, "-c", LOADED, str(path)], check=True, capture_output=True, text=True).stdout
    found, kilobytes = map(int, out.split())
    if found != targets:
        raise SystemExit(f"{found} targets instead of {targets}")
    return kilobytes / 1024


def peak_of(pid: int) -> float:
    """Return a process's largest resident size in MB."""
    found = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(found.group(1)) / 1024 if found else 0.0


if __name__ == "__main__":
    main()
