"""Alerts and silences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from stillhouse_orchestrator.store.rows import bodies, upsert
from stillhouse_orchestrator.store.tables import alerts, silences
from stillhouse_orchestrator.values import Alert, AlertState, Silence, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

UNRESOLVED = (
    select(alerts.c.body).where(alerts.c.state != AlertState.RESOLVED.value).order_by(alerts.c.opened_at, alerts.c.key)
)  # made once: every check asks for them


class Alerts:
    """Repository of alerts; each key once."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, key: str) -> Alert | None:
        """Return one."""
        found = await bodies(self._connection, Alert, select(alerts.c.body).where(alerts.c.key == key))
        return found[0] if found else None

    async def unresolved(self) -> list[Alert]:
        """Return those that still need a person, oldest first."""
        return await bodies(self._connection, Alert, UNRESOLVED)

    async def resolved_since(self, moment: datetime) -> list[Alert]:
        """Return those that were resolved at or after a moment, oldest first."""
        query = select(alerts.c.body).where(alerts.c.resolved_at >= moment)
        return await bodies(self._connection, Alert, query.order_by(alerts.c.opened_at, alerts.c.key))

    async def all(self, limit: int = 500) -> list[Alert]:
        """Return the newest ones, resolved ones included."""
        query = select(alerts.c.body).order_by(alerts.c.opened_at.desc(), alerts.c.key).limit(limit)
        return await bodies(self._connection, Alert, query)

    async def save(self, changed: Iterable[Alert]) -> None:
        """Keep some alerts as they are now."""
        rows = [
            {
                "key": alert.key,
                "state": alert.state.value,
                "opened_at": alert.opened_at,
                "resolved_at": alert.resolved_at,
                "body": to_json(alert),
            }
            for alert in changed
        ]
        await upsert(self._connection, alerts, rows)


class Silences:
    """Repository of silences."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def live(self, at: datetime) -> list[Silence]:
        """Return those that have not expired."""
        query = select(silences.c.body).where(silences.c.expires_at > at).order_by(silences.c.expires_at)
        return await bodies(self._connection, Silence, query)

    async def save(self, silence: Silence) -> None:
        """Keep a silence."""
        row = {"id": silence.id, "expires_at": silence.expires_at, "body": to_json(silence)}
        await upsert(self._connection, silences, [row])

    async def forget(self, silence_id: str) -> None:
        """End a silence early."""
        await self._connection.execute(delete(silences).where(silences.c.id == silence_id))
