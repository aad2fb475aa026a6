"""Deliveries on their way out: written in the transaction that caused them, sent later, at least once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from stillhouse_orchestrator.store.rows import add_missing, bodies, upsert
from stillhouse_orchestrator.store.tables import outbox
from stillhouse_orchestrator.values import Delivery, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection


class Outbox:
    """Repository of deliveries."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, deliveries: Iterable[Delivery]) -> None:
        """Put deliveries in; a key that is in already stays as it is."""
        await add_missing(self._connection, outbox, [_row(delivery) for delivery in deliveries])

    async def supersede(self, alert: str, channel: str) -> None:
        """Drop what still waits to tell a channel of an alert: news of it is about to be put in.

        A receiver that was away for a night then gets one message about each alert, and never an older one after a newer.
        """
        waiting = outbox.c.next_attempt_at.is_not(None)
        of_alert = outbox.c.key.startswith(f"{alert}@", autoescape=True)
        to_channel = outbox.c.body["channel"].as_string() == channel
        await self._connection.execute(update(outbox).where(waiting, of_alert, to_channel).values(next_attempt_at=None))

    async def due(self, at: datetime, limit: int = 100) -> list[Delivery]:
        """Return deliveries whose time has come, the longest waiting first."""
        query = select(outbox.c.body).where(outbox.c.next_attempt_at <= at)
        return await bodies(
            self._connection, Delivery, query.order_by(outbox.c.next_attempt_at, outbox.c.key).limit(limit)
        )

    async def next_at(self) -> datetime | None:
        """Return when the next delivery is due."""
        moment: datetime | None = await self._connection.scalar(select(func.min(outbox.c.next_attempt_at)))
        return moment

    async def waiting(self) -> int:
        """Return how many deliveries have neither arrived nor been given up."""
        query = select(func.count()).where(outbox.c.next_attempt_at.is_not(None))
        return await self._connection.scalar(query) or 0

    async def save(self, delivery: Delivery) -> None:
        """Keep how an attempt ended."""
        await upsert(self._connection, outbox, [_row(delivery)])


def _row(delivery: Delivery) -> dict[str, object]:
    over = delivery.delivered_at or delivery.given_up_at
    return {
        "key": delivery.key,
        "created_at": delivery.created_at,
        "next_attempt_at": None if over else delivery.next_attempt_at,
        "body": to_json(delivery),
    }
