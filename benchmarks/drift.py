"""What it costs to watch a fleet: checks of unchanged schemas against bare queries, and what the daemon needs besides.

Run ``.venv/bin/python benchmarks/drift.py``; ``--schemas N`` and ``--databases N`` set the sizes, ``--smoke`` runs tiny ones.
It starts its own PostgreSQL. Compare the ratios: the milliseconds depend on the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import asyncpg
import sqlalchemy as sa
from alembic_check import prepared
from drift_daemon import watched
from drift_house import Place, Probe, house

import servers
from sample_projects import benchmark_project, sample_project
from stillhouse_engine.schema import fingerprint_query, mark_query

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sample_projects import SampleProject
    from servers import PostgresServer

snapshots = importlib.import_module("snapshots")
AT_ONCE = 8
OPEN_AT_ONCE = 100
TABLES = 30


class Bench:
    """One server, one project, and the databases that are filled for it."""

    def __init__(self, server: PostgresServer, project: SampleProject, folder: Path, repeats: int) -> None:
        self.server = server
        self.project = project
        self.folder = folder
        self.repeats = repeats

    def make(self, database: str, template: str = "template1") -> str:
        """Make a database and return its URL."""
        engine = sa.create_engine(self.server.url(driver="psycopg"), isolation_level="AUTOCOMMIT")
        with engine.connect() as admin:
            admin.exec_driver_sql(f"CREATE DATABASE {database} TEMPLATE {template}")
        engine.dispose()
        return self.server.url(database)

    def fill(self, database: str, tables: range, schema: str = "public", *, begin: bool = True) -> None:
        """Fill a schema with tables, and with a version table that is at the head."""
        self.fill_all(database, [schema], tables, begin=begin)

    def fill_all(self, database: str, schemas: list[str], tables: range, *, begin: bool = True) -> None:
        """Fill some schemas alike."""
        engine = sa.create_engine(self.server.url(database, "psycopg"), poolclass=sa.NullPool)
        with engine.connect() as connection:
            for schema in schemas:
                connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {schema}; SET LOCAL search_path TO {schema}")
                if begin:
                    connection.exec_driver_sql(
                        "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"
                        f"INSERT INTO alembic_version VALUES ('{self.project.head}')"
                    )
                snapshots.fill(connection, tables)  # commits
            connection.exec_driver_sql("ANALYZE pg_class, pg_attribute, pg_constraint, pg_index, pg_depend, pg_type")
            connection.commit()
        engine.dispose()

    async def in_turns(self, ways: dict[str, Callable[[], Awaitable[object]]]) -> dict[str, float]:
        """Return the median seconds of each way, after one run to warm up."""
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(self.repeats + 1):
            for name, way in ways.items():
                began = time.perf_counter()
                await way()
                if number:
                    taken[name].append(time.perf_counter() - began)
        return {name: statistics.median(seconds) for name, seconds in taken.items()}


def table(title: str, seconds: dict[str, float], reference: str) -> None:
    """Print a Markdown table."""
    print(f"| {title} | ms | times the bare query |\n|---|---:|---:|")
    for name, value in seconds.items():
        print(f"| {name} | {value * 1000:,.1f} | {value / seconds[reference]:.2f} |")
    print()


async def single(bench: Bench) -> None:
    """Check one unchanged database."""
    url = bench.make("single")
    bench.fill("single", range(TABLES))
    plain = url.replace("+asyncpg", "")
    alembic_check = prepared(bench.folder / "check", bench.server.url("single", "psycopg"), bench.project.head, TABLES)

    async def bare() -> None:
        connection = await asyncpg.connect(plain)
        await connection.fetch(snapshots.BARE)
        await connection.close()

    async def same() -> None:
        connection = await asyncpg.connect(plain)
        await connection.fetch(mark_query("postgresql"))
        await connection.close()

    async def alembic() -> None:
        alembic_check()

    async with house(bench, [Place("single", url)]) as here, contextlib.AsyncExitStack() as stack:
        ways = {
            "bare fingerprint query, new connection": bare,
            "our question with the bare driver, new connection": same,
            "drift check, new connection": here.check,
            "`alembic check`, in process (imports not counted)": alembic,
        }
        seconds = await bench.in_turns(ways)
        opened = await asyncpg.connect(plain)
        stack.push_async_callback(opened.close)
        await stack.enter_async_context(here.connections.keeping())
        seconds |= await bench.in_turns(
            {
                "bare fingerprint query, open connection": lambda: opened.fetch(snapshots.BARE),
                "our question with the bare driver, open connection": lambda: opened.fetch(mark_query("postgresql")),
                "look of a drift check, open connection": here.look,
                "drift check with its state kept on disk, open connection": here.check,
            }
        )
    table(f"{TABLES} PostgreSQL tables, unchanged", seconds, "bare fingerprint query, new connection")


async def tables(bench: Bench) -> None:
    """Check databases of growing sizes."""
    url = bench.make("growing")
    sizes, seconds, before = [], [], 0
    for size in (60, 120, 240) if bench.repeats > 1 else (4, 8):
        bench.fill("growing", range(before, size), begin=not before)
        before = size
        async with house(bench, [Place("growing", url)]) as here, here.connections.keeping():
            await here.check()
            seconds.append((await bench.in_turns({"look": here.look}))["look"])
        sizes.append(size)
    print(f"Growth of a check over {sizes} tables: exponent {snapshots.exponent(sizes, seconds):.2f}.\n")


async def tenants(bench: Bench, count: int) -> None:
    """Check schemas of one database."""
    url, names = bench.make("tenants"), [f"tenant_{number}" for number in range(count)]
    bench.fill_all("tenants", names, range(10))
    opened = await asyncpg.connect(url.replace("+asyncpg", ""))
    query = fingerprint_query("postgresql", names, ["alembic_version"])
    async with house(bench, [Place(name, url, name) for name in names]) as here, here.connections.keeping():
        seconds = await bench.in_turns(
            {"one bare fingerprint query": lambda: opened.fetch(query), "drift check": here.check}
        )
    await opened.close()
    table(f"{count} tenants in agreement, on an open connection", seconds, "one bare fingerprint query")


async def databases(bench: Bench, count: int) -> None:
    """Check databases of one server, inside a budget."""
    bench.make("pattern")
    bench.fill("pattern", range(5))
    urls = [bench.make(f"database_{number}", "pattern") for number in range(count)]
    query = fingerprint_query("postgresql", ["public"], ["alembic_version"])

    async def one(free: asyncio.Semaphore, url: str) -> None:
        async with free:
            connection = await asyncpg.connect(url.replace("+asyncpg", ""))
            await connection.fetch("select version_num from alembic_version")
            await connection.fetch(query)
            await connection.close()

    async def raw() -> None:
        free = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(one(free, url) for url in urls))

    places = [Place(f"d{number}", url) for number, url in enumerate(urls)]
    async with house(bench, places, AT_ONCE) as here:
        seconds = await bench.in_turns({"the same queries with the bare driver": raw, "drift check": here.check})
    table(f"{count} databases, {AT_ONCE} connections", seconds, "the same queries with the bare driver")
    await versions(bench, places)


async def versions(bench: Bench, places: list[Place]) -> None:
    """Take the census of databases of one server: on new connections, and on as many as may stay open."""

    async def one(free: asyncio.Semaphore, url: str) -> None:
        async with free:
            connection = await asyncpg.connect(url.replace("+asyncpg", ""))
            await connection.fetch("select version_num from alembic_version")
            await connection.close()

    async def raw() -> None:
        free = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(one(free, place.url) for place in places))

    async with house(bench, places, AT_ONCE) as here:
        ways = {"one connection and one query each": raw, "census": lambda: here.census.take(here.targets)}
        seconds = {name: taken / len(places) for name, taken in (await bench.in_turns(ways)).items()}
    some = places[:OPEN_AT_ONCE]
    async with house(bench, some, OPEN_AT_ONCE + 1) as here, here.connections.keeping():
        ways = {"census, open connections": lambda: here.census.take(here.targets)}
        seconds |= {name: taken / len(some) for name, taken in (await bench.in_turns(ways)).items()}
    table(f"versions, each of {len(places)} databases", seconds, "one connection and one query each")


async def schemas(bench: Bench, count: int) -> None:
    """Watch very many schemas of one server, through one connection."""
    url, sizes, seconds, filled = bench.make("crowd"), [], [], 0
    print(
        "| schemas of one database | version census | no-op sweep | longest block of the event loop |\n|---:|---:|---:|---:|"
    )
    for size in (count // 8, count // 4, count // 2, count):
        names = [f"s{number:05}" for number in range(size)]
        bench.fill_all("crowd", names[filled:], range(2))
        filled = size
        async with house(bench, [Place(name, url, name) for name in names], 1) as here, here.connections.keeping():
            await here.check()
            async with Probe() as probe:
                began = time.perf_counter()
                await here.census.take(here.targets)
                middle = time.perf_counter()
                await here.check()
                ended = time.perf_counter()
        sizes.append(size)
        seconds.append(ended - middle)
        print(f"| {size:,} | {middle - began:.1f} s | {ended - middle:.1f} s | {probe.worst * 1000:.0f} ms |")
    print(f"\nGrowth of a sweep over {sizes} targets: exponent {snapshots.exponent(sizes, seconds):.2f}.\n")
    print(
        "| the daemon, after a census and a drift check | memory | longest block of the event loop |\n|---|---:|---:|"
    )
    for size in (count // 20, count // 2):
        names = [f"s{number:05}" for number in range(size)]
        memory, worst = await watched(bench, [Place(name, url, name) for name in names])
        print(f"| {size:,} targets | {memory:,.0f} MB | {worst * 1000:.0f} ms |")


async def measure(bench: Bench, arguments: argparse.Namespace) -> None:
    """Measure everything."""
    await single(bench)
    await tables(bench)
    await tenants(bench, arguments.tenants)
    await databases(bench, arguments.databases)
    await schemas(bench, arguments.schemas)


def main() -> None:
    """Measure, and print Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tenants", type=int, default=300)
    parser.add_argument("--databases", type=int, default=300)
    parser.add_argument("--schemas", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--smoke", action="store_true")
    arguments = parser.parse_args()
    if arguments.smoke:
        arguments.tenants, arguments.databases, arguments.schemas, arguments.repeats = 5, 9, 40, 1
    settings = {"max_locks_per_transaction": "256"}
    with tempfile.TemporaryDirectory(prefix="stillhouse-bench-") as name, servers.postgres(settings) as server:
        folder = Path(name)
        project = (sample_project if arguments.smoke else benchmark_project)(folder / "project")
        project.write_env()
        asyncio.run(measure(Bench(server, project, folder, arguments.repeats), arguments))


if __name__ == "__main__":
    main()
