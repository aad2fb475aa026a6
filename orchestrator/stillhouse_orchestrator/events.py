"""Events: the one list of everything that can be logged and audited, and the record that the history keeps.

An event is ``noun.past_verb``. Facts are keys, never words inside a message; what an event is about (`CONTEXT_KEYS`) is bound
once, as context. ``docs/reference/events.md`` describes each of them, and a test fails when it does not.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

ACTING: ContextVar[str] = ContextVar("stillhouse_acting", default="daemon")
"""Who causes an event for which nobody else is named: the daemon, or whoever runs a command without one."""


class EventName(StrEnum):
    """Everything that happens, as ``noun.past_verb``."""

    DAEMON_STARTED = "daemon.started"
    DAEMON_READIED = "daemon.readied"
    DAEMON_STOPPED = "daemon.stopped"
    TICK_FAILED = "tick.failed"
    FLEET_LOADED = "fleet.loaded"
    FLEET_RELOADED = "fleet.reloaded"
    FLEET_REFUSED = "fleet.refused"
    OWNER_ACQUIRED = "owner.acquired"
    OWNER_RELEASED = "owner.released"
    OWNER_LOST = "owner.lost"
    STORE_UPGRADED = "store.upgraded"
    HISTORY_PRUNED = "history.pruned"
    TARGET_DISCOVERED = "target.discovered"
    TARGET_VANISHED = "target.vanished"
    TARGET_CHECKED = "target.checked"
    TARGET_REACHED = "target.reached"
    TARGET_UNREACHED = "target.unreached"
    TARGET_MIGRATED = "target.migrated"
    TARGET_STAMPED = "target.stamped"
    BASELINE_RECORDED = "baseline.recorded"
    BASELINE_ACCEPTED = "baseline.accepted"
    DRIFT_CHECKED = "drift.checked"
    DRIFT_DETECTED = "drift.detected"
    DRIFT_CHANGED = "drift.changed"
    DRIFT_CLEARED = "drift.cleared"
    DRIFT_REPAIRED = "drift.repaired"
    DRIFT_ADOPTED = "drift.adopted"
    DRIFT_IGNORED = "drift.ignored"
    ALERT_OPENED = "alert.opened"
    ALERT_REPEATED = "alert.repeated"
    ALERT_ACKNOWLEDGED = "alert.acknowledged"
    ALERT_SILENCED = "alert.silenced"
    ALERT_INHIBITED = "alert.inhibited"
    ALERT_RESOLVED = "alert.resolved"
    DELIVERY_ATTEMPTED = "delivery.attempted"
    DELIVERY_SENT = "delivery.sent"
    DELIVERY_ABANDONED = "delivery.abandoned"
    WORKER_STARTED = "worker.started"
    WORKER_PRINTED = "worker.printed"
    WORKER_STOPPED = "worker.stopped"
    WORKER_LOST = "worker.lost"
    PLAN_MADE = "plan.made"
    ROLLOUT_CREATED = "rollout.created"
    ROLLOUT_STARTED = "rollout.started"
    ROLLOUT_STEPPED = "rollout.stepped"
    ROLLOUT_PAUSED = "rollout.paused"
    ROLLOUT_RESUMED = "rollout.resumed"
    ROLLOUT_PROMOTED = "rollout.promoted"
    ROLLOUT_APPROVED = "rollout.approved"
    ROLLOUT_RETRIED = "rollout.retried"
    ROLLOUT_SKIPPED = "rollout.skipped"
    ROLLOUT_JOINED = "rollout.joined"
    ROLLOUT_ABORTED = "rollout.aborted"
    ROLLOUT_RECOVERED = "rollout.recovered"
    ROLLOUT_TRIPPED = "rollout.tripped"
    ROLLOUT_SUCCEEDED = "rollout.succeeded"
    ROLLOUT_FAILED = "rollout.failed"
    ROLLOUT_ENDED = "rollout.ended"
    ROLLOUT_REVERSED = "rollout.reversed"
    MEMBER_STARTED = "member.started"
    MEMBER_REQUEUED = "member.requeued"
    MEMBER_PREPARED = "member.prepared"
    MEMBER_VERIFIED = "member.verified"
    MEMBER_FINISHED = "member.finished"
    MEMBER_FAILED = "member.failed"
    MEMBER_SKIPPED = "member.skipped"
    MEMBER_CANCELLED = "member.cancelled"
    MEMBER_BLOCKED = "member.blocked"
    MEMBER_DOUBTED = "member.doubted"
    MEMBER_REVERSED = "member.reversed"


CONTEXT_KEYS = ("target", "rollout_id", "revision", "server", "project", "alert", "plan_id")
"""What an event can be about; the history can be searched by the first two."""


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the audit history.

    Attributes:
        actor: who caused it: a person's name, ``scheduler``, ``daemon``.
        facts: everything else, as plain JSON data without secrets.
        id: its place in the history; 0 until it is stored.
    """

    name: EventName
    at: datetime
    actor: str = field(default_factory=ACTING.get)
    target: str | None = None
    rollout_id: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    id: int = 0


def now() -> datetime:
    """Return this moment, in UTC."""
    return datetime.now(UTC)
