"""The words of a notification: a title, a text for people, and the same as data for programs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stillhouse_orchestrator.alerts.routing import Reason
from stillhouse_orchestrator.values import Delivery, Message, Notice, to_json

if TYPE_CHECKING:
    from datetime import datetime

    from stillhouse_orchestrator.alerts.routing import Notification
    from stillhouse_orchestrator.values import Alert

SHOWN_TARGETS = 20
SHOWN_CHANGES = 10


def deliver(alert: Alert, notification: Notification, fleet: str, at: datetime) -> tuple[Alert, Delivery]:
    """Return the alert with the notification noted on it, and the delivery for the outbox."""
    message = write(alert, notification, fleet)
    notice = Notice(at, notification.targets, notification.number, notification.reason is Reason.RESOLVED)
    noted = replace(alert, notices={**alert.notices, notification.channel: notice})
    return noted, Delivery(message.key, notification.channel, to_json(message), created_at=at, next_attempt_at=at)


def write(alert: Alert, notification: Notification, fleet: str) -> Message:
    """Word one notification."""
    over = notification.reason is Reason.RESOLVED
    mark = "resolved" if over else alert.severity.value
    targets = notification.targets
    where = targets[0] if len(targets) == 1 else f"{len(targets)} targets"
    title = f"[{mark}] {fleet}: {alert.title} on {where}"
    body = {
        "schema_version": 1,
        "fleet": fleet,
        "alert": alert.key,
        "kind": alert.kind,
        "reason": notification.reason.value,
        "severity": alert.severity.value,
        "title": alert.title,
        "summary": alert.summary,
        "targets": list(targets),
        "drift_id": alert.drift_id,
        "opened_at": alert.opened_at.isoformat(),
        "resolved_at": alert.resolved_at.isoformat() if alert.resolved_at else None,
        "facts": dict(alert.facts),
    }
    key = f"{alert.key}@{int(alert.opened_at.timestamp())}/{notification.channel}/{notification.number}"
    return Message(key, title, _text(alert, notification), mark, body)


def _text(alert: Alert, notification: Notification) -> str:
    targets = notification.targets
    changes = list(alert.facts.get("changes", ()))
    lines = [
        f"Since {alert.opened_at:%Y-%m-%d %H:%M} UTC"
        + (f", over at {alert.resolved_at:%Y-%m-%d %H:%M} UTC" if alert.resolved_at else ""),
        f"Where: {_some(targets, SHOWN_TARGETS)}",
    ]
    if changes:
        lines += ["What:", *(f"  - {change}" for change in changes[:SHOWN_CHANGES])]
        if len(changes) > SHOWN_CHANGES:
            lines.append(f"  - and {len(changes) - SHOWN_CHANGES} more")
    if error := alert.facts.get("error"):
        lines.append(f"Error: {error}")
    if alert.summary and notification.reason is not Reason.RESOLVED:
        lines.append(f"Next: {alert.summary}")
    return "\n".join(lines)


def _some(names: tuple[str, ...], most: int) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
