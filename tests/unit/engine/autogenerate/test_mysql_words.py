"""Promise: of an optimizer's trace remains what the server has understood, and nothing of how it says it."""

from __future__ import annotations

import json

import pytest

from stillhouse_engine.autogenerate.reflection.mysql_words import answers, explanation, ordinals, without_nests


def trace(*queries: str) -> str:
    """Write a trace as MySQL and MariaDB do: with conditions whose quotes MariaDB leaves as they are."""
    steps = (f'{{"expanded_query": {json.dumps(query)}}},\n{{"condition": "a = "x""}}' for query in queries)
    return '{"steps": [' + ",\n".join(steps) + "]}"


def test_an_answer_is_told_by_its_mark_and_loses_numbers_and_character_sets():
    said = trace(
        "/* select#4 */ select `t`.`a` AS `a` from `t`",
        "/* select#3 */ select 'stillhouse 1' AS `stillhouse 1` from (/* select#4 */ select _utf8mb4'\\xC3\\xA4' AS `a` from `t`) `w`",
        "/* select#1 */ select 'stillhouse 0' AS `stillhouse 0` from (/* select#2 */ select _latin1'x' AS `a` from `t`) `w`",
    )
    assert answers(said, 3) == [
        "( select _latin1 'x' AS `a` from `t` ) `w`",
        "( select 'ä' AS `a` from `t` ) `w`",
        None,
    ]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("select 1 from (a join b) where (x)", "select 1 from a join b where (x)", True),
        ("select 1 from ((a join b) join c on(x))", "select 1 from (a join b join c on(x))", True),
        ("select 1 from a where (x or y) and z", "select 1 from a where x or y and z", False),
        ("select 1 from (select 1 from a) b", "select 1 from select 1 from a b", False),
    ],
)
def test_parentheses_around_joins_mean_nothing(one, other, same):
    assert (without_nests(one) == without_nests(other)) is same


def test_views_stand_before_the_queries_each_behind_those_that_it_uses():
    views = {"top": ("Top", "SELECT a FROM base"), "base": ("base", "SELECT '😀' AS a"), "other": ("other", "SELECT 1")}
    said = explanation(["SELECT * FROM top -- all\n"], views)
    assert said.startswith(
        "EXPLAIN WITH `base` AS (SELECT '\ue0001f600\ue001' AS a), `Top` AS (SELECT a FROM base) SELECT"
    )
    assert said.endswith("'stillhouse 0' FROM (\nSELECT * FROM top -- all\n\n) AS stillhouse_words")


def test_the_numbers_by_which_a_query_is_sorted():
    assert ordinals("SELECT a FROM t UNION SELECT b FROM t ORDER BY 2, a -- order by 3") == "2"
    assert not ordinals("SELECT 'order by 1' FROM t ORDER BY a")
