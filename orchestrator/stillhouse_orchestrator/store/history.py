"""The audit history: every event, in the order in which it was stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from stillhouse_orchestrator.events import Event, EventName
from stillhouse_orchestrator.store.tables import events
from stillhouse_orchestrator.values import to_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Which events to return.

    Attributes:
        name: an event's name, or a noun followed by a dot: ``rollout.``.
        after: only events stored after this id.
        before: only events stored before this id.
        without: a noun followed by a dot, whose events are left out.
    """

    target: str | None = None
    rollout_id: str | None = None
    name: str | None = None
    since: datetime | None = None
    after: int = 0
    before: int | None = None
    limit: int = 100
    without: str | None = None


class History:
    """Repository of events; they are only ever added."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, found: Sequence[Event]) -> None:
        """Add events in order."""
        if found:
            await self._connection.execute(insert(events), [_row(event) for event in found])

    async def newest(self, query: HistoryQuery | None = None) -> list[Event]:
        """Return events, the newest first."""
        return await self._fetch(query or HistoryQuery(), newest=True)

    async def following(self, query: HistoryQuery) -> list[Event]:
        """Return the events that follow ``query.after``, in order: what a stream sends after a reconnect."""
        return await self._fetch(query, newest=False)

    async def _fetch(self, wanted: HistoryQuery, *, newest: bool) -> list[Event]:
        query = select(events).where(events.c.id > wanted.after)
        if wanted.target is not None:
            query = query.where(events.c.target == wanted.target)
        if wanted.rollout_id is not None:
            query = query.where(events.c.rollout_id == wanted.rollout_id)
        if wanted.name is not None:
            named = (
                events.c.name.startswith(wanted.name, autoescape=True)
                if wanted.name.endswith(".")
                else events.c.name == wanted.name
            )
            query = query.where(named)
        if wanted.without is not None:
            query = query.where(~events.c.name.startswith(wanted.without, autoescape=True))
        if wanted.before is not None:
            query = query.where(events.c.id < wanted.before)
        if wanted.since is not None:
            query = query.where(events.c.at >= wanted.since)
        order = events.c.id.desc() if newest else events.c.id
        return [_event(row) for row in await self._connection.execute(query.order_by(order).limit(wanted.limit))]


def _row(event: Event) -> dict[str, Any]:
    return {
        "at": event.at,
        "name": event.name.value,
        "actor": event.actor,
        "target": event.target,
        "rollout_id": event.rollout_id,
        "facts": to_json(event.facts),
    }


def _event(row: Row[Any]) -> Event:
    return Event(EventName(row.name), row.at, row.actor, row.target, row.rollout_id, row.facts, row.id)
