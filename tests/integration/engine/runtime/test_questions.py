"""Questions whose answer is a number of rows, asked inside a transaction that they must not harm."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from stillhouse_engine.runtime.asking import which_of

pytestmark = pytest.mark.postgresql


@pytest.fixture
async def connection(postgres_server, postgres_database):
    engine = create_async_engine(postgres_server.url(postgres_database()))
    async with engine.connect() as connection:
        yield connection
    await engine.dispose()


@pytest.mark.parametrize(
    ("query", "answer"), [("SELECT 'b'::text", "b"), ("SELECT 'c'::text", None), ("SELECT NULL::text", None)]
)
async def test_the_value_is_told(query, answer, connection):
    assert await connection.run_sync(lambda plain: which_of(plain, query, ("a", "b"))) == answer


async def test_a_value_may_hold_quotes(connection):
    value = "it's \\ $1 %s :x"
    query = "SELECT " + "'" + value.replace("'", "''") + "'::text"
    assert await connection.run_sync(lambda plain: which_of(plain, query, (value,))) == value


async def test_a_query_that_fails_leaves_the_transaction_as_it_was(connection):
    await connection.execute(sa.text("CREATE TABLE kept (a integer)"))
    assert await connection.run_sync(lambda plain: which_of(plain, "SELECT nothing FROM nowhere", ("a",))) is None
    assert (await connection.execute(sa.text("SELECT count(*) FROM kept"))).scalar_one() == 0
    await connection.commit()
    assert (await connection.execute(sa.text("SELECT count(*) FROM kept"))).scalar_one() == 0
