"""Upgrade databases through the engine's Python API in one process, some at once: what the engine costs by itself."""

from __future__ import annotations

import asyncio
import sys

from stillhouse_engine import as_alembic
from stillhouse_engine.runtime.project import DatabaseSpec, Project, ProjectSpec

AT_ONCE = 4


async def main(root: str, *urls: str) -> None:
    """Upgrade each database to the head."""
    as_alembic.install()
    project, free = Project(ProjectSpec(root, (), "migrations_plain")), asyncio.Semaphore(AT_ONCE)

    async def one(url: str) -> None:
        async with free:
            await project.upgrade(DatabaseSpec(url.rpartition("/")[2], url))

    await asyncio.gather(*map(one, urls))


asyncio.run(main(*sys.argv[1:]))
