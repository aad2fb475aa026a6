"""Alerts, silences, and deliveries on their way out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from stillhouse_orchestrator.values.drift import Severity


class AlertState(StrEnum):
    """Where an alert is in its life."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    INHIBITED = "inhibited"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Notice:
    """The last notification of an alert to one channel.

    Attributes:
        at: when it was put into the outbox.
        targets: whom it named.
        number: how many notifications this channel had of this alert.
        resolved: it told that the alert was over.
    """

    at: datetime
    targets: tuple[str, ...]
    number: int = 1
    resolved: bool = False


@dataclass(frozen=True, slots=True)
class Alert:
    """A deduplicated, routable record that something needs a person.

    Attributes:
        key: identity over repeats and restarts; for drift it holds the ``drift_id``.
        kind: ``drift``, ``unreachable``, ``rollout_failed``, ``check_expired``…
        targets: whom it concerns; grouped alerts have many.
        occurrences: how often the finding was seen while open.
        notices: the last notification by channel; repeats count from it.
        facts: what a message or a channel may show besides.
    """

    key: str
    kind: str
    severity: Severity
    title: str
    targets: tuple[str, ...]
    opened_at: datetime
    state: AlertState = AlertState.OPEN
    labels: Mapping[str, str] = field(default_factory=dict)
    summary: str = ""
    drift_id: str | None = None
    seen_at: datetime | None = None
    notices: Mapping[str, Notice] = field(default_factory=dict)
    resolved_at: datetime | None = None
    by: str | None = None
    reason: str | None = None
    occurrences: int = 1
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel carries.

    Attributes:
        key: the same on every attempt to deliver it, so that a receiver can tell a repeat.
        severity: ``info``, ``warning`` or ``critical``; ``resolved`` for the end of an alert.
        body: the alert as plain JSON data.
    """

    key: str
    title: str
    text: str
    severity: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Silence:
    """Keeps alerts on some targets quiet until it expires."""

    id: str
    match: str
    author: str
    reason: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one channel, kept until it arrived or was given up.

    Attributes:
        key: stable over retries, so that a receiver can tell a repeat; the outbox holds each key once.
    """

    key: str
    channel: str
    payload: Mapping[str, Any]
    created_at: datetime
    next_attempt_at: datetime
    attempts: int = 0
    delivered_at: datetime | None = None
    given_up_at: datetime | None = None
    error: str | None = None
