"""The JSON documents that commands print and the API answers: the same ones, whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stillhouse_orchestrator.values import DriftSummary, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stillhouse_orchestrator.drift.adopting import Adoption
    from stillhouse_orchestrator.drift.repairing import RepairPlan
    from stillhouse_orchestrator.values import DriftReport, Rollout, RolloutTarget

HEAD_KEYS = (
    "id", "state", "reason", "strategy", "requested", "selector", "plan_id", "created_at", "created_by", "started_at",
    "finished_at", "not_before", "step", "steps", "hold", "ending", "decisions",
)  # fmt: skip
MEMBER_KEYS = (
    "target", "wave", "state", "reason", "from", "to", "started_at", "finished_at", "error", "revisions", "reached",
    "server", "depends_on", "attempts", "retry_at", "undo",
)  # fmt: skip


def rollout_document(rollout: Rollout) -> dict[str, Any]:
    """Return a rollout and all its targets."""
    return {
        "rollout": rollout_head(rollout),
        "targets": [member_row(member) for member in rollout.members()],
        "unmatched": list(rollout.unmatched),
    }


def rollout_head(rollout: Rollout) -> dict[str, Any]:
    """Return what there is to say about a rollout without its targets."""
    values = {key: to_json(getattr(rollout, key)) for key in HEAD_KEYS}
    return {**values, "wave": rollout.wave, "waves": len(rollout.waves)}


def member_row(member: RolloutTarget) -> dict[str, Any]:
    """Return one target of a rollout."""
    plain = to_json(member)
    return {key: plain[key] for key in MEMBER_KEYS}


def changed_members(before: Rollout | None, after: Rollout) -> list[dict[str, Any]]:
    """Return the targets of a rollout that are not what they were; all of them when nothing is known of before."""
    known = None if before is None else before.targets
    return [member_row(member) for _, member in after.targets.since(known)]


def drift_document(reports: Sequence[DriftReport]) -> dict[str, Any]:
    """Return what a drift check found."""
    return {"summary": to_json(DriftSummary.of(list(reports))), "targets": [to_json(report) for report in reports]}


def repair_document(report: DriftReport, planned: RepairPlan | None) -> dict[str, Any]:
    """Return a drift report and the SQL that would repair it; no repair where there is no drift."""
    if planned is None:
        return {"report": to_json(report), "repair": None}
    steps = [
        {"changes": list(step.change_ids), "sql": list(step.sql), "risk": step.risk, "reason": step.reason}
        for step in planned.steps
    ]
    by_hand = sorted({ident for step in planned.by_hand for ident in step.change_ids})
    repair = {"risk": planned.risk.value, "steps": steps, "sql": list(planned.sql), "by_hand": by_hand}
    return {"report": to_json(report), "repair": {"drift_id": report.drift_id, **repair}}


def adoption_document(report: DriftReport, planned: Adoption | None) -> dict[str, Any]:
    """Return a drift report and the revision that would adopt it; no adoption where there is no drift."""
    if planned is None:
        return {"report": to_json(report), "adoption": None}
    adoption = {
        "drift_id": planned.drift_id,
        "head": planned.applied,
        "also": list(planned.also),
        "sql": list(planned.sql),
        "upgrades": planned.upgrades,
        "downgrades": planned.downgrades,
    }
    return {"report": to_json(report), "adoption": adoption}


def listed(values: Iterable[Any]) -> list[Any]:
    """Return some values as a list of JSON objects."""
    return [to_json(value) for value in values]
