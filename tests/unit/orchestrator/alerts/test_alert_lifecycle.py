"""Alerts open with findings, gather targets, and resolve only when a look that could judge them finds nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from stillhouse_orchestrator.alerts import lifecycle
from stillhouse_orchestrator.alerts.findings import Finding, Limits, Look, look_at_state, look_for_drift
from stillhouse_orchestrator.events import EventName
from stillhouse_orchestrator.values import (
    AlertState,
    Change,
    ChangeOp,
    DriftReport,
    DriftStatus,
    Health,
    Severity,
    TargetState,
    drift_id,
)

AT = datetime(2026, 11, 23, tzinfo=UTC)
LIMITS = Limits(timedelta(minutes=5), timedelta(hours=1))
DRIFT = Finding("drift:1", "drift", Severity.WARNING, "schema drift: extra column users.x", "look")
DOWN = Finding("unreachable:db1:5432", "unreachable", Severity.CRITICAL, "unreachable: db1:5432", "wait")
CHANGES = (Change("c1", ChangeOp.EXTRA, "column", "users.x"),)


def look(target, *findings, kinds=("drift",), after=0):
    return Look(target, AT + timedelta(seconds=after), frozenset(kinds), findings)


def run(*looks):
    alerts = {}
    events = []
    for one in looks:
        step = lifecycle.observe([a for a in alerts.values() if a.state is not AlertState.RESOLVED], [one])
        alerts.update(step.alerts)
        events += [event.name for event in step.events]
    return alerts, events


def test_the_same_drift_on_many_targets_is_one_alert():
    step = lifecycle.observe([], [look(f"t{n}", DRIFT) for n in range(300)])

    (alert,) = step.alerts.values()
    assert len(alert.targets) == 300
    assert [event.name for event in step.events] == [EventName.ALERT_OPENED]


def test_an_alert_resolves_when_its_last_target_is_clean():
    alerts, events = run(look("a", DRIFT), look("b", DRIFT), look("a"), look("b", after=60))

    assert alerts["drift:1"].state is AlertState.RESOLVED
    assert alerts["drift:1"].resolved_at == AT + timedelta(seconds=60)
    assert events == [EventName.ALERT_OPENED, EventName.ALERT_RESOLVED]


def test_a_look_that_cannot_judge_resolves_nothing():
    alerts, events = run(look("a", DRIFT), look("a", DOWN, kinds=("unreachable",)), look("a", kinds=()))

    assert alerts["drift:1"].state is AlertState.OPEN
    assert events == [EventName.ALERT_OPENED, EventName.ALERT_OPENED]


def test_another_drift_on_the_same_target_replaces_the_first():
    other = Finding("drift:2", "drift", Severity.CRITICAL, "schema drift: missing table users", "look")
    alerts, _ = run(look("a", DRIFT), look("a", other))

    assert alerts["drift:1"].state is AlertState.RESOLVED
    assert alerts["drift:2"].targets == ("a",)


def test_a_resolved_alert_opens_anew():
    alerts, events = run(look("a", DRIFT), look("a"), look("a", DRIFT, after=90))

    assert alerts["drift:1"].state is AlertState.OPEN
    assert alerts["drift:1"].opened_at == AT + timedelta(seconds=90)
    assert events == [EventName.ALERT_OPENED, EventName.ALERT_RESOLVED, EventName.ALERT_OPENED]


def test_a_vanished_target_leaves_its_alerts():
    alerts, _ = run(look("a", DRIFT), look("b", DRIFT))

    step = lifecycle.withdraw(alerts.values(), "a", AT)

    assert step.alerts["drift:1"].targets == ("b",)


def test_an_acknowledged_alert_says_by_whom():
    alerts, _ = run(look("a", DRIFT))

    step = lifecycle.acknowledge(alerts["drift:1"], "ann", "on it", AT)

    assert step.alerts["drift:1"].state is AlertState.ACKNOWLEDGED
    assert (step.events[0].actor, step.events[0].facts["reason"]) == ("ann", "on it")


def test_an_unknown_verdict_says_nothing_about_drift():
    unknown = look_for_drift(DriftReport("a", DriftStatus.UNKNOWN, error="timed out"), AT, {})
    clean = look_for_drift(DriftReport("a", DriftStatus.PENDING_ONLY), AT, {})

    assert (unknown.kinds, clean.kinds) == (frozenset(), frozenset({"drift"}))


def test_drift_is_titled_by_its_first_change():
    report = DriftReport("a", DriftStatus.DRIFTED, drift_id=drift_id(CHANGES), changes=CHANGES)

    (finding,) = look_for_drift(report, AT, {}).findings

    assert finding.title == "schema drift: extra column users.x"
    assert finding.key == f"drift:{drift_id(CHANGES)}"


def state(**facts):
    return TargetState("a", server="db1:5432", **facts)


def test_a_short_absence_is_no_alert_yet_and_clears_none():
    seen = look_at_state(state(health=Health.UNREACHABLE, reached_at=AT - timedelta(minutes=2)), AT, LIMITS)

    assert (seen.findings, "unreachable" in seen.kinds) == ((), False)


def test_a_long_absence_is_an_alert_of_the_server():
    seen = look_at_state(state(health=Health.UNREACHABLE, reached_at=AT - timedelta(minutes=6)), AT, LIMITS)

    assert [finding.key for finding in seen.findings] == ["unreachable:db1:5432"]
    assert "version" not in seen.kinds


def test_a_target_that_was_never_reached_is_an_alert_at_once():
    seen = look_at_state(state(health=Health.UNREACHABLE), AT, LIMITS)

    assert [finding.kind for finding in seen.findings] == ["unreachable"]


def test_revisions_that_cannot_be_read_are_an_alert_shared_by_siblings():
    broken = state(health=Health.BROKEN, error="its version table holds x", reached_at=AT)
    one, two = (look_at_state(broken, AT, LIMITS).findings for _ in range(2))

    assert one[0].key == two[0].key
    assert one[0].kind == "version"


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["clean", "drift", "down"])), max_size=30))
def test_an_alert_holds_exactly_the_targets_whose_last_verdict_was_drift(history):
    last = {}
    looks = []
    for target, what in history:
        if what == "down":
            looks.append(look(target, DOWN, kinds=("unreachable",)))
        else:
            looks.append(look(target, *([DRIFT] if what == "drift" else [])))
            last[target] = what
    alerts, _ = run(*looks)

    expected = {target for target, what in last.items() if what == "drift"}
    alert = alerts.get("drift:1")
    held = set(alert.targets) if alert is not None and alert.state is not AlertState.RESOLVED else set()
    assert held == expected


def behind(**changes):
    state = TargetState(
        "a", current=("r1",), head=("r2",), pending=1, health=Health.HEALTHY, pending_since=AT, reached_at=AT
    )
    return replace(state, **changes)


def test_a_target_that_stays_behind_is_version_drift():
    limits = replace(LIMITS, unchecked_after=None, behind_after=timedelta(days=1))
    later = AT + timedelta(days=1)
    assert look_at_state(behind(), AT + timedelta(hours=23), limits).findings == ()
    (found,) = look_at_state(behind(), later, limits).findings
    assert (found.kind, found.title) == ("version", "still behind r2, and no rollout is under way")
    assert look_at_state(behind(), later, limits, awaited=True).findings == (), "a rollout will bring it there"
    assert look_at_state(behind(pending=0, pending_since=None), later, limits).findings == ()
    assert look_at_state(behind(), later, replace(limits, behind_after=None)).findings == ()


def test_a_target_out_of_reach_stays_behind():
    limits = replace(LIMITS, unchecked_after=None, behind_after=timedelta(days=1))
    looked = look_at_state(behind(health=Health.UNREACHABLE, pending=None), AT + timedelta(days=2), limits)
    assert "version" not in looked.kinds


def test_only_a_verdict_about_drift_keeps_a_target_from_being_overdue():
    limits = Limits(timedelta(minutes=5), timedelta(hours=1))
    verified = state(verified_at=AT - timedelta(minutes=80))

    seen = look_at_state(verified, AT, limits, every=timedelta(minutes=15))
    in_time = look_at_state(verified, AT, limits, every=timedelta(minutes=30))
    never = look_at_state(verified, AT, limits, every=None)
    just_started = replace(limits, watching_since=AT - timedelta(minutes=5))
    after_a_pause = look_at_state(verified, AT, just_started, every=timedelta(minutes=15))

    assert [finding.kind for finding in seen.findings] == ["unchecked"]
    assert [in_time.findings, never.findings, after_a_pause.findings] == [(), (), ()]
    assert "unchecked" in in_time.kinds
