"""A column that a batch drops and adds again, and defaults that a batch copies."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from stillhouse_engine.operations.base import Operations
from stillhouse_engine.runtime.migration import MigrationContext


@pytest.fixture
def connection():
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def objects(connection) -> dict[str, str]:
    rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {name: " ".join(sql.split()) for name, sql in rows}


def test_a_column_that_comes_back_keeps_its_indexes_and_constraints(connection):
    connection.exec_driver_sql(
        "CREATE TABLE t (a INTEGER, b INTEGER, c INTEGER, PRIMARY KEY (a, b), CONSTRAINT u UNIQUE (b, c))"
    )
    connection.exec_driver_sql("CREATE INDEX ib ON t (c, b)")
    operations = Operations(MigrationContext.configure(connection))
    with operations.batch_alter_table("t") as batch:
        batch.drop_column("b")
        batch.add_column(sa.Column("b", sa.BigInteger))
    assert objects(connection) == {
        "t": 'CREATE TABLE "t" ( a INTEGER, c INTEGER, b BIGINT, PRIMARY KEY (a), CONSTRAINT u UNIQUE (b, c) )',
        "ib": "CREATE INDEX ib ON t (c, b)",
    }


@pytest.mark.parametrize(
    ("default", "copied"),
    [
        ("CURRENT_TIMESTAMP", "(CURRENT_TIMESTAMP)"),
        ("TRUE", "(TRUE)"),
        ("(random())", "(random())"),
        ("5", "5"),
        ("'it''s'", "'it''s'"),
        ('"quoted"', '"quoted"'),
        ("((lower('a')) || (lower('b')))", "((lower('a')) || (lower('b')))"),
        ("(\n(lower('a')\n  || 'b')\n)", "((lower('a') || 'b'))"),
    ],
)
def test_a_copied_default_means_what_it_meant(connection, default, copied):
    connection.exec_driver_sql(f"CREATE TABLE t (a INTEGER PRIMARY KEY, b VARCHAR DEFAULT {default})")
    operations = Operations(MigrationContext.configure(connection))
    with operations.batch_alter_table("t", recreate="always") as batch:
        batch.add_column(sa.Column("c", sa.Integer))
    assert f"b VARCHAR DEFAULT {copied}, c INTEGER" in objects(connection)["t"]
