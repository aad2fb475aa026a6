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


COMMITS = """
op.create_table('a', sa.Column('b', sa.Integer))
op.execute('INSERT INTO a VALUES (1)')
op.get_bind().commit()
op.execute('INSERT INTO a VALUES (2)')
{end}
op.create_table('c', sa.Column('d', sa.Integer))
"""


@pytest.mark.parametrize("kind", ["asyncpg", "sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def test_what_follows_a_commit_of_the_connection_commits_with_the_version_row(make_database, kind):
    database = make_database(kind)
    database.revisions(COMMITS.format(end="raise ValueError('the end')"))
    assert "the end" in database.run()
    assert database.rows("SELECT b FROM a") == [(1,)]
    database.revisions(COMMITS.format(end=""))
    database.upgraded()
    assert database.rows("SELECT b FROM a ORDER BY b") == [(1,), (2,)]
    assert database.tables() == {"a", "c", "alembic_version", "stillhouse_journal"}
    assert database.rows("SELECT version_num FROM alembic_version") == [("r1",)]


@pytest.mark.parametrize("kind", ["psycopg", "sqlite"])
def test_what_a_revision_rolls_back_is_not_taken_for_done(make_database, kind):
    database = make_database(kind)
    steps = (
        "op.create_table('a', sa.Column('b', sa.Integer))",
        "op.execute('INSERT INTO a VALUES (1)')\nop.get_bind().rollback()\nop.execute('INSERT INTO a VALUES (2)')\nop.get_bind().commit()\n{end}",
    )
    database.revisions(steps[0])
    database.upgraded()
    database.revisions(steps[0], steps[1].format(end="raise ValueError('the end')"))
    assert "the end" in database.run()
    database.revisions(steps[0], steps[1].format(end=""))
    database.upgraded()
    assert database.rows("SELECT b FROM a") == [(2,)]
