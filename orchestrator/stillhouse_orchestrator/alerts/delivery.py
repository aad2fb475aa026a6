"""Empties the outbox: every delivery is tried until it arrived, at least once, over restarts."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from stillhouse_orchestrator.errors import ChannelError
from stillhouse_orchestrator.events import Event, EventName, now
from stillhouse_orchestrator.values import Delivery, Message, from_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillhouse_orchestrator.alerts.channels import Channel
    from stillhouse_orchestrator.store import Store

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=30)
GIVE_UP_AFTER = timedelta(days=3)
AT_ONCE = 8  # to one channel: one that hangs holds back nobody else's messages


async def empty(store: Store, channels: Mapping[str, Channel]) -> int:
    """Try every delivery that is due once, and keep how each ended.

    Returns:
        How many arrived.
    """
    async with store.read() as session:
        due = await session.outbox.due(now())
    gates: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(AT_ONCE))
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(_attempt(store, channels.get(d.channel), d, gates[d.channel])) for d in due]
    return sum(task.result() for task in running)


async def _attempt(store: Store, channel: Channel | None, delivery: Delivery, gate: asyncio.Semaphore) -> bool:
    async with gate:
        error = await _send(channel, delivery)
    at = now()
    after, event = settle(delivery, error, at, random.random())  # noqa: S311 - jitter, not a secret
    async with store.write() as session:
        await session.outbox.save(after)
        await session.record(event)
    return error is None


async def _send(channel: Channel | None, delivery: Delivery) -> ChannelError | None:
    if channel is None:
        return ChannelError(delivery.channel, "the fleet file no longer has this channel", permanent=True)
    try:
        await channel.send(from_json(Message, delivery.payload))
    except ChannelError as error:
        return error
    except Exception as error:  # noqa: BLE001 - one channel's mistake must not keep back the messages of all others
        return ChannelError(delivery.channel, f"a bug of Stillhouse: {type(error).__name__}")
    return None


def settle(delivery: Delivery, error: ChannelError | None, at: datetime, jitter: float) -> tuple[Delivery, Event]:
    """Return what an attempt makes of a delivery, and its event.

    Args:
        delivery: before the attempt.
        error: how it failed; None when it arrived.
        at: now.
        jitter: a random number from 0 to 1 that spreads the retries of many deliveries.
    """
    tried = replace(delivery, attempts=delivery.attempts + 1, error=error.reason if error else None)
    facts = {"channel": delivery.channel, "delivery": delivery.key, "attempts": tried.attempts}
    if error is None:
        return replace(tried, delivered_at=at), Event(EventName.DELIVERY_SENT, at, facts=facts)
    facts["error"] = error.reason
    if error.permanent or at - delivery.created_at >= GIVE_UP_AFTER:
        return replace(tried, given_up_at=at), Event(EventName.DELIVERY_ABANDONED, at, facts=facts)
    wait = min(FIRST_WAIT * 2 ** min(delivery.attempts, 20), LONGEST_WAIT) * (0.5 + jitter / 2)
    return replace(tried, next_attempt_at=at + wait), Event(EventName.DELIVERY_ATTEMPTED, at, facts=facts)
