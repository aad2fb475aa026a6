from pathlib import Path

import yaml
from hypothesis import given
from hypothesis import strategies as st

from stillhouse_config.document import path_of, read_document
from stillhouse_config.interpolation import Interpolator

MINIMAL = """
    fleet: shop
    databases:
      users_db: {url: "sqlite:///users.db", migrations: m}
"""


def read(text, **environ):
    return read_document(text, "fleet.yaml", Interpolator(environ, Path("/fleet")))


def test_every_scalar_is_the_text_that_was_written():
    text = "[no, yes, on, 12:30:00, 007, 0x1F, 1e3, 1_000, 2027-03-01, true, .5, '', \"~\", ==, =]"
    assert read(text).content == [
        "no", "yes", "on", "12:30:00", "007", "0x1F", "1e3", "1_000", "2027-03-01", "true", ".5", "", "~", "==", "="
    ]  # fmt: skip


def test_what_is_left_empty_is_nothing():
    assert read("{a: , b: ~, c: null, d: 'null'}").content == {"a": None, "b": None, "c": None, "d": "null"}


def test_anchors_and_merge_keys_work_as_ever():
    text = "base: &b {x: a, y: b}\nmore: &m {y: c, z: d}\none: {<<: *b, y: e}\ntwo: {<<: [*b, *m]}\nthree: *b\n'<<': text\n"
    document = read(text)
    assert document.content == {
        "base": {"x": "a", "y": "b"}, "more": {"y": "c", "z": "d"}, "one": {"x": "a", "y": "e"},
        "two": {"x": "a", "y": "b", "z": "d"}, "three": {"x": "a", "y": "b"}, "<<": "text",
    }  # fmt: skip
    assert not document.problems
    assert document.position(("one", "x"))[:2] == (1, 14)
    assert document.position(("one", "y"))[:2] == (3, 18)
    assert document.position(("two", "z"))[:2] == (2, 20)


def test_a_duplicate_key_is_refused_wherever_it_is():
    document = read("a: 1\nb:\n  - {x: 1, x: 2}\na: 3\n")
    assert [(one.line, one.column, one.path) for one in document.problems] == [(3, 12, "b[0].x"), (4, 1, "a")]
    assert "line 1" in document.problems[1].hint


def test_tags_and_odd_keys_and_bad_merges_are_refused():
    document = read("a: !!python/object:os.system x\nb: !Custom [1]\n? [c]\n: d\ne: {<<: text}\nf: !!int '3'\n")
    assert [one.line for one in document.problems] == [1, 2, 3, 5, 6]


def test_an_alias_inside_its_own_anchor_is_refused():
    document = read("a: &a\n  b: [*a]\n")
    assert [one.path for one in document.problems] == ["a.b[0]"]


def test_aliases_that_explode_are_refused():
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    document = read("\n".join(levels))
    assert "aliases expand" in document.problems[0].message


def test_text_that_is_no_yaml_is_one_problem_with_its_place():
    for text, line in [
        ("a: [1\nb: 2\n", 2),
        ("a: b: c\n", 1),
        ("\ta: 1\n", 1),
        ("a: 'x\n", 2),
        ("a: 1\n---\nb: 2\n", 2),
        ("a: *x\n", 1),
        ("a: @x\n", 1),
    ]:
        document = read(text)
        (problem,) = document.problems
        assert (problem.line, bool(problem.hint)) == (line, True), text


def test_deep_nesting_is_a_problem_and_no_crash():
    document = read("[" * 5000 + "]" * 5000)
    assert document.problems


def test_control_characters_are_a_problem_and_no_crash():
    assert read("a: \x00b\n").problems


keys = st.text(alphabet="abcdefgh_-é 1", min_size=1, max_size=6).filter(lambda key: key.strip() == key)
scalars = st.text(alphabet="abc no1:~#'\"é{}[]$%", max_size=8).filter(lambda text: "${" not in text)
trees = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=20,
)


def locations(tree, location=()):
    yield location, tree
    children = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for step, child in children:
        yield from locations(child, (*location, step))


@given(st.dictionaries(keys, trees, min_size=1, max_size=4), st.sampled_from([True, False, None]), st.integers(2, 6))
def test_any_tree_reads_back_equal_and_every_place_in_it_is_found(tree, flow, indent):
    text = yaml.safe_dump(tree, default_flow_style=flow, indent=indent, allow_unicode=True, default_style='"', width=60)
    document = read(text)
    assert not document.problems
    assert document.content == tree
    lines = text.splitlines()
    for location, value in locations(tree):
        line, column, found = document.position(location)
        assert found == location
        there = lines[line - 1][column - 1 :]
        assert there.startswith('"' if isinstance(value, str) else ("{", "[", '"', "- ", "?", "-"))


@given(st.dictionaries(keys, trees, min_size=1, max_size=4), st.data())
def test_any_duplicate_key_is_found_where_it_stands(tree, data):
    name = data.draw(st.sampled_from(sorted(tree)))
    text = yaml.safe_dump(tree, default_style='"', allow_unicode=True)
    again = yaml.safe_dump({name: "again"}, default_style='"', allow_unicode=True)
    document = read(text + again)
    assert [(one.line, one.column, one.path) for one in document.problems] == [
        (len(text.splitlines()) + 1, 1, path_of((name,)))
    ]
