"""The verdict of a drift check: pure, from what was expected and what was seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stillhouse_engine.schema import NORMALISER, PRIVILEGED_KINDS, Snapshot, diff, has_privileges, repair
from stillhouse_engine.schema import Coverage as SnapshotCoverage
from stillhouse_orchestrator.drift.ignoring import ignored
from stillhouse_orchestrator.values import (
    Baseline,
    Change,
    ChangeOp,
    Coverage,
    DriftReport,
    DriftStatus,
    RepairRisk,
    Severity,
    drift_id,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from stillhouse_engine.schema import Change as EngineChange
    from stillhouse_engine.schema import RepairStep
    from stillhouse_orchestrator.values import IgnoreRule

RISKS = (RepairRisk.SAFE, RepairRisk.LOCKS, RepairRisk.DATA_LOSS)


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look at a target brought.

    Attributes:
        applied: the revisions in its version table; None when it could not be read.
        head: the revisions that its script directory ends in.
        pending: how many revisions it lacks; None while unknown.
        snapshot: its live schema; None when it could not be read, or when its fingerprint is the expected one.
        fingerprint: of its live schema, when the snapshot was not kept.
        coverage: of the snapshot that was not kept.
        error: why something could not be read.
        hint: what is known besides, when nothing is known about the schema that it should have.
    """

    target: str
    at: datetime
    applied: tuple[str, ...] | None = None
    head: tuple[str, ...] = ()
    pending: int | None = None
    snapshot: Snapshot | None = None
    fingerprint: str | None = None
    coverage: SnapshotCoverage | None = None
    error: str | None = None
    hint: str | None = None

    @property
    def found(self) -> str | None:
        """The fingerprint of the live schema; None when it could not be read."""
        return self.snapshot.fingerprint if self.snapshot is not None else self.fingerprint

    @property
    def looked(self) -> SnapshotCoverage | None:
        """What was looked at."""
        return self.snapshot.coverage if self.snapshot is not None else self.coverage


def decide(
    seen: Seen, baseline: Baseline | None, rules: Sequence[IgnoreRule], before: DriftReport | None
) -> DriftReport:
    """Compare what was seen with what was expected.

    Args:
        seen: the look.
        baseline: what the target is expected to match; one of other revisions than the applied ones only explains why nothing is known.
        rules: what does not count.
        before: the last report, which knows since when a drift is there.
    """
    if reason := unknown_because(seen, baseline):
        return unknown(seen, reason, baseline)
    assert baseline is not None  # noqa: S101 - unknown_because has looked
    expected = Snapshot.from_json(baseline.snapshot) if seen.snapshot and seen.found != baseline.fingerprint else None
    if expected is not None and seen.snapshot is not None and (reason := _hidden(expected, seen.snapshot)):
        return unknown(seen, reason, baseline)
    found = ignored(_differences(expected, seen.snapshot), rules, seen.target, seen.at)
    identity = drift_id(found)
    return DriftReport(
        target=seen.target,
        status=_status(identity, seen.pending),
        applied=seen.applied or (),
        head=seen.head,
        pending=seen.pending,
        expected_fingerprint=baseline.fingerprint,
        actual_fingerprint=seen.found,
        first_seen=_since(identity, before, seen.at),
        checked_at=seen.at,
        drift_id=identity,
        coverage=coverage(_compared(expected, seen.looked)),
        changes=found,
        evidence=evidence(baseline),
    )


def _hidden(expected: Snapshot, actual: Snapshot) -> str | None:
    """Say which kinds of expected objects cannot be seen: nobody knows whether they are still there."""
    there = {item.kind for item in expected.objects}
    unseen = [f"{kind}s: {why}" for kind, why in actual.coverage.not_compared if kind in there]
    return f"it cannot be read wholly: {'; '.join(unseen)}" if unseen else None


def _compared(expected: Snapshot | None, looked: SnapshotCoverage | None) -> SnapshotCoverage | None:
    """Return what was compared of what was looked at: owners and privileges only with a schema recorded with them."""
    if expected is None or looked is None or has_privileges(expected.coverage) or not has_privileges(looked):
        return looked
    reason = "not recorded with the expected schema; the next migration records them, and so does `drift accept`"
    return replace(
        looked,
        compared=tuple(kind for kind in looked.compared if kind not in PRIVILEGED_KINDS),
        not_compared=(*looked.not_compared, *((kind, reason) for kind in PRIVILEGED_KINDS)),
    )


def _differences(expected: Snapshot | None, actual: Snapshot | None) -> list[Change]:
    """Compare two schemas in what both of them show; equal fingerprints need no second look."""
    if expected is None or actual is None:
        return []
    unseen = {kind for kind, _ in expected.coverage.not_compared}
    changes = [change for change in diff(expected, actual) if change.kind not in unseen]
    return as_values(changes, repair(changes, expected, actual))


def evidence(baseline: Baseline) -> str:
    """Say where a baseline comes from."""
    moment = f"{baseline.taken_at:%Y-%m-%d %H:%M} UTC"
    return {
        "migration": f"recorded after its migration, {moment}",
        "replayed": f"its revisions replayed on a scratch database, {moment}",
        "models": f"the project's models, {moment}",
        "accepted": f"accepted by {baseline.by}, {moment}",
        "adopted": f"adopted by {baseline.by}, {moment}",
    }.get(baseline.source, baseline.source)


def again(seen: Seen, before: DriftReport, rules: Sequence[IgnoreRule]) -> DriftReport:
    """Return the verdict on a schema that has not changed since the last report; only rules and revisions may have."""
    found = ignored(before.changes, rules, seen.target, seen.at)
    identity = drift_id(found)
    return replace(
        before,
        status=_status(identity, seen.pending),
        head=seen.head,
        pending=seen.pending,
        first_seen=_since(identity, before, seen.at),
        checked_at=seen.at,
        drift_id=identity,
        changes=found,
        error=None,
    )


def _since(identity: str | None, before: DriftReport | None, at: datetime) -> datetime | None:
    if identity is None:
        return None
    return before.first_seen if before is not None and before.drift_id == identity else at


def unknown_because(seen: Seen, baseline: Baseline | None) -> str | None:
    """Say why no verdict is possible, or return None when one is."""
    if seen.error is not None or seen.applied is None or seen.found is None:
        return seen.error or "its schema could not be read"
    if seen.looked is not None and not seen.looked.complete:
        return f"it cannot be read wholly: {'; '.join(f'{what}: {why}' for what, why in seen.looked.unreadable)}"
    accept = f"`stillhouse drift accept {seen.target}` takes the live schema as right"
    if baseline is None:
        reason = seen.hint or "it was not migrated by this service since it was added"
        return f"nothing is known about the schema that it should have: {reason}; {accept}"
    if set(baseline.applied) != set(seen.applied):
        return (
            f"it was migrated by somebody else: the recorded schema belongs to {_named(baseline.applied)}, "
            f"the database is at {_named(seen.applied)}{_also(seen.hint)}; {accept}"
        )
    if baseline.normaliser != str(NORMALISER):
        return f"the recorded schema was normalised by another version of Stillhouse{_also(seen.hint)}; {accept}"
    return None


def unknown(seen: Seen, reason: str, baseline: Baseline | None) -> DriftReport:
    """Return the report of a check that came to no verdict."""
    return DriftReport(
        target=seen.target,
        status=DriftStatus.UNKNOWN,
        applied=seen.applied or (),
        head=seen.head,
        pending=seen.pending,
        expected_fingerprint=baseline.fingerprint
        if baseline and set(baseline.applied) == set(seen.applied or ())
        else None,
        actual_fingerprint=seen.found,
        checked_at=seen.at,
        coverage=coverage(seen.looked),
        error=reason,
    )


def as_values(changes: Sequence[EngineChange], steps: Sequence[RepairStep]) -> list[Change]:
    """Return the engine's changes as the plain values that are stored and shown, each with the SQL that repairs it."""
    return [_as_value(change, [step for step in steps if change.id in step.change_ids]) for change in changes]


def _as_value(change: EngineChange, steps: Sequence[RepairStep]) -> Change:
    return Change(
        id=change.id,
        op=ChangeOp(change.op),
        kind=change.kind,
        object=change.object,
        attribute=change.attribute,
        expected=_text(change.expected),
        actual=_text(change.actual),
        severity=Severity(change.severity),
        repair_sql=tuple(sql for step in steps for sql in step.sql),
        repair_risk=worst_risk(steps),
    )


def worst_risk(steps: Sequence[RepairStep]) -> RepairRisk:
    """Return the worst risk of some steps."""
    return max((RepairRisk(step.risk) for step in steps if step.sql), key=RISKS.index, default=RepairRisk.SAFE)


def coverage(looked: SnapshotCoverage | None) -> Coverage:
    """Say what a snapshot compared, and what it did not and why."""
    if looked is None:
        return Coverage()
    skipped = tuple(f"{what}: {why}" for what, why in (*looked.not_compared, *looked.unreadable))
    return Coverage(tuple(looked.compared), skipped)


def against_siblings(
    seen: Seen, expected: Snapshot, comparison: str, rules: Sequence[IgnoreRule], before: DriftReport | None
) -> DriftReport:
    """Return the report of a target that differs from most of its siblings.

    Args:
        seen: the look, with its snapshot.
        expected: the schema that most siblings have.
        comparison: how many they are, for people.
        rules: what does not count.
        before: the last report.
    """
    baseline = Baseline(seen.target, seen.applied or (), expected.fingerprint, str(NORMALISER), "siblings", seen.at)
    report = decide(seen, replace(baseline, snapshot=expected.to_json()), rules, before)
    return replace(report, evidence=comparison)


def _also(hint: str | None) -> str:
    return f"; {hint}" if hint else ""


def _status(identity: str | None, pending: int | None) -> DriftStatus:
    if identity is not None:
        return DriftStatus.DRIFTED
    return DriftStatus.PENDING_ONLY if pending else DriftStatus.IN_SYNC


def _named(revisions: Sequence[str]) -> str:
    return ", ".join(revisions) or "base"


def _text(value: object) -> str | None:
    if value is None:
        return None
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
