"""What rollouts leave undone, or work on for too long, needs a person until something has been done about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from stillhouse_orchestrator.alerts.undone import look_at_rollouts
from stillhouse_orchestrator.values import (
    Health,
    Membership,
    MemberState,
    RolloutState,
    RolloutTarget,
    Severity,
    TargetState,
)

AT = datetime(2026, 11, 23, 3, tzinfo=UTC)
FAILED = RolloutTarget("a", 1, (), ("0002",), MemberState.FAILED, error="revision 0002: no such function\nLINE 1")
BEHIND = TargetState("a", health=Health.HEALTHY, pending=1)


def findings(member, rollout=RolloutState.FAILED, state=BEHIND, reason="wave 1: 1 failed, 0 may"):
    looks = look_at_rollouts([Membership("r-1", rollout, reason, member)], {"a": state}, (), AT, timedelta(minutes=10))
    return [finding for look in looks for finding in look.findings]


@pytest.mark.parametrize(
    ("rollout", "severity"),
    [
        (RolloutState.FAILED, Severity.CRITICAL),
        (RolloutState.ROLLBACK_FAILED, Severity.CRITICAL),
        (RolloutState.SUCCEEDED, Severity.WARNING),  # within its budget
        (RolloutState.RUNNING, Severity.WARNING),
    ],
)
def test_a_target_that_failed_is_an_alert_of_its_rollout(rollout, severity):
    (finding,) = findings(FAILED, rollout)

    assert (finding.key, finding.kind, finding.severity) == ("rollout:r-1", "rollout", severity)
    assert finding.facts["error"] == "a: revision 0002: no such function"


@pytest.mark.parametrize("rollout", [RolloutState.ABORTED, RolloutState.ROLLED_BACK, RolloutState.ROLLING_BACK])
def test_a_rollout_that_a_person_has_answered_is_none(rollout):
    assert findings(FAILED, rollout) == []


def test_a_target_that_is_at_its_head_by_other_means_is_none():
    assert findings(FAILED, state=TargetState("a", health=Health.HEALTHY, pending=0)) == []
    assert findings(FAILED, state=TargetState("a", health=Health.UNREACHABLE, pending=0))
    assert findings(replace(FAILED, undo=True), state=TargetState("a", health=Health.HEALTHY, pending=0))


def test_a_rollout_that_failed_at_a_check_says_so():
    done = replace(FAILED, state=MemberState.DONE, error=None)
    (finding,) = findings(done, reason="verify: select count(*) > 0 is not true")

    assert finding.facts["error"] == "verify: select count(*) > 0 is not true"
    assert findings(done, RolloutState.SUCCEEDED) == []


def test_a_migration_that_takes_too_long_is_stuck():
    running = replace(FAILED, state=MemberState.RUNNING, error=None, started_at=AT - timedelta(minutes=10))

    assert [finding.kind for finding in findings(running, RolloutState.RUNNING)] == ["stuck"]
    assert findings(replace(running, started_at=AT - timedelta(minutes=9)), RolloutState.RUNNING) == []


def test_a_target_that_no_rollout_troubles_any_more_is_looked_at_to_clear_it():
    (look,) = look_at_rollouts([], {}, ["a"], AT, None)

    assert (look.target, look.kinds, look.findings) == ("a", {"rollout", "stuck"}, ())
