"""When each scheduled job last fired, so that a restart neither forgets nor repeats one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from stillhouse_orchestrator.store.rows import upsert
from stillhouse_orchestrator.store.tables import schedule

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection


class Schedule:
    """Repository of last-fired times."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def last_fired(self) -> dict[str, datetime]:
        """Return when every job last fired."""
        return {row.job: row.last_fired_at for row in await self._connection.execute(select(schedule))}

    async def fired(self, job: str, at: datetime) -> None:
        """Keep that a job fired."""
        await upsert(self._connection, schedule, [{"job": job, "last_fired_at": at}])
