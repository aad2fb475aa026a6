"""Cursors of aiosqlite that cross to its thread once a statement: what they bring is what the driver's own bring."""

import asyncio

import pytest
from sqlalchemy import create_engine, exc, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from stillhouse_engine.runtime.bridging import on_loop
from stillhouse_engine.runtime.sqlite_cursors import FIRST_ROWS, cross_once

ROWS = FIRST_ROWS * 2 + 500


@pytest.fixture
def url(tmp_path):
    path = tmp_path / "rows.db"
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE rows (id INTEGER PRIMARY KEY, name TEXT)"))
        connection.execute(
            text("INSERT INTO rows VALUES (:id, :name)"), [{"id": n, "name": f"n{n}"} for n in range(ROWS)]
        )
    return f"sqlite+aiosqlite:///{path}"


def test_rows_come_whole_in_parts_and_as_a_stream(url):
    async def read():
        engine = create_async_engine(url, poolclass=NullPool)
        cross_once(engine.sync_engine)
        async with engine.connect() as connection:
            whole = (await connection.execute(text("SELECT id FROM rows ORDER BY id"))).scalars().all()
            assert whole == list(range(ROWS))
            stream = await connection.stream(text("SELECT id FROM rows ORDER BY id"))
            parts = [len(part) async for part in stream.scalars().partitions(700)]
            assert parts == [700, 700, 700, 400]
            stream = await connection.stream(text("SELECT id FROM rows ORDER BY id"))
            assert (await stream.fetchone())[0] == 0
            await stream.close()  # with rows left: the cursor must not keep the table locked
            await connection.execute(text("DROP TABLE rows"))
            await connection.commit()

    asyncio.run(read())


def test_counts_ids_and_errors_are_those_of_the_driver(url):
    def work():
        engine = create_engine(url, poolclass=NullPool)
        cross_once(engine)
        crossings = []
        with engine.begin() as connection:
            driver = connection.connection.driver_connection
            execute = driver._execute
            driver._execute = lambda *a, **k: crossings.append(a[0].__name__) or execute(*a, **k)
            assert connection.execute(text("UPDATE rows SET name = 'x' WHERE id < 7")).rowcount == 7
            assert connection.execute(text("SELECT count(*) FROM rows")).scalar() == ROWS
            assert crossings == ["_begin", "_begin"]
            added = connection.exec_driver_sql("INSERT INTO rows (name) VALUES ('y') RETURNING id").scalar()
            assert added == ROWS
            inserted = connection.exec_driver_sql("INSERT INTO rows (name) VALUES (?)", [("a",), ("b",)])
            assert inserted.rowcount == 2
            with pytest.raises(exc.IntegrityError, match="UNIQUE"):
                connection.exec_driver_sql("INSERT INTO rows VALUES (0, 'again')")
            with pytest.raises(exc.OperationalError, match="no such table"):
                connection.exec_driver_sql("SELECT * FROM nowhere")

    asyncio.run(on_loop(work))
