"""Removal of what is old enough to forget."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, select

from stillhouse_orchestrator.store import tables
from stillhouse_orchestrator.values import AlertState
from stillhouse_orchestrator.values.rollout import OVER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import Delete
    from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things are kept after they are over."""

    events: timedelta = timedelta(days=400)
    alerts: timedelta = timedelta(days=90)
    deliveries: timedelta = timedelta(days=14)
    rollouts: timedelta = timedelta(days=400)
    answers: timedelta = timedelta(days=2)


async def prune(connection: AsyncConnection, keep: Retention, at: datetime) -> dict[str, int]:
    """Remove what is older than its time; nothing open is ever removed.

    Returns:
        how many rows went, by table; tables that lost none are left out.
    """
    gone = {}
    for name, statement in _statements(keep, at):
        result = await connection.execute(statement)
        if result.rowcount:
            gone[name] = result.rowcount
    return gone


def _statements(keep: Retention, at: datetime) -> Iterator[tuple[str, Delete]]:
    alerts, outbox, rollouts, plans = tables.alerts, tables.outbox, tables.rollouts, tables.plans
    yield "events", delete(tables.events).where(tables.events.c.at < at - keep.events)
    resolved = alerts.c.state == AlertState.RESOLVED.value
    yield "alerts", delete(alerts).where(resolved, alerts.c.resolved_at < at - keep.alerts)
    sent = outbox.c.next_attempt_at.is_(None)
    yield "outbox", delete(outbox).where(sent, outbox.c.created_at < at - keep.deliveries)
    yield "silences", delete(tables.silences).where(tables.silences.c.expires_at < at - keep.alerts)
    over = rollouts.c.state.in_([state.value for state in OVER])
    yield "rollouts", delete(rollouts).where(over, rollouts.c.finished_at < at - keep.rollouts)
    yield "answers", delete(tables.answers).where(tables.answers.c.asked_at < at - keep.answers)
    yield "plans", delete(plans).where(plans.c.created_at < at - keep.rollouts)
    used = exists().where(tables.baselines.c.snapshot_hash == tables.snapshots.c.hash)
    yield "snapshots", delete(tables.snapshots).where(~used)
    rules = tables.ignore_rules
    yield (
        "ignore_rules",
        delete(rules).where(rules.c.id.in_(select(rules.c.id).where(rules.c.until < at - keep.alerts))),
    )
