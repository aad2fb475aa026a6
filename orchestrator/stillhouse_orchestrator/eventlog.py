"""Writes every event that was stored to the log, once, under its own name and with its facts as keys."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import structlog

from stillhouse_orchestrator.events import EventName
from stillhouse_orchestrator.logs import EVENTS

if TYPE_CHECKING:
    from stillhouse_orchestrator.events import Event

ERRORS = frozenset(
    {
        EventName.ROLLOUT_FAILED,
        EventName.OWNER_LOST,
        EventName.TICK_FAILED,
        EventName.MEMBER_FAILED,
        EventName.MEMBER_DOUBTED,
    }
)
WARNINGS = frozenset({
    EventName.FLEET_REFUSED, EventName.TARGET_VANISHED, EventName.TARGET_UNREACHED, EventName.DRIFT_DETECTED,
    EventName.DRIFT_CHANGED, EventName.ALERT_OPENED, EventName.ALERT_REPEATED, EventName.DELIVERY_ABANDONED,
    EventName.WORKER_LOST, EventName.ROLLOUT_PAUSED, EventName.ROLLOUT_ABORTED, EventName.ROLLOUT_TRIPPED,
    EventName.MEMBER_BLOCKED,
})  # fmt: skip
UNTOLD = frozenset(
    {EventName.TARGET_VANISHED, EventName.OWNER_LOST, EventName.DELIVERY_ABANDONED, EventName.WORKER_LOST}
)
"""What no command says of itself. Everything else a command prints as its result or its progress, on stdout."""
RESERVED = frozenset({"event", "level", "timestamp", "exc_info", "stack_info"})


def level_of(name: EventName) -> int:
    """Return the level at which an event is logged."""
    if name in ERRORS:
        return logging.ERROR
    return logging.WARNING if name in WARNINGS else logging.INFO


def log_event(event: Event) -> None:
    """Log one event: a listener of the store."""
    context = {"target": event.target, "rollout_id": event.rollout_id, "actor": event.actor}
    facts = {f"{key}_" if key in RESERVED else key: value for key, value in event.facts.items()}
    known = {key: value for key, value in context.items() if value is not None}
    structlog.get_logger("stillhouse" if event.name in UNTOLD else EVENTS).log(
        level_of(event.name), event.name.value, **{**facts, **known}
    )
