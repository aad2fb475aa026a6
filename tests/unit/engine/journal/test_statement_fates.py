"""What becomes of a statement, told by its dialect and its first words."""

from __future__ import annotations

import pytest

from stillhouse_engine.runtime.journal_mysql import question_of
from stillhouse_engine.runtime.journal_postgresql import CREATE_INDEX, DROP_INDEX
from stillhouse_engine.runtime.journal_statements import Fate, fate, fits_transaction


@pytest.mark.parametrize(
    ("dialect", "sql", "expected"),
    [
        ("mysql", "INSERT INTO a VALUES (1)", Fate.ATOMIC),
        ("mariadb", "/* why */ CREATE TABLE a (id INT)", Fate.ALONE),
        ("mysql", "CREATE TEMPORARY TABLE a (id INT)", Fate.TEMPORARY),
        ("mysql", "SET FOREIGN_KEY_CHECKS = 0", Fate.PASSING),
        ("mysql", "COMMIT", Fate.COMMITTING),
        ("mysql", "CALL tidy()", Fate.ALONE),
        ("postgresql", "CREATE TABLE a (id INT)", Fate.ATOMIC),
        ("postgresql", "SELECT set_config('a.b', 'c', false)", Fate.PASSING),
        ("postgresql", "ROLLBACK TO SAVEPOINT one", Fate.PASSING),
        ("postgresql", "COMMIT", Fate.COMMITTING),
        ("sqlite", "PRAGMA foreign_keys = ON", Fate.PASSING),
        ("sqlite", "VACUUM", Fate.PASSING),
        ("sqlite", "DROP TABLE a", Fate.ATOMIC),
    ],
)
def test_inside_a_transaction(dialect, sql, expected):
    assert fate(dialect, sql, autocommit=False, read_by_user=False) is expected


def test_a_question_is_asked_again_and_a_change_hidden_in_one_is_not():
    assert fate("postgresql", "SELECT 1", autocommit=False, read_by_user=True) is Fate.PASSING
    hidden = "WITH gone AS (DELETE FROM a RETURNING *) SELECT * FROM gone"
    assert fate("postgresql", hidden, autocommit=False, read_by_user=True) is Fate.ATOMIC


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("INSERT INTO a VALUES (1)", True),
        ("CREATE UNIQUE INDEX i ON a (b)", True),
        ("CREATE INDEX CONCURRENTLY i ON a (b)", False),
        ("ALTER TABLE a DETACH PARTITION b CONCURRENTLY", False),
        ("ALTER TYPE mood ADD VALUE 'x'", False),
        ("CALL tidy()", False),
        ("INSERT INTO a VALUES (1); INSERT INTO a VALUES (2)", False),
    ],
)
def test_which_statements_may_share_a_transaction_with_their_row(sql, expected):
    assert fits_transaction("postgresql", sql) is expected


@pytest.mark.parametrize(
    ("sql", "kind", "names", "expect"),
    [
        ("CREATE TABLE IF NOT EXISTS `a b` (id INT)", "relation", ("`a b`",), "present"),
        ("ALTER SEQUENCE a INCREMENT BY 2", "again", (), None),
        ("\nCREATE TABLE other.a (id INT)", "relation", ("other.a",), "present"),
        ("DROP TABLE a, b", "relation", ("a", "b"), "absent"),
        ("ALTER TABLE a ADD COLUMN b INT", "relation", ("a",), None),
        ("CREATE UNIQUE INDEX ix ON a (b)", "relation", ("a",), None),
        ("DROP INDEX ix ON a", "relation", ("a",), None),
        ("RENAME TABLE a TO b", "renamed", ("a", "b"), None),
        (
            "CREATE DEFINER=`me`@`%` TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.b = 1",
            "trigger",
            ("t",),
            "present",
        ),
        ("CREATE OR REPLACE ALGORITHM=MERGE VIEW v AS SELECT 1", "relation", ("v",), "present"),
        ("DROP PROCEDURE IF EXISTS p", "routine", ("p",), "absent"),
        ("TRUNCATE TABLE a", "again", (), None),
    ],
)
def test_what_mysql_is_asked(sql, kind, names, expect):
    question = question_of(sql)
    assert question is not None
    assert (question.kind, question.names, question.expect) == (kind, names, expect)


@pytest.mark.parametrize(
    "sql",
    [
        "CALL tidy()",
        "ALTER DATABASE CHARACTER SET utf8mb4",
        "INSERT INTO a VALUES (1)",
        "ALTER SEQUENCE a RESTART",
        "ALTER TABLE a EXCHANGE PARTITION p WITH TABLE b",
        "ALTER TABLE s.a TRUNCATE PARTITION p",
    ],
)
def test_what_mysql_cannot_be_asked(sql):
    assert question_of(sql) is None


def test_what_postgresql_is_asked():
    made = CREATE_INDEX.match('CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "Ix" ON ONLY s.a USING btree (b)')
    assert made is not None
    assert (made["index"], made["table"]) == ('"Ix"', "s.a")
    assert CREATE_INDEX.match("CREATE INDEX CONCURRENTLY ON a (b)") is None, "without a name nothing can be looked for"
    assert DROP_INDEX.match("DROP INDEX CONCURRENTLY s.ix;") is not None
