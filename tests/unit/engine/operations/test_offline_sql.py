"""Promise: offline, every directive writes on every dialect the text that Alembic 1.20.1 writes, and fails as it does."""

from __future__ import annotations

import pytest
from both_engines import alembics, ours
from sql_cases import ALL, CONVENTION, GROUPS, NAMED
from sqlalchemy import MetaData

DIFFERENT = {
    # What is written instead, and why, is in test_better_sql.
    ("alterations", "comment with type", "mssql"),
    ("alterations", "comment in schema", "oracle"),
    ("alterations", "comment changed", "oracle"),
    ("alterations", "comment away", "oracle"),
    ("alterations", "all with comment", "oracle"),
    ("alterations", "renamed to boolean", "mysql"),
    ("alterations", "renamed to boolean", "mariadb"),
    ("alterations", "renamed to boolean", "oracle"),
}

CASES = [
    pytest.param(case, dialect, id=f"{group}-{name}-{dialect}")
    for group, cases in GROUPS.items()
    for name, case in cases.items()
    for dialect in ALL
    if (group, name, dialect) not in DIFFERENT
]


@pytest.mark.parametrize(("case", "dialect"), CASES)
def test_the_text_is_alembics(case, dialect):
    assert ours(case, dialect) == alembics(case, dialect)


@pytest.mark.parametrize("dialect", ["postgresql", "mysql", "mssql", "sqlite"])
@pytest.mark.parametrize("name", NAMED)
def test_the_text_follows_the_naming_convention(name, dialect):
    options = {"target_metadata": MetaData(naming_convention=CONVENTION)}
    assert ours(NAMED[name], dialect, **options) == alembics(NAMED[name], dialect, **options)
