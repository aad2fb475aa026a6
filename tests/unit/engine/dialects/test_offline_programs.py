"""Promise: offline SQL for MySQL's shells tells them where a statement with others in it ends."""

from __future__ import annotations

import io

import pytest

from stillhouse_engine.operations import Operations
from stillhouse_engine.runtime.migration import MigrationContext


def offline(dialect: str, sql: str) -> str:
    written = io.StringIO()
    context = MigrationContext.configure(dialect_name=dialect, opts={"as_sql": True, "output_buffer": written})
    with Operations.context(context) as op:
        op.execute(sql)
    return written.getvalue().strip()


@pytest.mark.parametrize("dialect", ["mysql", "mariadb"])
@pytest.mark.parametrize(
    ("sql", "delimiter"),
    [
        ("CREATE TRIGGER t BEFORE UPDATE ON a FOR EACH ROW BEGIN SET NEW.b = 1; END", "//"),
        ("CREATE OR REPLACE DEFINER = `a`@`b` FUNCTION f() RETURNS int BEGIN RETURN 1; END", "//"),
        ("BEGIN NOT ATOMIC SELECT 1; SELECT '//'; END", "$$"),
    ],
)
def test_a_statement_that_holds_others(dialect, sql, delimiter):
    assert offline(dialect, sql) == f"DELIMITER {delimiter}\n\n{sql}{delimiter}\n\nDELIMITER ;"


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TRIGGER t BEFORE UPDATE ON a FOR EACH ROW SET NEW.b = ';'",
        "CREATE TABLE `function` (a varchar(5) COMMENT 'a;b')",
        "INSERT INTO a VALUES (1); INSERT INTO a VALUES (2)",
    ],
)
def test_a_statement_that_needs_no_delimiter(sql):
    assert offline("mariadb", sql) == f"{sql};"
