"""What is wrong with versions, besides that revisions are pending."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stillhouse_orchestrator.alerts.findings import Limits, look_at_state
from stillhouse_orchestrator.projects import Description
from stillhouse_orchestrator.revisions import Graph, Reading
from stillhouse_orchestrator.values import Health, TargetState
from stillhouse_orchestrator.versions import Applied, troubles
from stillhouse_orchestrator.workers.executor import RevisionSummary

NODES = (RevisionSummary("r2", ("r1",), ""), RevisionSummary("r1", (), ""))
PROJECT = Description(Graph.of(("r2",), NODES), None, NODES)
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def sorts(reading, before=None, project=PROJECT, applied=None):
    return [each.sort for each in troubles("t", reading, before, project, applied or Applied())]


@pytest.mark.parametrize(
    ("reading", "applied", "expected"),
    [
        (Reading(("r2",)), Applied(), []),
        (Reading(("r1",)), Applied(), []),
        (Reading(("r9",)), Applied(), ["unknown_revision"]),
        (Reading(("r9",)), Applied({"r9"}), ["ahead"]),
        (Reading(("r1", "r2")), Applied(), ["overlapping"]),
        (Reading(("r2",)), Applied({"r1"}, {"t": {"r1"}}), ["edited"]),
        (Reading(("r1",)), Applied({"r2"}, {"t": {"r2"}}), []),
        (Reading(("r2",)), Applied({"r1"}, {"other": {"r1"}}), []),
        (Reading((), table_missing=True), Applied(), []),
    ],
)
def test_each_trouble_has_its_sort(reading, applied, expected):
    assert sorts(reading, applied=applied) == expected


def test_a_version_table_that_is_gone_stays_so_until_it_is_back():
    gone = Reading((), table_missing=True)
    found = troubles("t", gone, TargetState("t", current=("r2",)), PROJECT, Applied())
    assert "it held r2" in found[0].message
    later = TargetState("t", current=(), troubles=found)
    assert sorts(gone, later) == ["version_table_missing"]
    assert sorts(Reading(("r2",)), later) == []
    new_file = Reading((), table_missing=True, database_missing=True)
    assert sorts(new_file, TargetState("t", current=("r2",))) == [], "a file that was removed starts from nothing"


def test_several_heads_are_fine_on_labelled_branches():
    split = (*NODES, RevisionSummary("x2", ("r1",), ""))
    assert sorts(Reading(("r1",)), project=Description(Graph.of(("r2", "x2"), split), None, split)) == ["several_heads"]
    labelled = (NODES[0], NODES[1], RevisionSummary("x2", ("r1",), "", branch_labels=("reports",)))
    assert sorts(Reading(("r1",)), project=Description(Graph.of(("r2", "x2"), labelled), None, labelled)) == []


def test_what_was_wrong_stays_so_while_the_target_cannot_be_read():
    found = troubles("t", Reading(("r9",)), None, PROJECT, Applied())
    assert troubles("t", Reading(None, error="down"), TargetState("t", troubles=found), PROJECT, Applied()) == found


def test_each_trouble_is_an_alert_and_an_unreachable_target_clears_none():
    found = troubles("t", Reading(("r1", "r2")), None, PROJECT, Applied({"r1"}, {"t": {"r1"}}))
    limits = Limits(timedelta(0), None)
    look = look_at_state(TargetState("t", health=Health.HEALTHY, troubles=found), NOW, limits)
    assert [finding.facts["trouble"] for finding in look.findings] == ["overlapping", "edited"]
    assert len({finding.key for finding in look.findings}) == 2
    assert (
        "version" not in look_at_state(TargetState("t", health=Health.UNREACHABLE, troubles=found), NOW, limits).kinds
    )
