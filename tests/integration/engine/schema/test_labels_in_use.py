"""An enum label that something uses at once: PostgreSQL lets nobody use it in the transaction that added it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from stillhouse_engine.schema import RepairStep, bodies, diff, repair, take_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import servers

pytestmark = pytest.mark.postgresql
BEFORE = (
    "CREATE SCHEMA tenant",
    "CREATE TYPE tenant.mood AS ENUM ('sad', 'it''s ok')",
    "CREATE TABLE tenant.people (id integer, mood tenant.mood)",
)
BY_HAND = (
    "ALTER TYPE tenant.mood ADD VALUE 'so''so' BEFORE 'it''s ok'",
    "ALTER TABLE tenant.people ALTER COLUMN mood SET DEFAULT 'so''so'",
    "CREATE INDEX people_so ON tenant.people (id) WHERE mood = 'so''so'",
)


@pytest.fixture
def connection(
    postgres_server: servers.PostgresServer, postgres_database: Callable[[], str]
) -> Iterator[sa.Connection]:
    engine = sa.create_engine(postgres_server.url(postgres_database(), driver="psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for sql in BEFORE:
            connection.exec_driver_sql(sql)
        yield connection
    engine.dispose()


def in_transactions(connection: sa.Connection, steps: Sequence[RepairStep]) -> None:
    for transactional, group in itertools.groupby(steps, key=lambda step: step.transactional):
        statements = [sql for step in group for sql in step.sql]
        for sql in ["BEGIN", *statements, "COMMIT"] if transactional else statements:
            connection.exec_driver_sql(sql)


def test_a_label_is_committed_before_it_is_used(connection: sa.Connection) -> None:
    before = take_snapshot(connection, schemas=["tenant"])
    for sql in BY_HAND:
        connection.exec_driver_sql(sql)
    after = take_snapshot(connection, schemas=["tenant"])
    in_transactions(connection, repair(diff(before, after), before, after))
    assert diff(before, take_snapshot(connection, schemas=["tenant"])) == ()
    steps = repair(diff(after, before), after, before)
    in_transactions(connection, steps)
    assert diff(after, take_snapshot(connection, schemas=["tenant"])) == ()

    written = bodies.body(bodies.between(before, after))
    assert written.startswith("with op.get_context().autocommit_block():")
    assert "search_path" not in written


def test_a_label_that_nothing_uses_is_added_with_the_rest(connection: sa.Connection) -> None:
    before = take_snapshot(connection, schemas=["tenant"])
    connection.exec_driver_sql(BY_HAND[0])
    after = take_snapshot(connection, schemas=["tenant"])
    assert all(step.transactional for step in repair(diff(after, before), after, before))
