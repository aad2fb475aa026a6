"""Promise: a renamed column is renamed in SQL text wherever it is a name, and nowhere else."""

from __future__ import annotations

import pytest
from sqlalchemy.dialects import sqlite

from stillhouse_engine.operations.batch.text import mentions, renamed

RENAMED = {
    "a > 1": "z > 1",
    "A > 1": "z > 1",
    "aa > 1 AND a_b < a": "aa > 1 AND a_b < z",
    "b = 'a'": "b = 'a'",
    "b = 'it''s a' AND a = 1": "b = 'it''s a' AND z = 1",
    '"a" > 1': '"z" > 1',
    "`a` > 1": "`z` > 1",
    "[a] > 1": "[z] > 1",
    "a(b) > a": "a(b) > z",
    "lower(a) = a": "lower(z) = z",
    "CREATE INDEX ix ON t (a DESC)": "CREATE INDEX ix ON t (z DESC)",
    "ünï = a": "ünï = z",
    "1a": "1a",
}


@pytest.mark.parametrize("sql", RENAMED)
def test_names_follow(sql):
    assert renamed(sql, {"a": "z"}, str) == RENAMED[sql]


def test_a_name_that_needs_quotes_gets_them():
    assert renamed("a > 1", {"a": "select"}, sqlite.dialect().identifier_preparer.quote) == '"select" > 1'


def test_quotes_inside_a_quoted_name_are_doubled():
    assert renamed('"a" > `a`', {"a": '"`'}, str) == '"""`" > `"```'


def test_two_columns_can_swap_their_names():
    assert renamed("a > b", {"a": "b", "b": "a"}, str) == "b > a"


@pytest.mark.parametrize(("sql", "expected"), [("a > 1", True), ("b = 'a'", False), ('"A" > 1', True), ("a(1)", False)])
def test_what_is_mentioned(sql, expected):
    assert mentions(sql, {"a"}) is expected
