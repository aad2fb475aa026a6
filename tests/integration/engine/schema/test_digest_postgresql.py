"""Databases of equal digests have equal snapshots, so that one of them may stand for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from mutations_postgresql import BASE, MUTATIONS

from stillhouse_engine.schema import digest_query, mark_query, take_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mutations import Mutation

    import servers

pytestmark = pytest.mark.postgresql


def digest(connection: sa.Connection) -> str:
    query = digest_query("postgresql")
    return str(connection.exec_driver_sql(query).scalar_one())


def mark(connection: sa.Connection) -> str:
    query = mark_query("postgresql")
    assert query is not None
    return str(connection.exec_driver_sql(query).scalar_one())


def run(connection: sa.Connection, *statements: str) -> None:
    for sql in statements:
        connection.exec_driver_sql(sql)


@pytest.fixture
def make_engine(
    postgres_server: servers.PostgresServer, postgres_database: Callable[[], str]
) -> Iterator[Callable[[], sa.Engine]]:
    made: list[sa.Engine] = []

    def make() -> sa.Engine:
        made.append(sa.create_engine(postgres_server.url(postgres_database(), driver="psycopg")))
        return made[-1]

    yield make
    for engine in made:
        engine.dispose()


@pytest.fixture(scope="module")
def base(module_engine: sa.Engine) -> Iterator[sa.Connection]:
    with module_engine.connect() as connection:
        run(connection, *BASE)
        yield connection
        connection.rollback()


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.title)
def test_what_changes_a_snapshot_changes_the_digest_and_the_mark(base: sa.Connection, mutation: Mutation) -> None:
    savepoint = base.begin_nested()
    try:
        mark_before, digest_before, before = mark(base), digest(base), take_snapshot(base).to_json()
        run(base, *(sql.replace("tenant.", "public.") for sql in mutation.sql))
        assert (take_snapshot(base).to_json() == before) or digest(base) != digest_before
        assert digest(base) == digest_before or mark(base) != mark_before
    finally:
        savepoint.rollback()


def test_the_same_statements_give_the_same_digest_wherever_identifiers_start(
    make_engine: Callable[[], sa.Engine],
) -> None:
    one, other = make_engine(), make_engine()
    with one.begin() as connection:
        run(connection, *BASE)
    with other.begin() as connection:
        run(connection, "CREATE TABLE gone (a serial primary key, b text)", "DROP TABLE gone", *BASE)
    with one.connect() as first, other.connect() as second:
        assert digest(first) == digest(second)
        assert take_snapshot(first).to_json() == take_snapshot(second).to_json()


@pytest.mark.parametrize(
    "hidden",
    [
        "CREATE SCHEMA elsewhere",
        "CREATE TABLE pair (chunk_id integer, chunk_seq integer)",
        "CREATE DOMAIN several AS integer[]",
        "CREATE TABLE more (LIKE kept INCLUDING ALL)",
        "ALTER TABLE kept ADD chunk_data text",
        "ALTER SEQUENCE kept_id_seq OWNED BY NONE",
        "COMMENT ON COLUMN kept.id IS 'the key'",
        "CREATE EXTENSION lo",
        "ALTER TABLE kept RENAME id TO number",
    ],
)
def test_what_hides_among_the_servers_own_objects_is_seen(make_engine: Callable[[], sa.Engine], hidden: str) -> None:
    with make_engine().connect() as connection:
        run(connection, "CREATE TABLE kept (id serial PRIMARY KEY, words text)")
        before = digest(connection)
        run(connection, hidden)
        assert digest(connection) != before


def test_a_schema_that_may_not_be_used_is_another_digest(make_engine: Callable[[], sa.Engine]) -> None:
    with make_engine().connect() as connection:
        run(connection, "CREATE SCHEMA closed", "CREATE ROLE digest_reader")
        run(connection, "GRANT USAGE ON SCHEMA closed TO digest_reader", "SET LOCAL ROLE digest_reader")
        before = digest(connection)
        run(
            connection, "RESET ROLE", "REVOKE USAGE ON SCHEMA closed FROM digest_reader", "SET LOCAL ROLE digest_reader"
        )
        assert digest(connection) != before
        connection.rollback()
