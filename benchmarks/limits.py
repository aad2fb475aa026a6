"""The same SQL through the bare drivers, at their best: what no migration tool can beat."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    from fleets import Fleet

CONNECTIONS = 4
PROCESSES = 2


async def run(fleet: Fleet) -> float:
    """Push a fleet's SQL, one script a database, and return the seconds it took."""
    script = fleet.script()
    return await (sqlite(fleet, script) if fleet.driver == "sqlite3" else postgresql(fleet, script))


async def postgresql(fleet: Fleet, script: str) -> float:
    """Send it as one simple-protocol message to each database."""
    free = asyncio.Semaphore(CONNECTIONS)
    began = time.perf_counter()

    async def one(url: str) -> None:
        async with free:
            connection = await asyncpg.connect(url.replace("+asyncpg", ""))
            await connection.execute(script)
            await connection.close()

    await asyncio.gather(*map(one, fleet.urls))
    return time.perf_counter() - began


async def sqlite(fleet: Fleet, script: str) -> float:
    """Run it in one transaction a file, in processes that have started already."""
    paths = [url.partition("///")[2] for url in fleet.urls]
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(PROCESSES) as pool:
        await asyncio.gather(*(loop.run_in_executor(pool, abs, 1) for _ in range(PROCESSES)))
        began = time.perf_counter()
        await asyncio.gather(*(loop.run_in_executor(pool, write, path, script) for path in paths))
        return time.perf_counter() - began


def write(path: str, script: str) -> None:
    """Run a script on a file."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(f"BEGIN;\n{script}\nCOMMIT;")
    connection.close()
