"""Promise: CREATE INDEX CONCURRENTLY needs no ceremony, and a retry clears up what a failed attempt left behind."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from stillhouse_engine.operations import Operations
from stillhouse_engine.runtime.migration import MigrationContext

pytestmark = pytest.mark.postgresql


@pytest.fixture
def engine(postgres_server, postgres_database):
    engine = sa.create_engine(postgres_server.url(postgres_database(), driver="psycopg"))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (a INTEGER)")
        connection.exec_driver_sql("INSERT INTO t VALUES (1), (1)")
    yield engine
    engine.dispose()


def migrate(engine: sa.Engine, change) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        with context.begin_transaction():
            change(Operations(context))


def valid_indexes(engine: sa.Engine) -> dict[str, bool]:
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
            "JOIN pg_class t ON t.oid = i.indrelid WHERE t.relname = 't'"
        )
        return {row.relname: row.indisvalid for row in rows}


def test_it_runs_outside_the_transaction_by_itself(engine):
    def change(op: Operations) -> None:
        op.add_column("t", sa.Column("b", sa.Integer))
        op.create_index("ix_a", "t", ["a"], postgresql_concurrently=True)
        op.add_column("t", sa.Column("c", sa.Integer))

    migrate(engine, change)
    assert valid_indexes(engine) == {"ix_a": True}
    assert [column["name"] for column in sa.inspect(engine).get_columns("t")] == ["a", "b", "c"]


def test_with_the_ceremony_it_works_as_before(engine):
    def change(op: Operations) -> None:
        with op.get_context().autocommit_block():
            op.create_index("ix_a", "t", ["a"], postgresql_concurrently=True)
        op.add_column("t", sa.Column("c", sa.Integer))

    migrate(engine, change)
    assert valid_indexes(engine) == {"ix_a": True}


def test_an_index_is_dropped_concurrently(engine):
    migrate(engine, lambda op: op.create_index("ix_a", "t", ["a"]))
    migrate(engine, lambda op: op.drop_index("ix_a", postgresql_concurrently=True, if_exists=True))
    assert valid_indexes(engine) == {}


@pytest.mark.parametrize("if_not_exists", [None, True])
def test_a_retry_replaces_the_invalid_index(engine, if_not_exists):
    def change(op: Operations) -> None:
        op.create_index("ix_a", "t", ["a"], unique=True, postgresql_concurrently=True, if_not_exists=if_not_exists)

    with pytest.raises(sa.exc.IntegrityError):
        migrate(engine, change)
    assert valid_indexes(engine) == {"ix_a": False}
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM t")
    migrate(engine, change)
    assert valid_indexes(engine) == {"ix_a": True}


def test_a_valid_index_of_that_name_is_left_alone(engine):
    migrate(engine, lambda op: op.create_index("ix_a", "t", ["a"]))
    with pytest.raises(sa.exc.ProgrammingError, match="already exists"):
        migrate(engine, lambda op: op.create_index("ix_a", "t", ["a"], postgresql_concurrently=True))
    assert valid_indexes(engine) == {"ix_a": True}
