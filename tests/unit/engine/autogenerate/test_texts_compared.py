"""Promise: what databases write is taken apart and evened out as they mean it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from stillhouse_engine.autogenerate.compare.check_texts import in_short
from stillhouse_engine.autogenerate.compare.exclude_constraints import split
from stillhouse_engine.autogenerate.compare.sequences import clauses, options_of
from stillhouse_engine.operations.implementations import without_parameters


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ("EXCLUDE USING gist (room WITH &&)", ("gist", [("room", "&&")], None, None)),
        (
            "EXCLUDE USING gist (f(a, 'x') WITH =, \"During\" WITH &&) WHERE ((a > 1)) DEFERRABLE INITIALLY DEFERRED",
            ("gist", [("f(a, 'x')", "="), ('"During"', "&&")], "(a > 1)", " INITIALLY DEFERRED"),
        ),
    ],
)
def test_an_exclusion_constraint_is_taken_apart(definition, expected):
    parts = split(definition)
    assert (parts["using"], parts["elements"], parts["where"], parts["deferred"]) == expected


def test_an_unknown_form_is_an_error():
    with pytest.raises(ValueError, match="unknown form of an exclusion constraint"):
        split("UNIQUE (a)")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("CHECK (((a>1)))", 'check ("A" > 1)', True),
        ("CHECK ((a) > (b))", "CHECK (a > b)", False),
        ("CHECK (a = 'X')", "CHECK (a = 'x')", False),
    ],
)
def test_checks_of_sqlite_are_compared_without_what_does_not_count(one, other, same):
    assert (in_short(one) == in_short(other)) is same


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, {"minimum": 1, "maximum": 2**63 - 1, "start": 1, "increment": 1, "type": "bigint"}),
        ({"increment": -2}, {"minimum": -(2**63), "maximum": -1, "start": -1, "increment": -2}),
        ({"data_type": sa.SmallInteger}, {"maximum": 32767, "type": "smallint"}),
        ({"minvalue": 5, "cycle": True}, {"start": 5, "cycle": True}),
    ],
)
def test_a_sequence_has_postgresqls_defaults(said, expected):
    found = options_of(SimpleNamespace(dialect=postgresql.dialect()), sa.Sequence("s", **said))
    assert {name: found[name] for name in expected} == expected


def test_options_are_said_in_one_order():
    assert clauses({"cycle": None, "start": 3, "type": "integer"}) == "AS integer START WITH 3 NO CYCLE"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT ':x', a::text, '12:30', b[1:2]", r"SELECT '\:x', a::text, '12:30', b[1:2]"),
        ("NEW.a := 1", "NEW.a := 1"),
        (r"SELECT '\:x'", r"SELECT '\:x'"),
    ],
)
def test_colons_are_no_parameters(sql, expected):
    assert without_parameters(sql) == expected
    assert sa.text(expected)._bindparams == {}
