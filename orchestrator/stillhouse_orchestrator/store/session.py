"""One transaction on the store, and the repositories that take part in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillhouse_orchestrator.events import Event, EventName, now
from stillhouse_orchestrator.store import retention
from stillhouse_orchestrator.store.alerts import Alerts, Silences
from stillhouse_orchestrator.store.answers import Answers
from stillhouse_orchestrator.store.baselines import Baselines
from stillhouse_orchestrator.store.checksums import Checksums
from stillhouse_orchestrator.store.drift_reports import DriftReports, IgnoreRules
from stillhouse_orchestrator.store.history import History
from stillhouse_orchestrator.store.looks import Looks
from stillhouse_orchestrator.store.outbox import Outbox
from stillhouse_orchestrator.store.rollouts import Plans, Rollouts
from stillhouse_orchestrator.store.schedule import Schedule
from stillhouse_orchestrator.store.targets import Targets

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection


class Session:
    """The repositories over one transaction; what they write is kept together or not at all."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self.targets = Targets(connection)
        self.baselines = Baselines(connection)
        self.checksums = Checksums(connection)
        self.drift_reports = DriftReports(connection)
        self.looks = Looks(connection)
        self.ignore_rules = IgnoreRules(connection)
        self.alerts = Alerts(connection)
        self.silences = Silences(connection)
        self.outbox = Outbox(connection)
        self.plans = Plans(connection)
        self.rollouts = Rollouts(connection)
        self.schedule = Schedule(connection)
        self.history = History(connection)
        self.answers = Answers(connection)
        self.recorded: list[Event] = []

    async def record(self, *events: Event) -> None:
        """Add events to the history, in this transaction."""
        await self.history.add(events)
        self.recorded += events

    async def prune(self, keep: retention.Retention, at: datetime | None = None) -> dict[str, int]:
        """Remove what is older than its time, and say so in the history."""
        moment = at or now()
        gone = await retention.prune(self.connection, keep, moment)
        if gone:
            await self.record(Event(EventName.HISTORY_PRUNED, moment, facts={"rows": gone}))
        return gone
