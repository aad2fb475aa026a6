"""Whatever the schema on PostgreSQL and whatever somebody did to it: found exactly, repaired, adopted."""

from __future__ import annotations

import contextlib
import itertools
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from generated import adopt, exactly, examples, run, same, state, undo
from generated_postgresql import HOME, SIDE, Schemas, quoted, schemas
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generated import State
    from hypothesis.strategies import DataObject


pytestmark = pytest.mark.postgresql
READ = [HOME, SIDE]
counter = itertools.count(1)


@pytest.fixture(scope="module")
def connection(module_engine: sa.Engine) -> Iterator[sa.Connection]:
    with module_engine.connect() as connection:
        yield connection


def make(connection: sa.Connection, *sql: str) -> State:
    """Make both schemas anew, in a transaction that is never committed, and now and then clear away what those left."""
    connection.rollback()
    if next(counter) % 20 == 0:
        with connection.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as sweeping:
            sweeping.exec_driver_sql("VACUUM")
    run(connection, *(f"CREATE SCHEMA {quoted(name)}" for name in READ), f"SET LOCAL search_path TO {HOME}", *sql)
    return state(connection, READ)


@given(made=schemas())
@examples(25)
def test_any_one_mutation_is_named_exactly_and_repaired_and_adopted(connection: sa.Connection, made: Schemas) -> None:
    mutation = made.mutation()
    before = make(connection, *made.sql)
    run(connection, *mutation.sql)
    after = state(connection, READ)
    exactly(before, after, mutation.found)
    undo(connection, before[0], after[0])
    same(before, state(connection, READ))
    adopt(connection, before[0], after[0])
    same(after, state(connection, READ))


@given(made=schemas(), data=st.data())
@examples(15)
def test_mutations_together_are_repaired_and_adopted(
    connection: sa.Connection, made: Schemas, data: DataObject
) -> None:
    before = make(connection, *made.sql)
    for mutation in data.draw(st.lists(st.sampled_from(made.mutations), min_size=2, max_size=6)):
        with contextlib.suppress(sa.exc.DBAPIError), connection.begin_nested():
            run(connection, *mutation.sql)  # what another one made impossible does not happen
    after = state(connection, READ)
    assert (before[1] == after[1]) == (before[0] == after[0])
    undo(connection, before[0], after[0])
    same(before, state(connection, READ))
    adopt(connection, before[0], after[0])
    same(after, state(connection, READ))


@given(made=schemas())
@examples(15)
def test_any_schema_is_made_from_nothing_and_taken_away(connection: sa.Connection, made: Schemas) -> None:
    nothing = make(connection)
    everything = make(connection, *made.sql)
    undo(connection, nothing[0], everything[0])
    same(nothing, state(connection, READ))
    undo(connection, everything[0], nothing[0])
    same(everything, state(connection, READ))
