"""The last look at every target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from stillhouse_orchestrator.store.rows import bodies, upsert
from stillhouse_orchestrator.store.tables import targets
from stillhouse_orchestrator.values import TargetState, to_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sqlalchemy.ext.asyncio import AsyncConnection


class Targets:
    """Repository of target states."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, name: str) -> TargetState | None:
        """Return one, if it was ever seen."""
        found = await bodies(self._connection, TargetState, select(targets.c.body).where(targets.c.name == name))
        return found[0] if found else None

    async def all(self) -> list[TargetState]:
        """Return all, by name."""
        return await bodies(self._connection, TargetState, select(targets.c.body).order_by(targets.c.name))

    async def some(self, names: Collection[str]) -> list[TargetState]:
        """Return those of some names, as far as they were ever seen."""
        return await bodies(self._connection, TargetState, select(targets.c.body).where(targets.c.name.in_(names)))

    async def save(self, states: Iterable[TargetState]) -> None:
        """Keep the last look at some targets."""
        rows = ({"name": state.target, "health": state.health.value, "body": to_json(state)} for state in states)
        await upsert(self._connection, targets, rows)

    async def forget(self, name: str) -> None:
        """Drop one that the fleet no longer declares."""
        await self._connection.execute(delete(targets).where(targets.c.name == name))
