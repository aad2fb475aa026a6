"""Whatever the schema on MariaDB and whatever somebody did to it: found exactly, repaired, adopted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from generated import adopt, exactly, examples, run, same, state, undo
from generated_mariadb import schemas
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generated import Made, State
    from hypothesis.strategies import DataObject

    import servers

pytestmark = pytest.mark.mariadb


@pytest.fixture(scope="module")
def connection(mariadb_server: servers.MariaDBServer) -> Iterator[sa.Connection]:
    engine = sa.create_engine(mariadb_server.url(driver="pymysql"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def make(connection: sa.Connection, *sql: str) -> State:
    run(connection, "DROP DATABASE IF EXISTS made_up", "CREATE DATABASE made_up", "USE made_up", *sql)
    return state(connection)


@given(made=schemas(), data=st.data())
@examples(12)
def test_any_one_mutation_is_named_exactly_and_repaired_and_adopted(
    connection: sa.Connection, made: Made, data: DataObject
) -> None:
    mutation = data.draw(st.sampled_from(made.mutations))
    before = make(connection, *made.sql)
    run(connection, *mutation.sql)
    after = state(connection)
    exactly(before, after, mutation.found)
    undo(connection, before[0], after[0])
    same(before, state(connection))
    adopt(connection, before[0], after[0])
    same(after, state(connection))


@given(made=schemas())
@examples(8)
def test_any_schema_is_made_from_nothing_and_taken_away(connection: sa.Connection, made: Made) -> None:
    nothing = make(connection)
    everything = make(connection, *made.sql)
    undo(connection, nothing[0], everything[0])
    assert state(connection)[0] == nothing[0]
    undo(connection, everything[0], nothing[0])
    same(everything, state(connection))
