import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillhouse_config import Selector, SelectorError
from stillhouse_config.selectors import Term

LABELS = {"env": "production", "ring": "0", "region": "eu-west-1"}


@pytest.mark.parametrize(
    ("text", "picked"),
    [
        ("env=production", True),
        ("env==production", True),
        ("env = production", True),
        ("env=staging", False),
        ("env!=staging", True),
        ("env!=production", False),
        ("missing=x", False),
        ("missing!=x", True),
        ("region~eu-*", True),
        ("region!~eu-*", False),
        ("missing!~x", True),
        ("env in (staging, production)", True),
        ("env in(staging)", False),
        ("env notin (staging)", True),
        ("missing notin (a)", True),
        ("env", True),
        ("!env", False),
        ("!missing", True),
        ("missing", False),
        ("users_db", True),
        ("users*", True),
        ("*", True),
        ("analytics", False),
        ("name=users_db", True),
        ("name~users_*", True),
        ("name in (users_db,other)", True),
        ("env=production,ring!=2,name~users*", True),
        ("env=production,ring=2", False),
        ('"ring"="0"', True),
        ("env='production'", True),
        ("in=x", False),
        ("notin", False),
    ],
)
def test_a_selector_picks_what_it_says(text, picked):
    assert Selector.parse(text).matches("users_db", LABELS) is picked


@pytest.mark.parametrize(
    ("text", "column"),
    [("", 1), ("  ", 3), ("env=", 5), ("env=a,", 7), (",env", 1), ("env=a b", 7), ("env in a", 8), ("env in (a", 10),
     ("env in ()", 9), ("=x", 1), ("!", 2), ("!env=x", 5), ('env="a', 5), ("a=(b)", 3), ("env in (a) b", 12)],
)  # fmt: skip
def test_a_mistake_is_shown_at_its_column(text, column):
    with pytest.raises(SelectorError) as caught:
        Selector.parse(text)
    assert caught.value.column == column
    assert caught.value.hint


words = st.text(min_size=1, max_size=8)
terms = st.one_of(
    st.builds(Term, words, st.just(""), st.just(()), st.booleans()),
    st.builds(Term, words, st.sampled_from(["=", "~"]), st.tuples(words), st.booleans()),
    st.builds(Term, words, st.just("in"), st.lists(words, min_size=1, max_size=3).map(tuple), st.booleans()),
)


@given(st.lists(terms, min_size=1, max_size=4))
def test_a_written_selector_reads_back_equal(parts):
    selector = Selector(tuple(parts))
    assert Selector.parse(str(selector)) == selector


@given(st.text(max_size=20))
def test_any_text_is_a_selector_or_a_selector_error(text):
    with contextlib.suppress(SelectorError):
        selector = Selector.parse(text)
        assert Selector.parse(str(selector)) == selector


@given(st.lists(terms, min_size=1, max_size=3), words, st.dictionaries(words, words, max_size=3))
def test_a_negated_term_picks_the_others(parts, name, labels):
    for term in parts:
        opposite = Term(term.key, term.operator, term.values, not term.negated)
        assert term.matches(name, labels) is not opposite.matches(name, labels)
