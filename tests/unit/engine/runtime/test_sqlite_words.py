from __future__ import annotations

import pytest

from stillhouse_engine.runtime.sqlite import begins_transaction, first_word, foreign_keys_wanted


@pytest.mark.parametrize(
    ("statement", "word"),
    [
        ("\n-- why\n/* and how */ create table t (a)", "CREATE"),
        ("SELECT 1", "SELECT"),
        ("  ", ""),
        ("(select 1)", ""),
        ("/* CREATE */ pragma foreign_keys", "PRAGMA"),
    ],
)
def test_first_word_is_found_past_blanks_and_comments(statement, word):
    assert first_word(statement) == word


@pytest.mark.parametrize(
    "statement", ["CREATE TABLE t (a)", "insert into t values (1)", "WITH x AS (SELECT 1) DELETE FROM t"]
)
def test_what_writes_begins_a_transaction(statement):
    assert begins_transaction(statement)


@pytest.mark.parametrize(
    "statement", ["SELECT 1", "PRAGMA foreign_keys=OFF", "VACUUM", "ATTACH 'x' AS y", "SAVEPOINT a", "COMMIT"]
)
def test_what_reads_or_cannot_run_inside_begins_none(statement):
    assert not begins_transaction(statement)


@pytest.mark.parametrize(
    ("statement", "wanted"),
    [
        ("PRAGMA foreign_keys=OFF", False),
        ("PRAGMA foreign_keys = on", True),
        ("pragma main.foreign_keys(1)", True),
        ("PRAGMA foreign_keys", None),
        ("PRAGMA foreign_key_check", None),
        ("SELECT 'PRAGMA foreign_keys=ON'", None),
    ],
)
def test_foreign_keys_wanted(statement, wanted):
    assert foreign_keys_wanted(statement) is wanted
