"""What an upgrade costs where there is nothing to do, against one connection and one query each, in turns.

Run ``.venv/bin/python benchmarks/census.py``; ``--databases N`` and ``--repeats N`` set the size.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import asyncpg
from fleets import PostgresFleet

import servers
from sample_projects import benchmark_project, sample_project
from stillhouse_engine import as_alembic
from stillhouse_engine.runtime.project import DatabaseSpec, Project, ProjectSpec

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

AT_ONCE = 4


def main() -> None:
    """Measure, and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--databases", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--smoke", action="store_true")
    arguments = parser.parse_args()
    databases, repeats = (2, 1) if arguments.smoke else (arguments.databases, arguments.repeats)
    as_alembic.install()
    with tempfile.TemporaryDirectory(prefix="stillhouse-bench-") as name, servers.postgres() as server:
        folder = Path(name)
        project = (sample_project if arguments.smoke else benchmark_project)(folder / "project")
        asyncio.run(measure(PostgresFleet(server, project, folder), databases, repeats))


async def measure(fleet: PostgresFleet, databases: int, repeats: int) -> None:
    """Bring a fleet to the head, then let each contender visit it."""
    fleet.fill(databases)
    project = Project(ProjectSpec(str(fleet.project.folder), (), "migrations_plain"))

    async def upgrade(url: str) -> None:
        await project.upgrade(DatabaseSpec(url.rpartition("/")[2], url), "head")

    async def current(url: str) -> None:
        await project.current(DatabaseSpec(url.rpartition("/")[2], url))

    ways = {"one connection, one query": ask, "current revision": current, "upgrade with nothing to do": upgrade}
    await visit(fleet.urls, upgrade)
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            taken[name].append(await visit(fleet.urls, way))
    limit = statistics.median(taken["one connection, one query"])
    print("| at the head already | ms a database | times one connection and query |")
    print("|---|---:|---:|")
    for name, seconds in taken.items():
        median = statistics.median(seconds)
        print(f"| {name} | {median * 1000 / databases:,.1f} | {median / limit:.2f} |")


async def visit(urls: list[str], way: Callable[[str], Awaitable[None]]) -> float:
    """Visit every database, a few at once, and return the seconds it took."""
    free = asyncio.Semaphore(AT_ONCE)
    began = time.perf_counter()

    async def one(url: str) -> None:
        async with free:
            await way(url)

    await asyncio.gather(*map(one, urls))
    return time.perf_counter() - began


async def ask(url: str) -> None:
    """Read a version with the bare driver."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.fetch("select version_num from alembic_version")
    await connection.close()


if __name__ == "__main__":
    main()
