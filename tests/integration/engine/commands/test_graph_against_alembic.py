"""The revision graph, held against Alembic: generated graphs, the same questions, the same answers."""

from __future__ import annotations

import json
import warnings
from types import SimpleNamespace

import pytest
from alembic_oracle import Oracle, failure, names, properties, questions_of, tuples
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from stillhouse_engine.errors import RevisionError
from stillhouse_engine.script.planning import downgrade_steps, stamp_steps, upgrade_steps
from stillhouse_engine.script.revision import Revision, RevisionMap

DEFECTS = ("AssertionError", "AttributeError", "KeyError", "TypeError")
"""What Alembic raises by mistake; ours is an error with a message, or the right answer."""

SLOW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def oracle():
    asked = Oracle()
    yield asked
    asked.close()


def identifier(number: int, spice: str) -> str:
    return f"r{spice}{number:02d}x"


@st.composite
def graphs(draw, most: int = 9):
    """Revisions as tuples of arguments: forks, merges, several bases, dependencies, labels, any file order.

    One dependency each: the order that Alembic gives several depends on its hash seed.
    """
    spices = st.sampled_from(["ac", "ad", "bc", "bd"])
    known: list[str] = []
    found = []
    for number in range(draw(st.integers(1, most))):
        name = identifier(number, draw(spices))
        down: object = None
        depends: object = None
        if known and draw(st.integers(0, 7)):
            recent = known[-5:]
            size = draw(st.sampled_from([1, 1, 1, 2, 2, 3]))
            picked = draw(st.permutations(recent))[:size]
            down = picked[0] if len(picked) == 1 else tuple(picked)
        if known and not draw(st.integers(0, 4)):
            depends = draw(st.sampled_from(known))
        label = f"label{number:02d}" if not draw(st.integers(0, 4)) else None
        found.append((name, down, depends, label))
        known.append(name)
    return draw(st.permutations(found)) if draw(st.booleans()) else found


def make_map(revisions: list) -> RevisionMap:
    nodes = [Revision(*revision) for revision in revisions]
    for node in nodes:
        node.module = SimpleNamespace()
        node.doc = f"doc of {node.revision}"
    return RevisionMap(lambda: nodes)


def answered(question) -> tuple[object, list[str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = question()
        except RevisionError as error:
            found = failure(error)
    return json.loads(json.dumps(found)), [str(warning.message) for warning in caught]


def agree(theirs: object, ours: object) -> bool:
    """Tell whether both answered the same; their mistakes do not count."""
    found, said = theirs
    if isinstance(found, list) and found and found[0] == "error" and found[1] in DEFECTS:
        return True
    mine, told = ours
    return mine == found and told == said


@st.composite
def questions(draw, revisions: list, *, downwards: bool = False):
    """A symbol that somebody could type."""
    ids = [revision[0] for revision in revisions]
    labels = [revision[3] for revision in revisions if revision[3]]
    one = st.sampled_from(ids + labels + ["head", "heads"] + ([] if downwards else ["base"]))
    relative = st.sampled_from(["+1", "+2", "+3", "-1", "-2", "-3", "+9", "-9"])
    branch = draw(st.sampled_from(ids + labels))
    choices = [
        relative,
        relative.map(lambda steps: f"{branch}@{steps}"),
        st.tuples(one.filter(lambda symbol: symbol != "base"), relative).map("".join),
        one.map(lambda symbol: f"{branch}@{symbol}"),
        st.sampled_from(ids).flatmap(lambda name: st.integers(2, 5).map(lambda size: name[:size])),
        st.sampled_from(["nope", "no", "base", "heads"]),
        one,
    ]
    if not downwards:
        choices.append(st.permutations(ids).map(lambda shuffled: shuffled[:2]))
    return draw(st.one_of(choices))


def applied(draw, revisions: list) -> list[str]:
    """Draw revisions that a database may be at: none stands on another."""
    graph = make_map(revisions)._graph
    ids = [revision[0] for revision in revisions]
    return graph.tops(draw(st.permutations(ids))[: draw(st.integers(0, 3))])


@SLOW
@given(graphs())
def test_heads_bases_and_labels_are_alembics(oracle, revisions):
    found, said = oracle.ask("properties", revisions)
    revision_map = make_map(revisions)
    nodes = [revision_map.get_revision(revision[0]) for revision in revisions]
    assert (properties(revision_map, nodes), []) == (found, said)


@SLOW
@given(graphs(14))
def test_the_listing_order_is_alembics(oracle, revisions):
    revision_map = make_map(revisions)
    ours = names(revision_map.iterate_revisions("heads", "base"))
    assert ours == oracle.ask("iterate_revisions", revisions, "heads", "base")[0]


@SLOW
@given(st.data())
def test_symbols_resolve_as_alembic_does(oracle, data):
    revisions = data.draw(graphs())
    symbol = data.draw(questions(revisions))
    name = data.draw(st.sampled_from(["get_revision", "get_revisions"]))
    ours = answered(lambda: names(getattr(make_map(revisions), name)(tuples(symbol))))
    assert agree(oracle.ask(name, revisions, symbol), ours)


@SLOW
@given(st.data())
def test_ranges_are_alembics(oracle, data):
    revisions = data.draw(graphs())
    ids = [revision[0] for revision in revisions]
    upper = data.draw(st.sampled_from([*ids, "head", "heads"]))
    lower = data.draw(st.sampled_from([*ids, "base"]))
    options = {"inclusive": data.draw(st.booleans()), "implicit_base": data.draw(st.booleans())}
    ours = answered(lambda: names(make_map(revisions).iterate_revisions(upper, lower, **options)))
    assert agree(oracle.ask("iterate_revisions", revisions, upper, lower, **options), ours)


@SLOW
@given(st.data())
def test_upgrades_select_and_order_as_alembic_does(oracle, data):
    revisions = data.draw(graphs())
    target, current = data.draw(questions(revisions)), applied(data.draw, revisions)
    options = {"implicit_base": True}
    ours = answered(lambda: names(make_map(revisions).iterate_revisions(tuples(target), tuple(current), **options)))
    assert agree(oracle.ask("iterate_revisions", revisions, target, current, **options), ours)


@SLOW
@given(st.data())
def test_downgrades_select_and_order_as_alembic_does(oracle, data):
    revisions = data.draw(graphs())
    target, current = data.draw(questions(revisions, downwards=True)), applied(data.draw, revisions)
    options = {"select_for_downgrade": True}
    ours = answered(lambda: names(make_map(revisions).iterate_revisions(tuple(current), target, **options)))
    theirs = oracle.ask("iterate_revisions", revisions, current, target, **options)
    assert agree(theirs, ours)


PLANS = {"upgrade": upgrade_steps, "downgrade": downgrade_steps, "stamp": stamp_steps}


def walked(what: str, revisions: list, target: object, current: list[str]) -> list:
    """Return the steps of a run as the oracle tells them."""
    rows = set(current)
    found = []
    for step in PLANS[what](make_map(revisions), tuples(target), tuple(current)):
        changes = step.row_changes(rows)
        asked = questions_of(step, set(rows))
        for change in changes:
            rows.discard(change.remove)
            rows.update({change.add} - {None})
        found.append([str(step), len(changes), sorted(rows), asked])
    return found


def redundant(revisions: list) -> bool:
    """Tell whether a revision names, next to another, something that the other stands on already.

    Alembic then leaves rows in the version table that stand on one another; we do not.
    """
    graph = make_map(revisions)._graph
    return any(len(graph.tops(graph.everything[key])) < len(graph.everything[key]) for key in graph.by_id)


def loses_a_head(revisions: list, current: list[str], steps: list) -> bool:
    """Tell whether a stamp took away the row of a head that was there already, which Alembic does where branches part."""
    heads = {revision.revision for revision in make_map(revisions).get_revisions("heads")}
    return bool(steps) and not heads & set(current) <= set(steps[-1][2])


@SLOW
@given(st.data())
def test_steps_change_the_version_table_as_alembics_do(oracle, data):
    revisions = data.draw(graphs())
    assume(not redundant(revisions))
    current = applied(data.draw, revisions)
    ids = [revision[0] for revision in revisions]
    what = data.draw(st.sampled_from(sorted(PLANS)))
    target = data.draw(st.sampled_from([*ids, "base" if what == "downgrade" else "heads"]))
    theirs = oracle.ask(what, revisions, target, current)
    assume(not (theirs[0] and theirs[0][0] == "error"))
    assume(not (what == "stamp" and target == "heads" and loses_a_head(revisions, current, theirs[0])))
    assert walked(what, revisions, target, current) == theirs[0]


BROKEN = {
    "cycle": [("a", "b"), ("b", "a")],
    "cycle below a head": [("x", None), ("a", ("x", "c")), ("b", "a"), ("c", "b")],
    "loop": [("a", "a")],
    "dependency loop": [("a", None, "a")],
    "dependency cycle": [("a", None, "b"), ("b", None, "a")],
    "dependency cycle with a tail": [("a", None, "c"), ("b", "a"), ("c", "b"), ("d", "c")],
    "label that is a revision": [("a", None, None, "b"), ("b", None)],
    "illegal id": [("a-b", None)],
}


@pytest.mark.parametrize("revisions", BROKEN.values(), ids=BROKEN)
def test_broken_graphs_are_refused_with_alembics_error(oracle, revisions):
    ours = answered(lambda: names(make_map(revisions).iterate_revisions("heads", "base")))
    assert ours == tuple(oracle.ask("iterate_revisions", revisions, "heads", "base"))


def test_a_cycle_that_alembic_overlooks_is_found():
    revisions = [("x", None), ("a", "x"), ("b", ("a", "c")), ("c", "b"), ("d", "c")]
    found, _ = answered(lambda: make_map(revisions).heads)
    assert found[1:3] == ["CycleDetected", "Cycle is detected in revisions (b, c)"]
