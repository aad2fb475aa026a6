"""What a version table's content means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillhouse_orchestrator.revisions import Graph, Reading, judge
from stillhouse_orchestrator.values import Health

LINE = Graph(("c",), {"a": (), "b": ("a",), "c": ("b",)})


@pytest.mark.parametrize(
    ("reading", "state", "health", "pending"),
    [
        (Reading(("c",)), "up_to_date", Health.HEALTHY, 0),
        (Reading(("a",)), "pending", Health.HEALTHY, 2),
        (Reading((), table_missing=True), "no_version_table", Health.HEALTHY, 3),
        (Reading(("x",)), "unknown_revision", Health.BROKEN, None),
        (Reading(None, error="refused"), "unreachable", Health.UNREACHABLE, None),
    ],
)
def test_each_state(reading, state, health, pending):
    verdict = judge(reading, LINE)
    assert (verdict.state, verdict.health, verdict.pending) == (state, health, pending)


def test_without_a_graph_nothing_is_claimed():
    verdict = judge(Reading(("a",)), None, "no folder migrations/users")
    assert (verdict.state, verdict.pending, verdict.error) == ("no_script", None, "no folder migrations/users")


def test_what_a_revision_depends_on_is_below_it():
    graph = Graph(("b", "x"), {"a": (), "b": ("a", "x"), "x": ()})
    assert graph.pending(("b",)) == 0
    assert graph.pending(("x",)) == 2


@given(st.integers(1, 60), st.randoms(use_true_random=False))
def test_pending_is_what_is_not_yet_reached(size, random):
    above = {
        str(n): tuple({str(random.randrange(n)) for _ in range(random.randrange(3))}) if n else () for n in range(size)
    }
    heads = tuple(set(above) - {below for parents in above.values() for below in parents})
    graph = Graph(heads, above)
    assert graph.pending(()) == size
    assert graph.pending(heads) == 0
    one = str(random.randrange(size))
    assert graph.pending((one,)) == size - len(graph.reached([one]))
