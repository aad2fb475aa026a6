"""Who hears of an alert, when, and how often."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from stillhouse_config import Selector
from stillhouse_config.alerts import Route
from stillhouse_orchestrator.alerts import messages, routing
from stillhouse_orchestrator.alerts.routing import Circumstances, Reason
from stillhouse_orchestrator.values import Alert, AlertState, Severity

AT = datetime(2026, 11, 23, tzinfo=UTC)
LABELS = {"a": {"env": "production"}, "b": {"env": "production"}, "c": {"env": "test"}}
ROUTE = Route.model_validate({"match": "env=production", "channels": ["ops"], "repeat": "4h", "group_wait": "30s"})
DRIFT = Alert("drift:1", "drift", Severity.WARNING, "schema drift", ("a", "b", "c"), AT)


def at(seconds, **facts):
    return Circumstances(AT + timedelta(seconds=seconds), LABELS, **facts)


def told(alert, circumstances, *routes):
    """Notify as the service does; return the alert and what was sent."""
    due = routing.due(alert, routes or (ROUTE,), circumstances)
    for notification in due:
        alert, _ = messages.deliver(alert, notification, "shop", circumstances.at)
    return alert, [(one.channel, one.reason, one.targets) for one in due]


def test_a_channel_hears_of_its_targets_only_after_the_group_wait():
    _, early = told(DRIFT, at(29))
    _, late = told(DRIFT, at(30))

    assert early == []
    assert late == [("ops", Reason.OPENED, ("a", "b"))]


def test_it_is_repeated_after_the_interval_and_not_before():
    alert, _ = told(DRIFT, at(30))

    assert told(alert, at(3600))[1] == []
    assert told(alert, at(30 + 4 * 3600))[1] == [("ops", Reason.REPEATED, ("a", "b"))]


def test_more_targets_are_told():
    alert, _ = told(replace(DRIFT, targets=("a",)), at(30))

    _, sent = told(replace(alert, targets=("a", "b")), at(61))

    assert sent == [("ops", Reason.UPDATED, ("a", "b"))]


def test_the_end_is_told_once_to_those_who_heard_of_it():
    alert, _ = told(DRIFT, at(30))
    over = replace(alert, state=AlertState.RESOLVED, resolved_at=AT)

    over, sent = told(over, at(90))

    assert sent == [("ops", Reason.RESOLVED, ("a", "b"))]
    assert told(over, at(900))[1] == []
    assert told(replace(DRIFT, state=AlertState.RESOLVED), at(90))[1] == []


def test_an_acknowledged_alert_is_not_repeated():
    alert, _ = told(DRIFT, at(30))

    assert told(replace(alert, state=AlertState.ACKNOWLEDGED), at(90_000))[1] == []


def test_a_silence_keeps_its_targets_quiet_and_tells_them_when_it_ends():
    quiet = at(60, silenced=(Selector.parse("name=a"),))

    alert, sent = told(DRIFT, quiet)

    assert sent == [("ops", Reason.OPENED, ("b",))]
    assert told(alert, at(120))[1] == [("ops", Reason.UPDATED, ("a", "b"))]


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({"silenced": (Selector.parse("name~*"),)}, AlertState.SILENCED),
        ({"migrating": frozenset("abc")}, AlertState.INHIBITED),
        ({"unreachable": frozenset("abc")}, AlertState.INHIBITED),
        ({}, AlertState.OPEN),
    ],
)
def test_the_state_says_why_nobody_hears_of_it(facts, state):
    assert routing.state_of(DRIFT, at(60, **facts)) is state


def test_a_rollout_does_not_hide_that_its_target_is_unreachable():
    down = replace(DRIFT, kind="unreachable")

    _, sent = told(down, at(60, migrating=frozenset("abc"), unreachable=frozenset("abc")))

    assert sent == [("ops", Reason.OPENED, ("a", "b"))]


def test_severity_and_kind_choose_the_route():
    grave = Route.model_validate({"severity": "critical", "channels": ["pager"]})
    rollouts = Route.model_validate({"kinds": ["rollout"], "channels": ["deploys"]})

    assert told(DRIFT, at(60), grave, rollouts)[1] == []
    assert told(replace(DRIFT, severity=Severity.CRITICAL), at(60), grave, rollouts)[1][0][0] == "pager"


def test_keys_differ_by_number_and_stay_over_retries():
    first = routing.Notification("ops", Reason.OPENED, ("a",), 1)

    keys = {
        messages.write(DRIFT, notification, "shop").key for notification in (first, first, replace(first, number=2))
    }

    assert len(keys) == 2


def test_a_long_list_is_cut_in_text_and_whole_in_data():
    names = tuple(f"t{n}" for n in range(300))
    message = messages.write(DRIFT, routing.Notification("ops", Reason.OPENED, names, 1), "shop")

    assert "and 280 more" in message.text
    assert message.body["targets"] == list(names)
    assert message.title == "[warning] shop: schema drift on 300 targets"
