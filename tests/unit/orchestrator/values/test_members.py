"""What is kept up with every change of a rollout's members is what one would find by walking all of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from stillhouse_orchestrator.values import Barrier, Members, MemberState, RolloutTarget
from stillhouse_orchestrator.values.places import BLOCK, chosen, lowest, numbers, toggled

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SIZES = st.sampled_from([0, 1, 5, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 3])
facts = st.fixed_dictionaries(
    {
        "wave": st.integers(1, 2),
        "undo": st.booleans(),
        "state": st.sampled_from(MemberState),
        "verified": st.integers(0, 1),
        "barrier": st.none() | st.sampled_from(Barrier),
        "server": st.sampled_from([None, "db1"]),
        "retry_at": st.none() | st.just(NOON),
        "reason": st.none() | st.just("waits"),
    }
)


def member(name, *needs):
    return RolloutTarget(name, 1, ("r1",), ("r2",), depends_on=needs)


@st.composite
def histories(draw):
    """Return members after each of some changes: replaced, given other needs, joined by newcomers."""
    size = draw(SIZES)
    history = [Members({f"t{n}": member(f"t{n}", *([f"t{n // 2}"] if n % 3 else [])) for n in range(size)})]
    for _ in range(draw(st.integers(0, 4))):
        before = history[-1]
        names = draw(st.lists(st.sampled_from(list(before)), unique=True, max_size=4)) if before else []
        new = [replace(before[name], **draw(facts)) for name in names]
        if draw(st.integers(0, 4)) == 0:
            new.append(member(f"late{len(before)}", *names))
        if new and draw(st.integers(0, 4)) == 0:
            new[0] = replace(new[0], depends_on=())
        history.append(before.changed(new))
    return history


@given(histories())
def test_members_after_any_changes_are_those_that_one_would_build_afresh(history):
    for before, after in pairwise(history):
        fresh = Members(dict(after.items()))
        assert after == fresh
        assert (list(after), list(after.values())) == (list(fresh), list(fresh.values()))
        assert (after.standings, after.turns) == (fresh.standings, fresh.turns)
        changes = [(before.get(name), item) for name, item in after.items() if before.get(name) is not item]
        assert list(after.since(before)) == changes
        assert list(after.since(None)) == [(None, item) for item in after.values()]
        assert (after == before) is (dict(after) == dict(before))


@given(histories())
def test_what_is_counted_together_is_what_a_walk_counts(history):
    members = history[-1]
    for standing, places in members.standings.items():
        alike = [item for item in members.values() if facts_of(item) == tuple(standing)]
        assert list(members.at(places)) == alike
    assert list(members.those(lambda standing: standing.working)) == [m for m in members.values() if m.working]
    assert sum(members.by_wave(lambda standing: standing.state.bad).values()) == sum(
        m.state.bad for m in members.values()
    )


def facts_of(item):
    return item.wave, item.undo, item.state, item.verified, item.barrier


@given(histories(), st.data())
def test_members_are_found_by_any_number_of_names(history, data):
    members = history[-1]
    names = data.draw(st.sets(st.sampled_from(["nobody", *members])))
    assert [item.target for item in members.at(members.called(names))] == [name for name in members if name in names]


@example({BLOCK - 1}, [], 1)
@given(st.sets(st.integers(0, 3 * BLOCK)), st.lists(st.integers(0, 3 * BLOCK)), st.integers(0, 40))
def test_places_are_sets_in_order(these, others, count):
    places = toggled(0, these)
    assert list(numbers(places)) == sorted(these)
    assert chosen(number in these for number in range(3 * BLOCK + 1)) == places
    assert list(numbers(lowest(places, count))) == sorted(these)[:count]
    twice = {number for number in others if others.count(number) % 2}
    assert set(numbers(toggled(places, others))) == these ^ twice
