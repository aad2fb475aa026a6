"""Whatever the schema on SQLite and whatever somebody did to it: found exactly, repaired, adopted."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import sqlalchemy as sa
from generated import adopt, exactly, examples, run, same, state, undo
from generated_sqlite import schemas
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generated import Made
    from hypothesis.strategies import DataObject


@contextlib.contextmanager
def made_anew(*sql: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        run(connection, *sql)
        yield connection
    engine.dispose()


@given(made=schemas(), data=st.data())
@examples(120)
def test_any_one_mutation_is_named_exactly_and_repaired_and_adopted(made: Made, data: DataObject) -> None:
    mutation = data.draw(st.sampled_from(made.mutations))
    with made_anew(*made.sql) as connection:
        before = state(connection)
        run(connection, *mutation.sql)
        after = state(connection)
        exactly(before, after, mutation.found)
        undo(connection, before[0], after[0])
        same(before, state(connection))
        adopt(connection, before[0], after[0])
        same(after, state(connection))


@given(one=schemas(), other=schemas())
@examples(80)
def test_any_schema_is_made_of_any_other_one(one: Made, other: Made) -> None:
    with made_anew(*one.sql) as first, made_anew(*other.sql) as second:
        before, after = state(first), state(second)
        undo(second, before[0], after[0])
        same(before, state(second))
        adopt(first, before[0], after[0])
        same(after, state(first))
