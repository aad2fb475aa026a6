"""The life of an alert, purely: it opens with a finding, gathers targets, and resolves when a look finds nothing any more.

Only a look that could judge an alert's kind changes it. An unreachable target, a timed-out check or a restart resolves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stillhouse_orchestrator.alerts.findings import Look, worst
from stillhouse_orchestrator.events import Event, EventName
from stillhouse_orchestrator.values import Alert, AlertState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from stillhouse_orchestrator.alerts.findings import Finding


@dataclass(frozen=True, slots=True)
class Step:
    """What some looks changed: alerts to keep as they are now, and the events that tell it."""

    alerts: Mapping[str, Alert]
    events: tuple[Event, ...]


def observe(before: Iterable[Alert], looks: Iterable[Look]) -> Step:
    """Apply looks to the unresolved alerts.

    Args:
        before: the alerts that are not resolved.
        looks: in the order in which they were made; at most one per target and kind.

    Returns:
        The alerts that changed, and their events.
    """
    live = {alert.key: alert for alert in before}
    by_target: dict[str, set[str]] = {}
    for alert in live.values():
        for target in alert.targets:
            by_target.setdefault(target, set()).add(alert.key)
    changed: dict[str, Alert] = {}
    events: list[Event] = []
    for look in looks:
        found = {finding.key: finding for finding in look.findings}
        for key in sorted(by_target.get(look.target, set()) - set(found)):
            if live[key].kind in look.kinds:
                by_target[look.target].discard(key)
                live[key] = changed[key] = _without(live[key], look, events)
        for key, finding in found.items():
            live[key] = changed[key] = _with(live.get(key), finding, look, events)
            by_target.setdefault(look.target, set()).add(key)
    return Step(changed, tuple(events))


def _with(alert: Alert | None, finding: Finding, look: Look, events: list[Event]) -> Alert:
    """Open an alert, or add one more sight of it."""
    if alert is None or alert.state is AlertState.RESOLVED:
        events.append(_event(EventName.ALERT_OPENED, look, finding.key, finding.title, finding.severity.value))
        return _opened(finding, look)
    targets = alert.targets if look.target in alert.targets else (*alert.targets, look.target)
    return replace(
        alert,
        targets=targets,
        seen_at=look.at,
        occurrences=alert.occurrences + 1,
        severity=worst([alert.severity, finding.severity]),
        facts=finding.facts,
    )


def _opened(finding: Finding, look: Look) -> Alert:
    return Alert(
        key=finding.key,
        kind=finding.kind,
        severity=finding.severity,
        title=finding.title,
        targets=(look.target,),
        opened_at=look.at,
        summary=finding.summary,
        drift_id=finding.drift_id,
        seen_at=look.at,
        facts=finding.facts,
    )


def _without(alert: Alert, look: Look, events: list[Event]) -> Alert:
    """Take a target off an alert; the last one resolves it. The names stay on a resolved alert, for its last message."""
    left = tuple(target for target in alert.targets if target != look.target)
    if left:
        return replace(alert, targets=left)
    events.append(_event(EventName.ALERT_RESOLVED, look, alert.key, alert.title, alert.severity.value))
    return replace(alert, state=AlertState.RESOLVED, resolved_at=look.at)


def _event(name: EventName, look: Look, key: str, title: str, severity: str) -> Event:
    facts = {"alert": key, "title": title, "severity": severity}
    return Event(name, look.at, target=look.target, facts=facts)


def acknowledge(alert: Alert, by: str, reason: str | None, at: datetime) -> Step:
    """Note that a person takes care of it: it is not repeated any more, only its end is told."""
    if alert.state is AlertState.RESOLVED:
        return Step({}, ())
    facts = {"alert": alert.key, "reason": reason}
    event = Event(EventName.ALERT_ACKNOWLEDGED, at, actor=by, facts=facts)
    return Step({alert.key: replace(alert, state=AlertState.ACKNOWLEDGED, by=by, reason=reason)}, (event,))


def withdraw(before: Iterable[Alert], target: str, at: datetime) -> Step:
    """Take a target that the fleet no longer declares off every alert."""
    alerts = list(before)
    return observe(alerts, [Look(target, at, frozenset(alert.kind for alert in alerts))])
