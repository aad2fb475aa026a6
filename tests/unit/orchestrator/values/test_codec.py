from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest

from stillhouse_orchestrator import values
from stillhouse_orchestrator.events import Event, EventName
from stillhouse_orchestrator.values import (
    Approve,
    Budget,
    Change,
    ChangeOp,
    DriftReport,
    DriftStatus,
    DriftSummary,
    Pause,
    Plan,
    PlanGroup,
    Rollout,
    RolloutTarget,
    TargetState,
    Verify,
    Wave,
    drift_id,
    from_json,
    to_json,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
STEPS = (Wave(match="ring=0", max_failures=Budget(percent=2)), Verify("select 1"), Pause(3), Approve(), Wave(size=7))
CHANGE = Change("c1", ChangeOp.MISSING, "column", "users.name", repair_sql=("alter table users add name text",))


@pytest.mark.parametrize(
    "value",
    [
        Rollout("r1", "head", "p1", STEPS, {"a": RolloutTarget("a", 1, ("x",), ("y",), reached=("x",))}, NOON, "me"),
        DriftReport("a", DriftStatus.DRIFTED, ("x",), changes=(CHANGE,), checked_at=NOON),
        Plan("p1", "head", NOON, (PlanGroup(("a",), ("x",), ("y",), ("y",)),), unknown={"b": "no such revision"}),
        TargetState("a", {"env": "prod"}, drift=DriftStatus.IN_SYNC),
        Event(EventName.ROLLOUT_STARTED, NOON, target="a", facts={"wave": 1}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_survives_its_json(value):
    assert from_json(type(value), to_json(value)) == value


def test_the_python_name_from_is_spelt_from_in_json():
    assert to_json(PlanGroup(("a",), ("x",), ("y",), ("y",)))["from"] == ["x"]


def test_an_unknown_key_of_a_newer_version_is_skipped():
    assert from_json(TargetState, {"target": "a", "invented_later": 1}) == TargetState("a")


def test_a_missing_key_is_an_error():
    with pytest.raises(TypeError):
        from_json(TargetState, {})


def test_a_step_of_an_unknown_kind_is_an_error():
    plain = to_json(Rollout("r1", "head", "p1", STEPS, {}, NOON, "me"))
    plain["steps"][0]["kind"] = "dance"
    with pytest.raises(ValueError, match="dance"):
        from_json(Rollout, plain)


def test_every_exported_value_is_frozen():
    shapes = [item for item in vars(values).values() if dataclasses.is_dataclass(item)]
    assert len(shapes) > 15
    assert all(shape.__dataclass_params__.frozen for shape in shapes)


@pytest.mark.parametrize(
    ("budget", "size", "allowed"),
    [
        (Budget(), 100, 0),
        (Budget(count=3), 100, 3),
        (Budget(percent=2), 49, 0),
        (Budget(percent=2), 50, 1),
        (Budget(percent=2), 99, 1),
        (Budget(percent=0.1), 1000, 1),
        (Budget(percent=29), 100, 29),  # 0.29 * 100 is 28.999… in floats
        (Budget(percent=100), 7, 7),
    ],
)
def test_a_budget_allows_the_floor_of_its_percentage(budget, size, allowed):
    assert budget.allowed(size) == allowed


def test_drift_ids_depend_on_what_counts_and_not_on_order():
    other = dataclasses.replace(CHANGE, id="c2")
    assert drift_id([CHANGE, other]) == drift_id([other, CHANGE])
    assert drift_id([CHANGE, dataclasses.replace(other, ignored_by="scratch")]) == drift_id([CHANGE])
    assert drift_id([]) is None


def test_a_summary_counts_every_verdict():
    reports = [
        DriftReport("a", DriftStatus.UNKNOWN),
        DriftReport("b", DriftStatus.IN_SYNC),
        DriftReport("c", DriftStatus.UNKNOWN),
    ]
    assert DriftSummary.of(reports) == DriftSummary(in_sync=1, unknown=2)
