"""The verdict of a drift check, and the rules that ignore some of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stillhouse_engine.schema import NORMALISER, SchemaObject, Snapshot
from stillhouse_orchestrator.drift.ignoring import covers, ignored
from stillhouse_orchestrator.drift.verdict import Seen, decide
from stillhouse_orchestrator.values import Baseline, Change, ChangeOp, DriftStatus, IgnoreRule

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TABLE = SchemaObject("table", "users", "", {}, {})
COLUMN = SchemaObject("column", "users.email", "users", {"type": "TEXT"}, {})
EXTRA = SchemaObject("column", "users.nickname", "users", {"type": "TEXT"}, {})
STRAY = SchemaObject("table", "stray", "", {}, {})


def snapshot(*objects: SchemaObject) -> Snapshot:
    return Snapshot("sqlite", tuple(sorted(objects, key=lambda item: (item.kind, item.name))))


def baseline(applied=("r1",), normaliser=str(NORMALISER)) -> Baseline:
    expected = snapshot(TABLE, COLUMN)
    return Baseline("users_db", applied, expected.fingerprint, normaliser, "migration", NOW, expected.to_json())


def seen(**facts) -> Seen:
    return Seen(
        **{
            "target": "users_db",
            "at": NOW,
            "applied": ("r1",),
            "head": ("r1",),
            "pending": 0,
            "snapshot": snapshot(TABLE, COLUMN),
            **facts,
        }
    )


def test_what_matches_is_in_sync():
    report = decide(seen(), baseline(), (), None)
    assert (report.status, report.drift_id, report.changes) == (DriftStatus.IN_SYNC, None, ())
    assert report.expected_fingerprint == report.actual_fingerprint


def test_a_pending_revision_is_not_drift():
    assert decide(seen(pending=2, head=("r3",)), baseline(), (), None).status is DriftStatus.PENDING_ONLY


def test_drift_is_named_object_by_object_and_remembers_since_when():
    drifted = seen(snapshot=snapshot(TABLE, COLUMN, EXTRA))
    first = decide(drifted, baseline(), (), None)
    (change,) = first.changes
    assert (first.status, change.op, change.kind, change.object) == (
        DriftStatus.DRIFTED,
        ChangeOp.EXTRA,
        "column",
        "users.nickname",
    )
    later = decide(seen(snapshot=drifted.snapshot, at=NOW + timedelta(hours=1)), baseline(), (), first)
    assert (later.first_seen, later.checked_at) == (NOW, NOW + timedelta(hours=1))
    other = decide(seen(snapshot=snapshot(TABLE, COLUMN, STRAY), at=NOW + timedelta(hours=2)), baseline(), (), later)
    assert other.drift_id != later.drift_id
    assert other.first_seen == NOW + timedelta(hours=2)


@pytest.mark.parametrize(
    ("facts", "known", "reason"),
    [
        ({"error": "db1:5432 refused the connection"}, baseline(), "refused"),
        ({"applied": None}, baseline(), "could not be read"),
        ({"snapshot": None}, baseline(), "could not be read"),
        ({}, None, "drift accept"),
        ({"applied": ("r2",)}, baseline(), "somebody else"),
        ({}, baseline(normaliser="0"), "another version"),
    ],
)
def test_unknown_is_never_in_sync_and_says_why(facts, known, reason):
    report = decide(seen(**facts), known, (), None)
    assert report.status is DriftStatus.UNKNOWN
    assert reason in report.error
    assert report.drift_id is None


def test_an_ignored_change_is_shown_and_does_not_count():
    rule = IgnoreRule(id="fleet:1", owner="data-team", reason="scratch", kind="column", name="*.nick*")
    report = decide(seen(snapshot=snapshot(TABLE, COLUMN, EXTRA)), baseline(), (rule,), None)
    assert report.status is DriftStatus.IN_SYNC
    assert [change.ignored_by for change in report.changes] == ["fleet:1"]


CHANGE = Change("1", ChangeOp.EXTRA, "column", "tmp_load.x")


@pytest.mark.parametrize(
    ("rule", "covered"),
    [
        ({}, True),
        ({"kind": "column"}, True),
        ({"kind": "index"}, False),
        ({"kind": "table", "name": "tmp_*"}, True),
        ({"kind": "table", "name": "users"}, False),
        ({"name": "x"}, True),
        ({"name": "tmp_load.*"}, True),
        ({"attribute": "comment"}, False),
    ],
)
def test_what_a_rule_covers(rule, covered):
    assert covers(IgnoreRule(id="1", owner="me", reason="why", **rule), CHANGE) is covered


def test_an_expired_rule_and_a_rule_for_another_target_cover_nothing():
    expired = IgnoreRule(id="1", owner="me", reason="why", until=NOW - timedelta(days=1))
    other = IgnoreRule(id="2", owner="me", reason="why", target="logs_db")
    assert [change.ignored_by for change in ignored([CHANGE], [expired, other], "users_db", NOW)] == [None]
