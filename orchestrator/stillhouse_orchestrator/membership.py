"""Who belongs to the fleet: targets that appear and targets that vanish are events, and none is silently dropped."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stillhouse_orchestrator.events import Event, EventName, now
from stillhouse_orchestrator.values import Health, TargetState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillhouse_config import Fleet
    from stillhouse_orchestrator.alerts.service import AlertService
    from stillhouse_orchestrator.store import Store


class Membership:
    """Compares the fleet with what the store remembers.

    Args:
        store: remembers every target that was ever declared.
        alerts: forgets what it knew of targets that vanished.
    """

    def __init__(self, store: Store, alerts: AlertService) -> None:
        self._store = store
        self._alerts = alerts

    async def follow(self, fleet: Fleet, unasked: Mapping[str, str]) -> None:
        """Record who appeared and who vanished.

        Args:
            fleet: the targets as they are declared and discovered now.
            unasked: declarations whose databases could not be asked: nobody of theirs vanishes.
        """
        if self._store.ownership is None:
            return
        moment = now()
        async with self._store.read() as session:
            known = {state.target: state for state in await session.targets.all()}
        new = [
            TargetState(target.name, labels=dict(target.labels), server=target.server)
            for target in fleet.targets.values()
            if target.name not in known or known[target.name].health is Health.VANISHED
        ]
        gone = [
            replace(state, health=Health.VANISHED, error="the fleet declares it no longer")
            for state in known.values()
            if state.target not in fleet.targets
            and state.health is not Health.VANISHED
            and not unasked
            and fleet.is_complete
        ]
        if not new and not gone:
            return
        async with self._store.write() as session:
            await session.targets.save([*new, *gone])
            await session.record(
                *(Event(EventName.TARGET_DISCOVERED, moment, target=state.target) for state in new),
                *(Event(EventName.TARGET_VANISHED, moment, target=state.target) for state in gone),
            )
        for state in gone:
            await self._alerts.withdraw(state.target)
