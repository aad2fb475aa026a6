from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillhouse_engine.schema import (
    Coverage,
    SchemaObject,
    Snapshot,
    SnapshotFormatError,
    SnapshotMismatchError,
    UnsupportedDialectError,
    diff,
    drift_id,
    fingerprint_query,
    repair,
)
from stillhouse_engine.schema.snapshot import ordered

if TYPE_CHECKING:
    import random

NAMES = st.sampled_from(["a", "b", "c.d", 'odd "é', "users"])
VALUES = st.one_of(
    st.text(max_size=5), st.integers(), st.just(True), st.lists(st.text(max_size=3), max_size=3).map(tuple)
)
ATTRIBUTES = st.dictionaries(st.sampled_from(["type", "default", "comment", "labels"]), VALUES, max_size=4)
TABLES = st.builds(SchemaObject, st.just("table"), NAMES, st.just(""), ATTRIBUTES, ATTRIBUTES)
COLUMNS = st.builds(
    lambda table, name, attributes, hints: SchemaObject("column", f"{table}.{name}", table, attributes, hints),
    NAMES, NAMES, ATTRIBUTES, ATTRIBUTES,
)  # fmt: skip
OBJECTS = st.lists(st.one_of(TABLES, COLUMNS), max_size=12, unique_by=lambda item: item.key)


def snapshot(objects: list[SchemaObject], dialect: str = "postgresql", **more: object) -> Snapshot:
    return Snapshot(dialect, ordered(objects), **more)


@given(OBJECTS, st.randoms(use_true_random=False))
def test_the_fingerprint_ignores_order_hints_and_server(objects: list[SchemaObject], chance: random.Random) -> None:
    shuffled = [item._replace(hints={}) for item in objects]
    chance.shuffle(shuffled)
    one, two = snapshot(objects, server_version="15.1"), snapshot(shuffled, server_version="18.6", schemas=("x",))
    assert one.fingerprint == two.fingerprint
    assert one == two
    assert hash(one) == hash(two)
    assert diff(one, two) == ()


@given(OBJECTS)
def test_json_round_trips_and_is_deterministic(objects: list[SchemaObject]) -> None:
    one = snapshot(objects, coverage=Coverage(("table",), (("grant", "off"),), (("schema x", "closed"),)))
    again = Snapshot.from_json(one.to_json())
    assert again == one
    assert again.objects == one.objects
    assert again.coverage == one.coverage
    assert again.to_json() == one.to_json()


@given(OBJECTS, OBJECTS)
def test_a_difference_is_found_exactly_when_fingerprints_differ(
    ours: list[SchemaObject], theirs: list[SchemaObject]
) -> None:
    one, two = snapshot(ours), snapshot(theirs)
    changes = diff(one, two)
    parents_equal = all(a.parent == b.parent for a in one.objects if (b := two.by_key.get(a.key)) is not None)
    if parents_equal:
        assert bool(changes) == (one.fingerprint != two.fingerprint)
    assert len({change.id for change in changes}) == len(changes)
    assert list(changes) == sorted(changes, key=lambda c: (c.kind, c.object, c.op, c.attribute or ""))


@given(OBJECTS, OBJECTS)
def test_the_other_way_round_extra_is_missing(ours: list[SchemaObject], theirs: list[SchemaObject]) -> None:
    swap = {"extra": "missing", "missing": "extra", "modified": "modified"}
    there = {
        (c.op, c.kind, c.object, c.attribute, c.expected, c.actual) for c in diff(snapshot(ours), snapshot(theirs))
    }
    back = {
        (swap[c.op], c.kind, c.object, c.attribute, c.actual, c.expected)
        for c in diff(snapshot(theirs), snapshot(ours))
    }
    assert there == back


@given(OBJECTS, OBJECTS, st.randoms(use_true_random=False))
def test_the_drift_id_ignores_order(
    ours: list[SchemaObject], theirs: list[SchemaObject], chance: random.Random
) -> None:
    changes = list(diff(snapshot(ours), snapshot(theirs)))
    before = drift_id(changes)
    chance.shuffle(changes)
    assert drift_id(changes) == before
    assert bool(before) == bool(changes)


def table(name: str, **attributes: object) -> SchemaObject:
    return SchemaObject("table", name, "", attributes, {})


def column(parent: str, name: str, **attributes: object) -> SchemaObject:
    return SchemaObject("column", f"{parent}.{name}", parent, attributes, {})


def test_what_belongs_to_a_missing_table_is_part_of_its_change() -> None:
    full = snapshot([table("a"), column("a", "x", type="integer"), table("b")])
    (change,) = diff(full, snapshot([table("b")]))
    assert (change.op, change.kind, change.object, change.severity) == ("missing", "table", "a", "critical")
    (other,) = diff(snapshot([table("a"), column("a", "x", type="bigint"), table("b")]), snapshot([table("b")]))
    assert other.id != change.id


def test_a_change_keeps_its_id() -> None:
    (change,) = diff(snapshot([column("t", "x", type="integer")]), snapshot([column("t", "x", type="bigint")]))
    assert change.id == "b34a0338a7f63796"
    assert drift_id([change]) != change.id
    assert (change.attribute, change.expected, change.actual, change.severity) == (
        "type",
        "integer",
        "bigint",
        "critical",
    )


def test_a_comment_is_only_information() -> None:
    (change,) = diff(snapshot([table("t", comment="a")]), snapshot([table("t")]))
    assert change.severity == "info"


def test_snapshots_of_two_dialects_are_not_compared() -> None:
    with pytest.raises(SnapshotMismatchError, match=r"postgresql snapshot.*sqlite snapshot"):
        diff(snapshot([]), snapshot([], dialect="sqlite"))


def test_snapshots_of_two_normalisers_are_not_compared() -> None:
    with pytest.raises(SnapshotMismatchError, match="take the expected one again"):
        diff(snapshot([], normaliser=0), snapshot([]))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 99}', "null"])
def test_what_is_not_a_snapshot_is_refused(text: str) -> None:
    with pytest.raises(SnapshotFormatError, match="not a snapshot"):
        Snapshot.from_json(text)


def test_a_changed_text_is_refused() -> None:
    content = json.loads(snapshot([table("t")]).to_json())
    content["objects"][0][1] = "other"
    with pytest.raises(SnapshotFormatError, match="fingerprint"):
        Snapshot.from_json(json.dumps(content))


def test_an_unknown_dialect_is_refused() -> None:
    with pytest.raises(UnsupportedDialectError, match=r"no snapshots of oracle.*PostgreSQL 14"):
        fingerprint_query("oracle")
    one, two = snapshot([table("t")], dialect="oracle"), snapshot([], dialect="oracle")
    with pytest.raises(UnsupportedDialectError):
        repair(diff(one, two), one, two)


def test_nothing_to_repair_needs_no_step() -> None:
    assert repair((), snapshot([]), snapshot([])) == ()


@pytest.mark.parametrize("dialect", ["postgresql", "mysql", "mariadb"])
def test_a_fingerprint_query_has_no_placeholders_whatever_the_names(dialect: str) -> None:
    query = fingerprint_query(dialect, ["a%s'b", "c\\d"], ["100%", ":name"])
    assert "%" not in query
