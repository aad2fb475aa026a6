"""Prometheus metrics: one scrape reads the store once and says how the fleet is.

Targets in good order are counted; targets in trouble are named. So a fleet of 20,000 gives some twenty series, and an alert rule
still learns which target it is about.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from stillhouse_orchestrator.values import AlertState, DriftStatus, Health

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from stillhouse_orchestrator.store import Store
    from stillhouse_orchestrator.values import Alert, RolloutLine, TargetState

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


async def exposition(store: Store, fleet: str) -> bytes:
    """Return the metrics in Prometheus' text format."""
    async with store.read() as session:
        targets = await session.targets.all()
        alerts = await session.alerts.unresolved()
        rollouts = await session.rollouts.lines()
        failed_at = await session.rollouts.last_failure()
        waiting = await session.outbox.waiting()
    registry = CollectorRegistry()
    _count_targets(registry, fleet, targets)
    _name_trouble(registry, fleet, targets, alerts)
    _count_alerts(registry, fleet, alerts, waiting)
    _count_rollouts(registry, fleet, rollouts, failed_at)
    return generate_latest(registry)


def _gauge(registry: CollectorRegistry, name: str, text: str, *labels: str) -> Gauge:
    return Gauge(f"stillhouse_{name}", text, ("fleet", *labels), registry=registry)


def _fill(gauge: Gauge, fleet: str, counts: Counter[str], always: Iterable[str]) -> None:
    for label in sorted({*counts, *always}):
        gauge.labels(fleet, label).set(counts[label])


def _count_targets(registry: CollectorRegistry, fleet: str, targets: Sequence[TargetState]) -> None:
    health = _gauge(registry, "targets", "Targets by health.", "health")
    _fill(health, fleet, Counter(target.health.value for target in targets), [state.value for state in Health])
    declared = [target for target in targets if target.health is not Health.VANISHED]
    drift = _gauge(registry, "drift_targets", "Targets by the verdict of their last drift check.", "status")
    verdicts = Counter(target.drift.value for target in declared if target.drift is not None)
    _fill(drift, fleet, verdicts, [status.value for status in DriftStatus])
    pending = _gauge(registry, "pending_targets", "Targets that lack a revision.")
    pending.labels(fleet).set(sum(1 for target in declared if target.pending))
    oldest = min((target.reached_at for target in declared if target.reached_at), default=None)
    if oldest is not None:
        age = _gauge(registry, "oldest_look_timestamp_seconds", "When the target that waits longest was last reached.")
        age.labels(fleet).set(oldest.timestamp())


def _name_trouble(
    registry: CollectorRegistry, fleet: str, targets: Sequence[TargetState], alerts: Sequence[Alert]
) -> None:
    """Name whoever is in trouble. Drift is read off the alerts as well: a target out of reach has not lost its drift."""
    trouble = _gauge(registry, "target_trouble", "1 for each target in trouble, by what is wrong.", "target", "kind")
    drifted = {target.target for target in targets if target.drift is DriftStatus.DRIFTED}
    drifted -= {target.target for target in targets if target.health is Health.VANISHED}
    for name in sorted(drifted.union(*(alert.targets for alert in alerts if alert.kind == "drift"))):
        trouble.labels(fleet, name, "drift").set(1)
    for target in targets:
        if target.health in (Health.UNREACHABLE, Health.BROKEN):
            trouble.labels(fleet, target.target, target.health.value).set(1)


def _count_alerts(registry: CollectorRegistry, fleet: str, alerts: Sequence[Alert], waiting: int) -> None:
    unresolved = _gauge(registry, "alerts", "Unresolved alerts.", "kind", "severity", "state")
    counts = Counter((alert.kind, alert.severity.value, alert.state.value) for alert in alerts)
    for (kind, severity, state), count in sorted(counts.items()):
        unresolved.labels(fleet, kind, severity, state).set(count)
    open_alerts = _gauge(registry, "alerts_open", "Alerts that nobody has acknowledged and nothing keeps quiet.")
    open_alerts.labels(fleet).set(sum(1 for alert in alerts if alert.state is AlertState.OPEN))
    _gauge(registry, "deliveries_waiting", "Notifications that have not arrived yet.").labels(fleet).set(waiting)


def _count_rollouts(
    registry: CollectorRegistry, fleet: str, rollouts: Sequence[RolloutLine], failed_at: datetime | None
) -> None:
    gauge = _gauge(registry, "rollouts", "The newest rollouts by state.", "state")
    _fill(gauge, fleet, Counter(rollout.state.value for rollout in rollouts), ["running", "paused", "failed"])
    if failed_at is not None:
        last = _gauge(registry, "last_failed_rollout_timestamp_seconds", "When a rollout last failed.")
        last.labels(fleet).set(failed_at.timestamp())
