"""Ids and keys by their beginnings."""

from __future__ import annotations

import pytest

from stillhouse_orchestrator.abbreviations import meant
from stillhouse_orchestrator.errors import AmbiguousError, NotFoundError

KEYS = ["drift:ab12", "drift:ab99", "version:ab12", "unreachable:db1:5432", "drift:ab"]


@pytest.mark.parametrize(
    ("word", "key"),
    [("drift:ab1", "drift:ab12"), ("v", "version:ab12"), ("db1", "unreachable:db1:5432"), ("drift:ab", "drift:ab")],
)
def test_the_beginning_is_enough_where_only_one_has_it_and_a_whole_key_always_is(word, key):
    assert meant("alert", word, KEYS, "list them") == key


def test_several_are_named():
    with pytest.raises(AmbiguousError, match="'ab1' is the beginning of 2 alerts") as caught:
        meant("alert", "ab1", KEYS, "list them")
    assert caught.value.candidates == ("drift:ab12", "version:ab12")
    assert "drift:ab12, version:ab12" in caught.value.hint


@pytest.mark.parametrize("word", ["x", ""])
def test_nothing_begins_like_that(word):
    with pytest.raises(NotFoundError, match="no alert"):
        meant("alert", word, KEYS, "list them")
