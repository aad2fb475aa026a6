"""What an application notices while a migration keeps trying to lock a table that somebody reads for a long time.

    python benchmarks/hot_table.py --rounds 5

Two clients read the table all the time. Each round measures them at peace, then while a long reader keeps the migration from
its lock and it tries four times, each time no longer than its ``lock_timeout``. Exits with 1 when the application's p99 more
than doubles in the median round, or when the long reader was not named.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import servers
from hot_clients import Clients, p99
from sample_projects import empty_project
from stillhouse_orchestrator import logs
from stillhouse_orchestrator.workers.executor import DatabaseSpec, Job, ProjectSpec
from stillhouse_orchestrator.workers.pool import PoolExecutor

if TYPE_CHECKING:
    from stillhouse_orchestrator.workers.executor import Progress

QUERIES, TRIES, LOCK_TIMEOUT = 2000, 4, 0.2
THINKING = 0.002  # seconds between a client's queries: they are not to compete for the processor
MOST = 2.0  # times the quiet p99


class Round(NamedTuple):
    """What one round has shown, in milliseconds."""

    quiet: float
    held_up: float
    longest: float
    named: bool


async def measure(executor: PoolExecutor, job: Job, address: str, clients: Clients) -> Round:
    """Measure one round; the migration goes through once the long reader is gone."""
    quiet = await asyncio.to_thread(clients.take_many, QUERIES)
    blockers: list[int] = []
    tried, tries = asyncio.Event(), 0

    def hear(progress: Progress) -> None:
        nonlocal tries
        if progress.event == "run.retried":
            tries += 1
            blockers.extend(blocker["pid"] for blocker in progress.facts["blockers"])
            if tries >= TRIES:
                tried.set()

    async with asyncio.TaskGroup() as group:
        with psycopg.connect(address) as reader:
            reader.execute("select count(*) from hot")  # and stays in its transaction
            pid = reader.info.backend_pid
            clients.take()
            running = group.create_task(executor.run(job, hear))
            running.add_done_callback(lambda _: tried.set())  # a migration that fails at once must not be waited for
            await tried.wait()
            held_up = clients.take()
    if running.result().state != "done":
        raise SystemExit(f"the migration {running.result().state}: {running.result().problem}")
    return Round(p99(quiet), p99(held_up), max(held_up) * 1000, pid in blockers)


async def run(server: servers.PostgresServer, folder: Path, rounds: int) -> list[Round]:
    """Measure all rounds, each with a revision of its own."""
    address = f"host=127.0.0.1 port={server.port} user=postgres dbname=postgres"
    with psycopg.connect(address) as connection:
        connection.execute("create table hot as select generate_series(1, 1000) as id")
    project = empty_project(folder / "project")
    spec = ProjectSpec(str(project.folder), (str(project.folder),), "migrations")
    database = DatabaseSpec("hot", server.url(), lock_timeout=LOCK_TIMEOUT)
    found = []
    with Clients(address, THINKING) as clients:
        async with PoolExecutor() as executor:
            for number in range(rounds):
                project.add(f"op.add_column('hot', sa.Column('more_{number}', sa.Integer))")
                executor.retire()
                await executor.run(
                    Job("current", spec, database, deadline=60)
                )  # a daemon's worker has started long ago
                found.append(
                    await measure(executor, Job("upgrade", spec, database, "head", deadline=180), address, clients)
                )
    return found


def main() -> None:
    """Run once, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    logs.configure("critical", "console")
    with tempfile.TemporaryDirectory() as name, servers.postgres() as server:
        rounds = asyncio.run(run(server, Path(name), wanted.rounds))
    print("| round | p99 quiet | p99 while it retries | ratio | longest wait | long reader named |")
    print("|---|---|---|---|---|---|")
    for number, each in enumerate(rounds, 1):
        ratio, named = each.held_up / each.quiet, "yes" if each.named else "no"
        print(
            f"| {number} | {each.quiet:.2f} ms | {each.held_up:.2f} ms | {ratio:.2f} | {each.longest:.0f} ms | {named} |"
        )
    median = statistics.median(each.held_up / each.quiet for each in rounds)
    print(f"\nThe p99 of the application is {median:.2f} times its quiet p99 in the median round.")
    raise SystemExit(0 if median <= MOST and all(each.named for each in rounds) else 1)


if __name__ == "__main__":
    main()
