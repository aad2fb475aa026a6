"""What is kept of a round of verdicts: reports, states, derived baselines, and the events that tell what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillhouse_orchestrator.events import Event, EventName, now
from stillhouse_orchestrator.values import DriftReport, DriftStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stillhouse_orchestrator.drift.judging import Round
    from stillhouse_orchestrator.drift.known import Known
    from stillhouse_orchestrator.store import Session

DETAILED = 20  # changes named in one event


async def keep(session: Session, reports: Sequence[DriftReport], known: Known, round_: Round) -> None:
    """Store reports with what follows from them: states, derived baselines, events."""
    await session.baselines.save(round_.derived)
    await session.looks.keep_reports(reports, known.reports, round_.at)
    await session.looks.keep_states(round_.states.values(), known.states, round_.at)
    for baseline in round_.derived:
        facts = {
            "applied": list(baseline.applied),
            "fingerprint": baseline.fingerprint,
            "source": baseline.source,
        }
        await session.record(Event(EventName.BASELINE_RECORDED, baseline.taken_at, target=baseline.target, facts=facts))
    await session.record(
        *(event for report in reports for event in events_of(known.reports.get(report.target), report))
    )


def events_of(before: DriftReport | None, after: DriftReport) -> Iterator[Event]:
    """Yield what a report says that the one before did not. An unknown target is no news about its drift."""
    at = after.checked_at or now()
    old = before.standing if before else None
    if after.status is DriftStatus.DRIFTED and after.drift_id != old:
        objects = [f"{change.op} {change.kind} {change.object}" for change in after.counted]
        facts = {"drift_id": after.drift_id, "changes": len(objects), "objects": objects[:DETAILED]}
        yield Event(EventName.DRIFT_CHANGED if old else EventName.DRIFT_DETECTED, at, target=after.target, facts=facts)
    elif old and after.status in {DriftStatus.IN_SYNC, DriftStatus.PENDING_ONLY}:
        yield Event(EventName.DRIFT_CLEARED, at, target=after.target, facts={"drift_id": old})
