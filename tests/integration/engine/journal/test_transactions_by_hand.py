"""What revisions do to transactions by themselves neither loses what a transaction holds nor hides what failed."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.postgresql


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
def test_an_isolation_level_that_is_refused_takes_nothing_out_of_the_transaction(make_database, driver):
    database = make_database(driver)
    database.revisions(
        "op.create_table('a', sa.Column('id', sa.Integer))",
        """
op.create_table('b', sa.Column('id', sa.Integer))
try:
    op.get_bind().execution_options(isolation_level='AUTOCOMMIT')
except sa.exc.InvalidRequestError as error:
    assert 'may not be altered' in str(error)
op.create_table('c', sa.Column('id', sa.Integer))
raise ValueError('the end')
""",
    )
    assert "the end" in database.run()
    assert not database.tables() & {"b", "c", "stillhouse_journal"}


def test_what_fails_after_a_commit_by_hand_is_what_is_told(make_database):
    database = make_database("psycopg")
    database.revisions(
        """
op.execute("CREATE TYPE letter AS ENUM ('a')")
op.execute("COMMIT")
op.execute("ALTER TYPE letter ADD VALUE 'b'")
op.execute("CREATE TABLE t (l letter)")
op.execute("INSERT INTO t VALUES ('b')")
"""
    )
    assert "unsafe use of new value" in database.run()
