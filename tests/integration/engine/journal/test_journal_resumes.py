"""A run that dies between statements which commit by themselves is gone on with at the right statement."""

from __future__ import annotations

import os

import pytest

ALL = "STILLHOUSE_KILLS" in os.environ
"""Whether to die at every place rather than at each kind of place; it takes minutes."""

MARIA = (
    "op.create_table('log', sa.Column('id', sa.Integer, primary_key=True), sa.Column('said', sa.String(50)))",
    """
op.execute("INSERT INTO log (said) VALUES ('r2 first')")
op.execute("SET FOREIGN_KEY_CHECKS = 0")
op.create_table('a', sa.Column('id', sa.Integer, primary_key=True), sa.Column('name', sa.String(20)))
op.get_bind().execute(sa.text("INSERT INTO log (said) VALUES ('r2 bound')"))
op.add_column('a', sa.Column('extra', sa.Integer))
op.create_index('ix_a_name', 'a', ['name'])
op.bulk_insert(sa.table('log', sa.column('said')), [{'said': 'r2 bulk 1'}, {'said': 'r2 bulk 2'}])
op.get_bind().execute(sa.text("ALTER TABLE a ADD COLUMN direct INT"))
op.alter_column('a', 'name', existing_type=sa.String(20), type_=sa.String(40), nullable=False)
op.execute("CREATE TRIGGER tr BEFORE INSERT ON a FOR EACH ROW SET NEW.extra = 1")
op.execute("CREATE VIEW v AS SELECT id FROM a")
op.execute("RENAME TABLE a TO b")
op.create_unique_constraint('uq_b', 'b', ['extra'])
op.drop_column('b', 'direct')
op.execute("INSERT INTO log (said) VALUES ('r2 last')")
""",
    "op.drop_table('log2') if False else op.execute(\"INSERT INTO log (said) VALUES ('r3')\")",
)
SAID = ["r2 first", "r2 bound", "r2 bulk 1", "r2 bulk 2", "r2 last", "r3"]
MARIA_POINTS = [
    *(f"{point}:{nth}" for point in ("after_intent", "before_done", "after_done") for nth in range(1, 12)),
    *(f"{point}:{nth}" for point in ("before_statement", "after_statement") for nth in (1, 3, 5, 8, 13)),
    *(f"{point}:2" for point in ("before_version_row", "after_version_row", "before_commit", "after_commit")),
]


@pytest.mark.mariadb
def test_mariadb_goes_on_wherever_it_died(make_database, mariadb):
    mariadb.revisions(*MARIA)
    mariadb.upgraded()
    expected = mariadb.rows("SHOW CREATE TABLE b")
    assert [said for (said,) in mariadb.rows("SELECT said FROM log ORDER BY id")] == SAID
    assert mariadb.rows("SELECT count(*) FROM stillhouse_journal") == [(0,)]
    died = 0
    points = MARIA_POINTS if ALL else MARIA_POINTS[::4]
    for point in points:
        for (table,) in mariadb.rows(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
        ):
            mariadb.do(f"DROP {'VIEW' if table == 'v' else 'TABLE'} `{table}`")
        died += mariadb.run(fault=point) is None
        mariadb.upgraded()
        assert [said for (said,) in mariadb.rows("SELECT said FROM log ORDER BY id")] == SAID, point
        assert mariadb.rows("SHOW CREATE TABLE b") == expected, point
        assert mariadb.rows("SELECT count(*) FROM stillhouse_journal") == [(0,)], point
        assert mariadb.rows("SELECT version_num FROM alembic_version") == [("r3",)], point
    assert died > len(points) / 2


POSTGRES = (
    "op.create_table('log', sa.Column('id', sa.Integer, primary_key=True), sa.Column('said', sa.String(50)))",
    """
op.execute("INSERT INTO log (said) VALUES ('before')")
op.create_table('a', sa.Column('id', sa.Integer, primary_key=True), sa.Column('name', sa.String(20)))
op.get_bind().execute(sa.text("INSERT INTO log (said) VALUES (:what)"), {'what': 'bound before'})
op.execute("CREATE TYPE mood AS ENUM ('calm')")
with op.get_context().autocommit_block():
    op.create_index('ix_a', 'a', ['name'], postgresql_concurrently=True)
    op.execute("INSERT INTO log (said) VALUES ('inside')")
    op.execute("CREATE INDEX CONCURRENTLY ix_b ON a (id, name)")
    op.execute("ALTER TYPE mood ADD VALUE 'glad'")
    op.execute("CREATE TABLE inside (id int)")
op.execute("INSERT INTO log (said) VALUES ('between')")
op.drop_index('ix_b', 'a', postgresql_concurrently=True)
op.execute("INSERT INTO log (said) VALUES ('after')")
""",
)
POSTGRES_SAID = ["before", "bound before", "inside", "between", "after"]
POSTGRES_POINTS = [
    *(f"{point}:{nth}" for point in ("after_intent", "before_done", "after_done") for nth in range(1, 6)),
    *(f"{point}:{nth}" for point in ("before_statement", "after_statement") for nth in (2, 4, 6, 8, 10)),
    *(f"{point}:{nth}" for point in ("before_commit", "after_commit") for nth in (1, 2, 3)),
    *(f"{point}:{nth}" for point in ("before_version_row", "after_version_row") for nth in (1, 2)),
]


@pytest.mark.postgresql
@pytest.mark.parametrize("driver", ["asyncpg", "psycopg"])
def test_postgresql_goes_on_with_what_an_autocommit_block_left(driver, make_database):
    database = make_database(driver)
    database.revisions(*POSTGRES)
    died = 0
    points = POSTGRES_POINTS if ALL else POSTGRES_POINTS[::5]
    for point in [None, *points]:
        database.do("DROP SCHEMA public CASCADE")
        database.do("CREATE SCHEMA public")
        if point is not None:
            died += database.run(fault=point) is None
        database.upgraded()
        assert [said for (said,) in database.rows("SELECT said FROM log ORDER BY id")] == POSTGRES_SAID, point
        indexes = database.rows(
            "SELECT indexrelid::regclass::text, indisvalid FROM pg_index WHERE indrelid = 'a'::regclass"
        )
        assert sorted(indexes) == [("a_pkey", True), ("ix_a", True)], point
        assert database.rows("SELECT enumlabel FROM pg_enum ORDER BY enumsortorder") == [("calm",), ("glad",)], point
        assert database.rows("SELECT count(*) FROM stillhouse_journal") == [(0,)], point
    assert died > len(points) / 2


SQLITE = (
    "op.create_table('log', sa.Column('id', sa.Integer, primary_key=True), sa.Column('said', sa.String(50)))",
    """
op.execute("INSERT INTO log (said) VALUES ('before')")
op.execute("PRAGMA foreign_keys = ON")
op.create_table('a', sa.Column('id', sa.Integer, primary_key=True))
op.get_bind().execute(sa.text("INSERT INTO log (said) VALUES ('bound')"))
op.execute("VACUUM")
with op.get_context().autocommit_block():
    op.execute("INSERT INTO log (said) VALUES ('inside')")
    op.execute("CREATE TABLE inside (id int)")
op.execute("INSERT INTO log (said) VALUES ('after')")
""",
)


@pytest.mark.parametrize("kind", ["sqlite", "aiosqlite"])
def test_sqlite_goes_on_after_what_cannot_share_a_transaction(kind, make_database, tmp_path):
    database = make_database(kind)
    database.revisions(*SQLITE)
    died = 0
    points = [f"{point}:{nth}" for point in ("before_statement", "after_statement") for nth in range(2, 9)]
    points += [f"{point}:{nth}" for point in ("before_done", "after_done") for nth in (1, 2)]
    points += [f"{point}:{nth}" for point in ("before_commit", "after_commit") for nth in (2, 3)]
    points = points if ALL else points[::3]
    for point in [None, *points]:
        for file in (tmp_path / kind).glob("x.db*"):
            file.unlink()
        if point is not None:
            died += database.run(fault=point) is None
        database.upgraded()
        said = [said for (said,) in database.rows("SELECT said FROM log ORDER BY id")]
        assert said == ["before", "bound", "inside", "after"], point
        assert database.rows("SELECT count(*) FROM stillhouse_journal") == [(0,)], point
    assert died > len(points) / 2


@pytest.mark.parametrize("kind", ["sqlite", "asyncpg", "psycopg"])
def test_where_everything_is_transactional_there_is_no_journal(kind, make_database):
    database = make_database(kind)
    database.revisions(
        "op.create_table('a', sa.Column('id', sa.Integer))", "op.add_column('a', sa.Column('x', sa.Integer))"
    )
    assert database.run(fault="before_version_row:2") is None
    database.upgraded()
    assert database.tables() == {"alembic_version", "a"}
