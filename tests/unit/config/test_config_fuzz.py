"""Whatever stands in a fleet file, the answer is a fleet or the list of what is wrong with the file."""

import contextlib
from pathlib import Path

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from stillhouse_config import FleetFileError, json_schema, parse_fleet

KEYS = sorted(
    {key for definition in [json_schema(), *json_schema()["$defs"].values()] for key in definition["properties"]}
)
WORDS = [
    "a", "b", "x-{a}", "{", "sqlite:///a.db", "postgresql://u:${env:A}@h/d", "${env:MISSING}", "${env:A}", "1", "0", "2%", "5m", "never",
    "true", "env=a", "name~*", "!", "Mon 1:00-2:00", "* * * * * for 1h", "2027-01-01", "UTC", "models", "m:x", "each", "*", None,
]  # fmt: skip

keys = st.sampled_from([*KEYS, "a", "b", "nonsense"])
anything = st.recursive(
    st.sampled_from(WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=25,
)
steps = st.lists(
    st.dictionaries(st.sampled_from(["wave", "verify", "pause", "approve"]), anything, max_size=2), max_size=3
)
databases = st.dictionaries(
    st.sampled_from("abc"),
    st.fixed_dictionaries(
        {"url": st.sampled_from(WORDS), "migrations": st.just("m")},
        optional={
            "for_each": st.one_of(anything, st.lists(st.fixed_dictionaries({"a": st.sampled_from("xyz")}), max_size=3)),
            "name": st.just("x-{a}"),
            "depends_on": st.lists(st.sampled_from("abcd"), max_size=2),
            "labels": anything,
            "drift": anything,
            "alembic_ini": anything,
        },
    ),
    min_size=1,
    max_size=3,
)
files = st.fixed_dictionaries(
    {"fleet": st.just("s"), "databases": databases},
    optional={
        "strategies": st.dictionaries(st.sampled_from("ab"), steps, max_size=2),
        "defaults": anything,
        "alerts": anything,
        "api": anything,
    },
)


def problems_of(text):
    try:
        file = parse_fleet(text, Path("/fleet/fleet.yaml"), {"A": "s3cret"}, check_paths=False)
    except FleetFileError as error:
        return error.problems
    with contextlib.suppress(FleetFileError):
        file.expand({one.declaration: [{"a": "x", "schema": "y"}, {}] for one in file.discoveries})
    return ()


def check(content):
    text = yaml.safe_dump(content, sort_keys=False)
    for problem in problems_of(text):
        assert problem.message
        assert 0 < problem.line <= len(text.splitlines()) + 1
        assert "s3cret" not in str(problem)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(keys, anything, max_size=6))
def test_any_content_is_a_fleet_or_its_problems(content):
    check(content)


@settings(max_examples=250, deadline=None)
@given(files)
def test_nearly_right_content_is_a_fleet_or_its_problems(content):
    check(content)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="abc:{}[]-&*!|>'\"#%@`,? \n\t<\\~0", max_size=60))
def test_any_text_is_a_fleet_or_its_problems(text):
    with contextlib.suppress(FleetFileError):
        parse_fleet(text, Path("/fleet/fleet.yaml"), {}, check_paths=False)
