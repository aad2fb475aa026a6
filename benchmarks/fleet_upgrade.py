"""How long a fleet's upgrade from empty takes: ours, Alembic in three ways, and the bare drivers, side by side in one run.

Run ``.venv/bin/python benchmarks/fleet_upgrade.py``; ``--help`` tells the sizes. It starts a PostgreSQL server of its
own. Compare ratios only: they are taken in one run, interleaved, on one machine.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import structlog

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import limits
from fleets import Fleet, PostgresFleet, SQLiteFleet

import servers
from sample_projects import SampleProject, benchmark_project, sample_project
from stillhouse_orchestrator.connections import Connections, Priority
from stillhouse_orchestrator.rollouts.pace import FIRST
from stillhouse_orchestrator.workers.executor import DatabaseSpec, Job, ProjectSpec
from stillhouse_orchestrator.workers.pool import PoolExecutor

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
MOST_PROCESSES = 4  # a process for each of a hundred databases would tell nothing new
Run: TypeAlias = Callable[[Fleet], Awaitable[float]]


@dataclass
class Contender:
    """One way to upgrade a fleet.

    Attributes:
        name: what the table calls it.
        run: upgrades a fleet and returns the seconds it took.
        most: the largest fleet it is given.
        taken: milliseconds for each database, one figure a repeat.
    """

    name: str
    run: Run
    most: int | None = None
    taken: list[float] = field(default_factory=list)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--databases", type=int, default=20, help="databases of each kind (20)")
    parser.add_argument("--repeats", type=int, default=3, help="times that each way is measured (3)")
    parser.add_argument("--smoke", action="store_true", help="two tiny databases, once: does it still run?")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    with tempfile.TemporaryDirectory(prefix="stillhouse-bench-") as name, servers.postgres() as server:
        folder = Path(name)
        project = sample_project(folder / "project") if arguments.smoke else benchmark_project(folder / "project")
        databases, repeats = (2, 1) if arguments.smoke else (arguments.databases, arguments.repeats)
        print("\n".join(machine(project, databases, repeats)))
        for fleet in (PostgresFleet(server, project, folder), SQLiteFleet(project, folder)):
            found = asyncio.run(measure(fleet, databases, repeats))
            print("\n".join(table(fleet.kind, found)), flush=True)


async def measure(fleet: Fleet, databases: int, repeats: int) -> list[Contender]:
    """Let every contender upgrade fresh databases, in turns."""
    contenders = ways(fleet)
    for _ in range(repeats):
        for contender in contenders:
            fleet.fill(min(databases, contender.most or databases))
            seconds = await contender.run(fleet)
            fleet.check()
            contender.taken.append(seconds * 1000 / len(fleet.urls))
            fleet.clear()
    return contenders


def ways(fleet: Fleet) -> list[Contender]:
    """Return the contenders, the slowest first."""
    return [
        Contender("a loop of Alembic processes", alembic_processes, MOST_PROCESSES),
        Contender("Alembic in one process (imports not counted)", alembic_in_process),
        Contender("2 Alembic processes side by side", alembic_pool),
        Contender("Stillhouse, with the same env.py", ours_with_env),
        Contender("Stillhouse, without env.py", ours),
        Contender("Stillhouse, without env.py and without replay", ours_without_replay),
        Contender("`stillhouse up`, without env.py", command),
        Contender("Stillhouse's Python API, without snapshots, in one process", engine),
        Contender(f"limit: the same SQL through {fleet.driver}", limits.run),
    ]


async def ours(fleet: Fleet) -> float:
    """Upgrade through the worker pool and the budgets, the worker's start included."""
    return await through_pool(fleet, ProjectSpec(str(fleet.project.folder), (), "migrations_plain"))


async def ours_with_env(fleet: Fleet) -> float:
    """Do the same with the project's env.py."""
    return await through_pool(fleet, ProjectSpec(str(fleet.project.folder), (), "migrations"))


async def ours_without_replay(fleet: Fleet) -> float:
    """Run every revision's Python for every database."""
    return await through_pool(fleet, ProjectSpec(str(fleet.project.folder), (), "migrations_plain"), replay=False)


async def through_pool(fleet: Fleet, spec: ProjectSpec, *, replay: bool = True) -> float:
    """Upgrade a fleet the way the daemon does, as many at once as a rollout begins with."""
    began = time.perf_counter()
    connections, pace = Connections(), asyncio.Semaphore(FIRST)

    async def one(url: str) -> None:
        async with pace, connections.hold(url, Priority.ROLLOUT):
            database = DatabaseSpec(url.rpartition("/")[2], url, replay=replay)
            outcome = await executor.run(Job("upgrade", spec, database, "head"))
        if not outcome.ok:
            raise SystemExit(f"{url}: {outcome.problem}")

    async with PoolExecutor() as executor:
        await asyncio.gather(*map(one, fleet.urls))
        taken = time.perf_counter() - began
    await connections.aclose()
    return taken


async def engine(fleet: Fleet) -> float:
    """Use the engine from a program of one's own, the program's start included."""
    began = time.perf_counter()
    await child(str(HERE / "engine_loop.py"), str(fleet.project.folder), *fleet.urls)
    return time.perf_counter() - began


async def command(fleet: Fleet) -> float:
    """Run the command, as people do: it reads the fleet file, plans, migrates, and keeps its state and its log."""
    folder = Path(tempfile.mkdtemp(dir=fleet.folder))
    names = (
        f"  db{number}: {{url: {url!r}, migrations: {fleet.project.folder / 'migrations_plain'}}}"
        for number, url in enumerate(fleet.urls)
    )
    (folder / "fleet.yaml").write_text("\n".join(("fleet: bench", "databases:", *names)))
    began = time.perf_counter()
    await child("-m", "stillhouse_orchestrator", "up", "-f", str(folder / "fleet.yaml"))
    return time.perf_counter() - began


async def alembic_processes(fleet: Fleet) -> float:
    """Run ``alembic upgrade head`` once for each database, one after the other."""
    began = time.perf_counter()
    for ini in fleet.ini_files():
        await child("-m", "alembic", "-c", str(ini), "upgrade", "head")
    return time.perf_counter() - began


async def alembic_in_process(fleet: Fleet) -> float:
    """Call ``command.upgrade`` for each database in one process."""
    return float(await child(str(HERE / "alembic_loop.py"), *map(str, fleet.ini_files())))


async def alembic_pool(fleet: Fleet) -> float:
    """Share the databases out to two such processes, their start included."""
    began = time.perf_counter()
    files = [str(ini) for ini in fleet.ini_files()]
    await asyncio.gather(*(child(str(HERE / "alembic_loop.py"), *files[half::2]) for half in (0, 1)))
    return time.perf_counter() - began


async def child(*arguments: str) -> str:
    """Run this Python with arguments, and return what it prints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await process.communicate()
    if process.returncode:
        raise SystemExit(err.decode())
    return out.decode()


def machine(project: SampleProject, databases: int, repeats: int) -> Iterator[str]:
    """Describe what the figures were taken on."""
    model = next(
        (line.partition(":")[2].strip() for line in cpu_lines() if line.startswith("model name")), platform.machine()
    )
    versions = ", ".join(
        f"{name} {version(name)}" for name in ("alembic", "sqlalchemy", "asyncpg", "psycopg", "aiosqlite")
    )
    yield f"{model}, {os.cpu_count()} cores; Python {platform.python_version()}; {versions}"
    yield f"{len(project.revisions)} revisions, {databases} databases of each kind, median of {repeats}, interleaved"


def cpu_lines() -> list[str]:
    """Read what Linux tells about the processor."""
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def table(kind: str, contenders: Sequence[Contender]) -> Iterator[str]:
    """Render a Markdown table."""
    limit = statistics.median(contenders[-1].taken)
    slowest = statistics.median(contenders[0].taken)
    yield f"\n| {kind}, from empty | ms a database | lowest to highest | times the limit | times faster than processes |"
    yield "|---|---:|---:|---:|---:|"
    for each in contenders:
        taken = statistics.median(each.taken)
        spread = f"{min(each.taken):,.0f} to {max(each.taken):,.0f}"
        yield f"| {each.name} | {taken:,.1f} | {spread} | {taken / limit:,.2f} | {slowest / taken:,.1f} |"


if __name__ == "__main__":
    main()
