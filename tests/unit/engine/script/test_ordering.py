from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from counted_calls import calls
from stillhouse_engine.script.ordering import listing_order, newest_first


@st.composite
def graphs(draw):
    count = draw(st.integers(1, 30))
    return {
        str(number): tuple(
            str(parent) for parent in draw(st.sets(st.integers(0, number - 1) if number else st.nothing(), max_size=3))
        )
        if number
        else ()
        for number in range(count)
    }


@given(graphs())
def test_every_revision_is_listed_once_and_before_what_it_follows(parents):
    listed = listing_order(parents, [], parents)
    assert sorted(listed) == sorted(parents)
    places = {node: place for place, node in enumerate(listed)}
    assert all(places[node] < places[parent] for node, below in parents.items() for parent in below)


def test_a_branch_is_listed_to_its_end_before_the_next_begins():
    parents = {"a": (), "b1": ("a",), "b2": ("b1",), "c1": ("a",), "c2": ("c1",)}
    assert listing_order(parents, ["c2", "b2"], parents) == ["c2", "c1", "b2", "b1", "a"]


def test_revisions_on_a_cycle_are_left_out():
    assert newest_first("abc", {"a": ("b",), "b": ("a",), "c": ()}) == ["c"]


def test_a_fan_of_branches_is_listed_in_linear_time():
    def listed(branches):
        parents: dict[str, tuple[str, ...]] = {"base": ()}
        for branch in range(branches):
            parents[f"{branch}.1"] = ("base",)
            parents[f"{branch}.2"] = (f"{branch}.1",)
        assert listing_order(parents, [], parents)[-1] == "base"

    assert calls(lambda: listed(2000)) < 4.4 * calls(lambda: listed(500))


def test_a_history_deeper_than_the_recursion_limit_is_listed():
    parents = {str(number): (str(number - 1),) if number else () for number in range(20_000)}
    assert listing_order(parents, [], parents)[0] == "19999"
