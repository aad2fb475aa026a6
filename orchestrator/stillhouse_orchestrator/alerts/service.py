"""The rim of the alerts: reads and writes the store, sends what is due. What happens is decided in the pure modules beside."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from stillhouse_config import FleetValueError, Selector
from stillhouse_orchestrator.abbreviations import meant
from stillhouse_orchestrator.alerts import delivery, lifecycle, messages, routing
from stillhouse_orchestrator.alerts.channels import open_channels
from stillhouse_orchestrator.alerts.findings import Limits
from stillhouse_orchestrator.alerts.undone import KINDS as OF_ROLLOUTS
from stillhouse_orchestrator.alerts.undone import look_at_rollouts
from stillhouse_orchestrator.errors import ChannelError
from stillhouse_orchestrator.events import Event, EventName, now
from stillhouse_orchestrator.values import Alert, AlertState, Severity, Silence
from stillhouse_orchestrator.values.rollout_target import BUSY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from stillhouse_config.alerts import Alerts as Declared
    from stillhouse_orchestrator.alerts.channels import Channel
    from stillhouse_orchestrator.alerts.findings import Look
    from stillhouse_orchestrator.store import Store
    from stillhouse_orchestrator.store.session import Session
    from stillhouse_orchestrator.values import Rollout

TELL_THE_END_WITHIN = timedelta(days=7)
STATE_EVENTS = {AlertState.SILENCED: EventName.ALERT_SILENCED, AlertState.INHIBITED: EventName.ALERT_INHIBITED}


@dataclass(frozen=True)
class Policy:
    """What the fleet file says about alerts, and the labels that its routes match.

    Attributes:
        fleet: its name.
        labels: of every target, by name.
    """

    fleet: str
    declared: Declared
    labels: Mapping[str, Mapping[str, str]]
    channels: Mapping[str, Channel] = field(default_factory=dict)

    @classmethod
    def of(cls, fleet: str, declared: Declared, labels: Mapping[str, Mapping[str, str]]) -> Policy:
        """Open the channels that are declared."""
        return cls(fleet, declared, labels, open_channels(declared.channels))


class AlertService:
    """Opens, keeps, tells and resolves alerts.

    Attributes:
        policy: replaced when the fleet file is read again.
    """

    def __init__(self, store: Store, policy: Policy) -> None:
        self._store = store
        self._since = now()
        self._rollouts_rest = False
        self.policy = policy

    @property
    def limits(self) -> Limits:
        """What is tolerated for how long."""
        declared = self.policy.declared
        return Limits(declared.unreachable_after, declared.unchecked_after, declared.behind_after, self._since)

    async def observe(self, looks: Iterable[Look]) -> None:
        """Apply what some looks found, or no longer found; where that changes nothing, nothing is written."""
        looks = list(looks)
        async with self._store.read() as session:
            step = lifecycle.observe(await session.alerts.unresolved(), looks)
        if not step.alerts:
            return
        async with self._store.write() as session:
            await self.observe_in(session, looks)

    async def observe_in(self, session: Session, looks: Iterable[Look]) -> None:
        """Apply what some looks found, in the transaction that keeps what else they found."""
        await _keep(session, lifecycle.observe(await session.alerts.unresolved(), looks))

    async def look_at_rollouts(self) -> None:
        """Open and resolve alerts about what rollouts left undone, or have worked on for too long.

        Where there was nothing to say the last time, nothing is read until a rollout moves.
        """
        if self._rollouts_rest:
            return
        self._rollouts_rest = True
        async with self._store.read() as session:
            memberships = await session.rollouts.unsettled()
            before = [alert for alert in await session.alerts.unresolved() if alert.kind in OF_ROLLOUTS]
        if not before and not memberships:
            return
        self._rollouts_rest = False
        async with self._store.write() as session:
            before = [alert for alert in await session.alerts.unresolved() if alert.kind in OF_ROLLOUTS]
            concerned = {target for alert in before for target in alert.targets}
            names = {membership.member.target for membership in memberships}
            states = {state.target: state for state in await session.targets.some(sorted(names))}
            looks = look_at_rollouts(memberships, states, concerned, now(), self.policy.declared.stuck_after)
            await _keep(session, lifecycle.observe(before, looks))

    def hear(self, _: Rollout) -> None:
        """Note that a rollout has moved."""
        self._rollouts_rest = False

    async def withdraw(self, target: str) -> None:
        """Take a target that the fleet no longer declares off every alert."""
        async with self._store.write() as session:
            await _keep(session, lifecycle.withdraw(await session.alerts.unresolved(), target, now()))

    async def notify(self) -> int:
        """Put every notification that is due into the outbox, in the transaction that notes it on its alert.

        Returns:
            How many notifications were put.
        """
        at, count = now(), 0
        async with self._store.write() as session:
            alerts = [
                *await session.alerts.unresolved(),
                *await session.alerts.resolved_since(at - TELL_THE_END_WITHIN),
            ]
            circumstances = await self._circumstances(session, alerts, at)
            for alert in alerts:
                settled, events = _settle(alert, circumstances)
                notifications = routing.due(settled, self.policy.declared.routes, circumstances)
                for notification in notifications:
                    settled, outgoing = messages.deliver(settled, notification, self.policy.fleet, at)
                    await session.outbox.supersede(alert.key, notification.channel)
                    await session.outbox.add([outgoing])
                    if notification.reason is routing.Reason.REPEATED:
                        facts = {"alert": alert.key, "channel": notification.channel}
                        events.append(Event(EventName.ALERT_REPEATED, at, facts=facts))
                count += len(notifications)
                if settled != alert:
                    await session.alerts.save([settled])
                    await session.record(*events)
        return count

    async def _circumstances(self, session: Session, alerts: Iterable[Alert], at: datetime) -> routing.Circumstances:
        silences = await session.silences.live(at)
        down = [alert.targets for alert in alerts if alert.kind == "unreachable" and alert.resolved_at is None]
        return routing.Circumstances(
            at,
            self.policy.labels,
            tuple(Selector.parse(silence.match) for silence in silences),
            await session.rollouts.members(BUSY),
            frozenset(target for targets in down for target in targets),
        )

    async def deliver(self) -> int:
        """Try every delivery that is due, and return how many arrived."""
        return await delivery.empty(self._store, self.policy.channels)

    async def acknowledge(self, key: str, by: str, reason: str | None = None) -> Alert:
        """Note that a person takes care of an alert.

        Raises:
            NotFoundError: no unresolved alert has this key, or one that begins like it.
            AmbiguousError: several begin like it.
        """
        async with self._store.write() as session:
            alerts = {alert.key: alert for alert in await session.alerts.unresolved()}
            found = meant("open alert", key, alerts, "`stillhouse alerts list` shows their keys")
            step = lifecycle.acknowledge(alerts[found], by, reason, now())
            await _keep(session, step)
        return step.alerts[found]

    async def silence(self, match: str, author: str, reason: str, duration: timedelta) -> Silence:
        """Keep the alerts of some targets quiet for a while.

        Raises:
            SelectorError: ``match`` is not a selector.
            FleetValueError: it picks no target.
        """
        selector = Selector.parse(match)
        if not any(selector.matches(name, labels) for name, labels in self.policy.labels.items()):
            raise FleetValueError(f"selector {match!r} picks no target", "`stillhouse status` lists them")
        at = now()
        silence = Silence(secrets.token_hex(4), match, author, reason, at, at + duration)
        facts = {"silence": silence.id, "match": match, "reason": reason, "until": silence.expires_at.isoformat()}
        async with self._store.write() as session:
            await session.silences.save(silence)
            await session.record(Event(EventName.ALERT_SILENCED, at, actor=author, facts=facts))
        return silence

    async def unsilence(self, silence_id: str, by: str) -> str:
        """End a silence early, and return its whole id.

        Raises:
            NotFoundError: there is none that begins like this.
            AmbiguousError: several begin like this.
        """
        async with self._store.write() as session:
            known = [each.id for each in await session.silences.live(now())]
            found = meant("silence", silence_id, known, "`stillhouse alerts silences` lists them")
            await session.silences.forget(found)
            facts = {"silence": found, "ended": True}
            await session.record(Event(EventName.ALERT_SILENCED, now(), by, facts=facts))
        return found

    async def test(self, name: str) -> None:
        """Send a real message through one channel, now and without the outbox.

        Raises:
            ChannelError: there is no such channel, or the message did not arrive.
        """
        channel = self.policy.channels.get(name)
        if channel is None:
            known = ", ".join(sorted(self.policy.channels)) or "none"
            raise ChannelError(name, f"the fleet file has no such channel (declared: {known})", permanent=True)
        at = now()
        summary = "nothing is wrong: somebody ran `stillhouse alerts test`"
        alert = Alert(f"test:{secrets.token_hex(4)}", "test", Severity.INFO, "test message", (), at, summary=summary)
        notification = routing.Notification(name, routing.Reason.OPENED, (), 1)
        await channel.send(messages.write(alert, notification, self.policy.fleet))


async def _keep(session: Session, step: lifecycle.Step) -> None:
    await session.alerts.save(step.alerts.values())
    await session.record(*step.events)


def _settle(alert: Alert, circumstances: routing.Circumstances) -> tuple[Alert, list[Event]]:
    """Return the alert in the state that circumstances put it into, and the event of it."""
    state = routing.state_of(alert, circumstances)
    if state is alert.state:
        return alert, []
    name = STATE_EVENTS.get(state)
    events = [Event(name, circumstances.at, facts={"alert": alert.key})] if name else []
    return replace(alert, state=state), events
