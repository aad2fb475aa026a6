from __future__ import annotations

import pytest

from stillhouse_engine.schema.postgresql.normalise import without_only_relation
from stillhouse_engine.schema.postgresql.statements import literal


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("SELECT t.a FROM t", "SELECT a FROM t"),
        ("SELECT t.a, lower(t.b) AS b FROM other.t WHERE (t.a > 1)", "SELECT a, lower(b) AS b FROM other.t WHERE (a > 1)"),
        ("SELECT x.a FROM t x ORDER BY x.a", "SELECT a FROM t x ORDER BY a"),
        ("SELECT 't.a' AS s FROM t", "SELECT 't.a' AS s FROM t"),
        ("SELECT t.a, u.b FROM (t JOIN u ON ((u.a = t.a)))", "SELECT t.a, u.b FROM (t JOIN u ON ((u.a = t.a)))"),
        ("SELECT t.a FROM t, u", "SELECT t.a FROM t, u"),
        ("SELECT t.a FROM t UNION SELECT u.a FROM u", "SELECT t.a FROM t UNION SELECT u.a FROM u"),
        ("SELECT t.a FROM t WHERE (EXISTS ( SELECT 1 FROM u WHERE (u.a = t.a)))", "SELECT a FROM t WHERE (EXISTS ( SELECT 1 FROM u WHERE (u.a = t.a)))"),
        ("SELECT 1 AS a", "SELECT 1 AS a"),
    ],
)  # fmt: skip
def test_the_only_relation_is_left_out(old: str, new: str) -> None:
    assert without_only_relation(old) == new
    assert without_only_relation(new) == new


@pytest.mark.parametrize(
    ("text", "sql"), [("a", "'a'"), ("it's", "'it''s'"), ("100%", r"E'100\x25'"), ("a\\b'c", r"E'a\\b\'c'")]
)
def test_literals_have_no_placeholders(text: str, sql: str) -> None:
    assert literal(text) == sql
