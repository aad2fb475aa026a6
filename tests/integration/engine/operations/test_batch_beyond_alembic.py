"""Promise: a batch on SQLite loses nothing that Alembic's would lose, and clears up after an attempt that died."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import sqlalchemy as sa
from schema_dump import dump

import servers
from stillhouse_engine.errors import CommandError
from stillhouse_engine.operations import Operations
from stillhouse_engine.runtime.migration import MigrationContext

BEFORE = """
CREATE TABLE t (
    id INTEGER PRIMARY KEY,
    a INTEGER,
    b TEXT,
    g INTEGER GENERATED ALWAYS AS (a + 1),
    CONSTRAINT ck_a CHECK (a > 0 AND b <> 'a')
);
CREATE INDEX ix_lower ON t (lower(b), a);
CREATE INDEX ix_partial ON t (b) WHERE a > 5;
CREATE INDEX ix_desc ON t (a DESC);
INSERT INTO t (id, a, b) VALUES (1, 10, 'x'), (2, 20, 'y')
"""


@pytest.fixture
def database(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'one.db'}")
    run(engine, BEFORE)
    yield engine
    engine.dispose()


def run(engine: sa.Engine, script: str) -> None:
    with engine.begin() as connection:
        for statement in script.split(";"):
            connection.exec_driver_sql(statement)


def alter(engine: sa.Engine, change: Any, **options: Any) -> dict[str, Any]:
    with engine.begin() as connection:
        alter_on(connection, change, **options)
    with engine.connect() as connection:
        return dump(connection)["t"]


def alter_on(connection: sa.Connection, change: Any, **options: Any) -> None:
    operations = Operations(MigrationContext.configure(connection))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression-based index")
        with operations.batch_alter_table("t", **{"recreate": "always", **options}) as batch:
            change(batch)


def indexes(engine: sa.Engine) -> dict[str, str]:
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'index'")
        return {name: " ".join(sql.split()) for name, sql in rows}


def test_every_kind_of_index_survives(database):
    before = indexes(database)
    alter(database, lambda b: b.alter_column("b", nullable=False))
    assert indexes(database) == before


def test_indexes_and_conditions_follow_a_rename(database):
    after = alter(database, lambda b: b.alter_column("b", new_column_name="text"))
    assert indexes(database) == {
        "ix_lower": "CREATE INDEX ix_lower ON t (lower(text), a)",
        "ix_partial": "CREATE INDEX ix_partial ON t (text) WHERE a > 5",
        "ix_desc": "CREATE INDEX ix_desc ON t (a DESC)",
    }
    assert after["checks"] == [{"name": "ck_a", "sqltext": "a > 0 AND text <> 'a'"}]
    assert after["rows"] == ["(1, 10, 'x', 11)", "(2, 20, 'y', 21)"]


def test_a_table_named_as_its_column_keeps_its_name(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'two.db'}")
    run(engine, "CREATE TABLE t (t INTEGER, u INTEGER); CREATE INDEX t_index ON t (t DESC)")
    alter(engine, lambda b: b.alter_column("t", new_column_name="z"))
    assert indexes(engine) == {"t_index": "CREATE INDEX t_index ON t (z DESC)"}
    engine.dispose()


def test_an_index_goes_with_the_column_that_it_needs(database):
    alter(database, lambda b: [b.drop_constraint("ck_a"), b.drop_column("b")])
    assert sorted(indexes(database)) == ["ix_desc"]


def test_an_expression_index_can_be_dropped(database):
    alter(database, lambda b: b.drop_index("ix_lower"))
    assert sorted(indexes(database)) == ["ix_desc", "ix_partial"]


def test_computed_columns_survive(database):
    after = alter(database, lambda b: b.alter_column("a", nullable=False))
    assert [column["name"] for column in after["columns"]] == ["id", "a", "b", "g"]
    assert after["rows"] == ["(1, 10, 'x', 11)", "(2, 20, 'y', 21)"]


def test_a_leftover_temporary_table_is_dropped(database):
    run(database, "CREATE TABLE _alembic_tmp_t (junk INTEGER)")
    after = alter(database, lambda b: b.alter_column("a", nullable=False))
    assert len(after["rows"]) == 2
    with database.connect() as connection:
        assert sa.inspect(connection).get_table_names() == ["t"]


def test_data_that_is_only_in_the_temporary_table_is_kept(database):
    # An attempt without a transaction died between DROP TABLE and RENAME.
    run(database, "ALTER TABLE t RENAME TO _alembic_tmp_t")
    after = alter(database, lambda b: b.alter_column("a", nullable=False))
    assert after["rows"] == ["(1, 10, 'x', 11)", "(2, 20, 'y', 21)"]


def test_a_failed_copy_leaves_the_table_and_no_temporary_one(database):
    run(database, "INSERT INTO t (id, a, b) VALUES (3, NULL, 'z')")
    with database.connect() as connection:
        with pytest.raises(sa.exc.IntegrityError):
            alter_on(connection, lambda b: b.alter_column("a", nullable=False))
        connection.commit()
    with database.connect() as connection:
        assert sa.inspect(connection).get_table_names() == ["t"]
        assert connection.exec_driver_sql("SELECT count(*) FROM t").scalar() == 3


REFERRING = """
CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, up INTEGER REFERENCES t (id) ON DELETE CASCADE);
CREATE TABLE child (id INTEGER PRIMARY KEY, t_id INTEGER REFERENCES t (id) ON DELETE CASCADE);
INSERT INTO t VALUES (1, 1, NULL)
"""


@pytest.mark.parametrize("rows", ["INSERT INTO child VALUES (1, 1)", "INSERT INTO t VALUES (2, 1, 1)"])
def test_rows_that_would_go_with_the_old_table_are_protected(tmp_path, rows):
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'three.db'}")
    sa.event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys=ON"))
    run(engine, f"{REFERRING}; {rows}")
    with engine.connect() as connection:
        before = dump(connection)
    with pytest.raises(CommandError, match="PRAGMA foreign_keys=OFF"):
        alter(engine, lambda b: b.alter_column("a", nullable=False))
    with engine.connect() as connection:
        assert dump(connection) == before
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        alter_on(connection, lambda b: b.alter_column("a", nullable=False))
        connection.commit()
        assert [table["rows"] for table in dump(connection).values()] == [table["rows"] for table in before.values()]
    engine.dispose()


def test_without_such_rows_enforced_foreign_keys_do_not_matter(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'four.db'}")
    sa.event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys=ON"))
    run(engine, REFERRING)
    assert alter(engine, lambda b: b.alter_column("a", nullable=False))["rows"] == ["(1, 1, None)"]
    engine.dispose()


@pytest.mark.mariadb
def test_a_condition_follows_a_rename_on_mariadb(mariadb_server, mariadb_database):
    engine = sa.create_engine(mariadb_server.url(mariadb_database(), driver="pymysql"))
    run(
        engine,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, c INTEGER, CONSTRAINT ck CHECK (c > 0)); INSERT INTO t VALUES (1, 5)",
    )
    after = alter(engine, lambda b: b.alter_column("c", new_column_name="cc"))
    assert after["checks"] == [{"name": "ck", "sqltext": "(`cc` > 0)" if servers.MYSQL else "`cc` > 0"}]
    assert after["rows"] == ["(1, 5)"]
    engine.dispose()


@pytest.mark.postgresql
def test_the_failure_of_a_batch_is_what_is_raised_on_postgresql(postgres_server, postgres_database):
    engine = sa.create_engine(postgres_server.url(postgres_database(), driver="psycopg"))
    run(engine, "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER); INSERT INTO t VALUES (1, NULL)")
    with pytest.raises(sa.exc.IntegrityError, match="violates not-null constraint"):
        alter(engine, lambda b: b.alter_column("a", nullable=False))
    with engine.connect() as connection:
        assert dump(connection)["t"]["rows"] == ["(1, None)"]
    engine.dispose()


USERS = {
    "a view": ("CREATE VIEW v AS SELECT id, b FROM t",),
    "views upon views": ("CREATE VIEW v AS SELECT id AS n FROM t", "CREATE VIEW w AS SELECT n FROM v"),
    "the trigger of another table": (
        "CREATE TABLE other (x INTEGER)",
        "CREATE TRIGGER g AFTER INSERT ON other BEGIN INSERT INTO t (a, b) VALUES (NEW.x, 'from other'); END",
    ),
    "the trigger of a view": (
        "CREATE VIEW v AS SELECT a FROM t",
        "CREATE TRIGGER g INSTEAD OF INSERT ON v BEGIN INSERT INTO t (a, b) VALUES (NEW.a, 'from v'); END",
    ),
}


@pytest.mark.parametrize("statements", USERS.values(), ids=USERS)
def test_a_table_is_made_anew_under_what_uses_it(database, statements):
    with database.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
        query = "SELECT name, sql FROM sqlite_master WHERE type IN ('view', 'trigger') ORDER BY 1"
        before = connection.exec_driver_sql(query).all()
        alter_on(connection, lambda batch: batch.alter_column("b", type_=sa.String(9)))
        assert connection.exec_driver_sql(query).all() == before
        assert connection.exec_driver_sql("PRAGMA legacy_alter_table").scalar() == 0
        if "other" in statements[0]:
            connection.exec_driver_sql("INSERT INTO other VALUES (30)")
            assert connection.exec_driver_sql("SELECT b FROM t WHERE a = 30").scalar() == "from other"
        else:
            assert len(connection.exec_driver_sql("SELECT * FROM v").all()) == 2
        assert str(sa.inspect(connection).get_columns("t")[2]["type"]) == "VARCHAR(9)"


def test_a_view_that_uses_what_a_batch_takes_away_is_named(database):
    with database.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE t ADD COLUMN c TEXT")
        connection.exec_driver_sql("CREATE VIEW v AS SELECT t.c FROM t")
        with pytest.raises(CommandError, match=r"error in view v: no such column: t\.c.*drop those before the batch"):
            alter_on(connection, lambda batch: batch.drop_column("c"))
