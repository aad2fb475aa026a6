"""Who is due a notification, purely: routes, silences, inhibitions and repeats, for one alert at one moment.

A channel hears of an alert at most once per group wait. It hears again when more targets are concerned, after the shortest
``repeat`` of its routes, and when the alert is over. What is silenced or inhibited is not lost: it is told when that ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from stillhouse_orchestrator.alerts.findings import at_least
from stillhouse_orchestrator.values import Alert, AlertState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, timedelta

    from stillhouse_config import Selector
    from stillhouse_config.alerts import Route

WHILE_MIGRATING = frozenset({"drift", "version"})
"""Kinds that a running rollout explains."""
WHILE_UNREACHABLE = frozenset({"drift", "version", "unchecked", "stuck"})
"""Kinds that an unreachable server explains."""


class Reason(StrEnum):
    """Why a channel hears of an alert."""

    OPENED = "opened"
    UPDATED = "updated"
    REPEATED = "repeated"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What besides the alert itself decides who hears of it.

    Attributes:
        labels: of every target, by name.
        silenced: the selectors of the silences that are in force.
        migrating: targets that a rollout is working on.
        unreachable: targets that an open alert already calls unreachable.
    """

    at: datetime
    labels: Mapping[str, Mapping[str, str]]
    silenced: tuple[Selector, ...] = ()
    migrating: frozenset[str] = field(default_factory=frozenset)
    unreachable: frozenset[str] = field(default_factory=frozenset)

    def quiet(self, target: str) -> bool:
        """Tell whether a silence covers a target."""
        return any(selector.matches(target, self.labels.get(target, {})) for selector in self.silenced)

    def inhibits(self, kind: str, target: str) -> bool:
        """Tell whether something known already explains this kind of alert on a target."""
        return (kind in WHILE_MIGRATING and target in self.migrating) or (
            kind in WHILE_UNREACHABLE and target in self.unreachable
        )


@dataclass(frozen=True, slots=True)
class Notification:
    """One message that is due on one channel.

    Attributes:
        targets: whom it names.
        number: 1 for the first one that this channel gets of this alert.
    """

    channel: str
    reason: Reason
    targets: tuple[str, ...]
    number: int


@dataclass(frozen=True, slots=True)
class Subscription:
    """What all routes together say about one channel and one alert."""

    routes: tuple[Route, ...]

    def hears(self, target: str, labels: Mapping[str, str]) -> bool:
        """Tell whether some route sends this target's alerts."""
        return any(route.match is None or route.match.matches(target, labels) for route in self.routes)

    @property
    def group_wait(self) -> timedelta:
        """The shortest time to gather."""
        return min(route.group_wait for route in self.routes)

    @property
    def repeat(self) -> timedelta | None:
        """The shortest time to the next reminder; ``None`` for never."""
        return min((route.repeat for route in self.routes if route.repeat is not None), default=None)

    @property
    def send_resolved(self) -> bool:
        """Whether the end is told."""
        return any(route.send_resolved for route in self.routes)


def subscriptions(alert: Alert, routes: Iterable[Route]) -> dict[str, Subscription]:
    """Return what each channel wants to hear of an alert of this kind and severity."""
    wanted: dict[str, list[Route]] = {}
    for route in routes:
        if at_least(alert.severity, route.severity) and (route.kinds is None or alert.kind in route.kinds):
            for channel in route.channels:
                wanted.setdefault(channel, []).append(route)
    return {channel: Subscription(tuple(chosen)) for channel, chosen in wanted.items()}


def state_of(alert: Alert, circumstances: Circumstances) -> AlertState:
    """Return the state that an alert is in under some circumstances."""
    if alert.state in (AlertState.RESOLVED, AlertState.ACKNOWLEDGED):
        return alert.state
    if all(circumstances.inhibits(alert.kind, target) for target in alert.targets):
        return AlertState.INHIBITED
    if all(circumstances.quiet(target) for target in audible(alert, circumstances, through_silence=True)):
        return AlertState.SILENCED
    return AlertState.OPEN


def audible(alert: Alert, circumstances: Circumstances, *, through_silence: bool = False) -> tuple[str, ...]:
    """Return the targets of an alert that nothing keeps quiet."""
    return tuple(
        target
        for target in alert.targets
        if not circumstances.inhibits(alert.kind, target) and (through_silence or not circumstances.quiet(target))
    )


def due(alert: Alert, routes: Sequence[Route], circumstances: Circumstances) -> list[Notification]:
    """Return the notifications of an alert that are due now."""
    found = []
    for channel, subscription in subscriptions(alert, routes).items():
        if alert.state is AlertState.RESOLVED:
            notification = _last(alert, channel, subscription)
        else:
            notification = _next(alert, channel, subscription, circumstances)
        if notification is not None:
            found.append(notification)
    return found


def _last(alert: Alert, channel: str, subscription: Subscription) -> Notification | None:
    """Tell the end to a channel that heard of the beginning."""
    notice = alert.notices.get(channel)
    if notice is None or notice.resolved or not subscription.send_resolved:
        return None
    return Notification(channel, Reason.RESOLVED, notice.targets, notice.number + 1)


def _next(alert: Alert, channel: str, subscription: Subscription, circumstances: Circumstances) -> Notification | None:
    audience = tuple(
        target
        for target in audible(alert, circumstances)
        if subscription.hears(target, circumstances.labels.get(target, {}))
    )
    notice = alert.notices.get(channel)
    since = notice.at if notice else alert.opened_at
    if not audience or circumstances.at - since < subscription.group_wait:
        return None
    if notice is None:
        return Notification(channel, Reason.OPENED, audience, 1)
    if set(audience) - set(notice.targets):
        return Notification(channel, Reason.UPDATED, audience, notice.number + 1)
    repeat = subscription.repeat
    if alert.state is AlertState.ACKNOWLEDGED or repeat is None or circumstances.at - since < repeat:
        return None
    return Notification(channel, Reason.REPEATED, audience, notice.number + 1)
