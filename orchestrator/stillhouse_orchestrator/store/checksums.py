"""What the files of revisions were when they were applied, by project, target and revision."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import select

from stillhouse_orchestrator.store.rows import upsert
from stillhouse_orchestrator.store.tables import checksums

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from sqlalchemy.ext.asyncio import AsyncConnection


class Checksums:
    """Repository of checksums."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def save(self, found: Iterable[tuple[str, str, Mapping[str, str]]]) -> None:
        """Keep the checksums of the revisions that were just applied, by project and target."""
        rows = (
            {"project": project, "target": target, "revision": revision, "checksum": checksum}
            for project, target, applied in found
            for revision, checksum in applied.items()
        )
        await upsert(self._connection, checksums, rows)

    async def applied(self, project: str) -> dict[str, set[str]]:
        """Return the checksums with which each revision of a project was ever applied."""
        query = select(checksums.c.revision, checksums.c.checksum).where(checksums.c.project == project).distinct()
        found: defaultdict[str, set[str]] = defaultdict(set)
        for row in await self._connection.execute(query):
            found[row.revision].add(row.checksum)
        return found

    async def others(self, project: str, revision: str, known: Collection[str]) -> list[str]:
        """Return the targets on which a revision was applied from a file with none of these checksums."""
        query = select(checksums.c.target).where(
            checksums.c.project == project, checksums.c.revision == revision, checksums.c.checksum.not_in(known)
        )
        return list(await self._connection.scalars(query))
