"""What changes a SQLite or MariaDB database without changing its schema must not look like drift."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mutations_mariadb
import mutations_sqlite
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

import servers
from stillhouse_engine.schema import diff, repair, take_fingerprint, take_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def run(connection: sa.Connection, *statements: str) -> None:
    for sql in statements:
        connection.exec_driver_sql(sql)


QUIET_SQLITE = {
    "VACUUM": ["VACUUM"],
    "ANALYZE": ["ANALYZE"],
    "add and drop a column": ["ALTER TABLE plain ADD COLUMN c INTEGER", "ALTER TABLE plain DROP COLUMN c"],
    "rename a table there and back": ["ALTER TABLE posts RENAME TO p", "ALTER TABLE p RENAME TO posts"],
    "rename a table that views and triggers use": ["ALTER TABLE users RENAME TO u", "ALTER TABLE u RENAME TO users"],
    "rename a column there and back": ["ALTER TABLE users RENAME mail TO m", "ALTER TABLE users RENAME m TO mail"],
    "move a column to the end": ["ALTER TABLE plain DROP COLUMN a", "ALTER TABLE plain ADD COLUMN a INTEGER"],
}


@pytest.mark.parametrize("name", QUIET_SQLITE)
def test_nothing_is_found_on_sqlite(tmp_path: Path, name: str) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'app.db'}", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        run(connection, *mutations_sqlite.BASE)
        before, hash_before = take_snapshot(connection), take_fingerprint(connection)
        run(connection, *QUIET_SQLITE[name])
        assert diff(before, take_snapshot(connection)) == ()
        assert take_fingerprint(connection) == hash_before
    engine.dispose()


async def test_aiosqlite_reads_a_file_that_nobody_may_write_in_one_statement(tmp_path: Path) -> None:
    writer = sa.create_engine(f"sqlite:///{tmp_path / 'app.db'}")
    with writer.begin() as connection:
        run(connection, *mutations_sqlite.BASE)
        run(connection, "CREATE TABLE alembic_version (v TEXT)", "CREATE TABLE stillhouse_journal (v TEXT)")
        expected = take_snapshot(connection, exclude_tables=["alembic_version"])
    writer.dispose()
    reader = create_async_engine(f"sqlite+aiosqlite:///file:{tmp_path / 'app.db'}?mode=ro&uri=true")
    statements: list[str] = []
    sa.event.listen(reader.sync_engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    async with reader.connect() as connection:
        snapshot = await connection.run_sync(take_snapshot, exclude_tables=["alembic_version"])
    await reader.dispose()
    assert snapshot == expected
    assert not any(item.name.startswith(("alembic", "stillhouse")) for item in snapshot.objects)
    assert len(statements) == 1


QUIET_MARIADB = {
    "OPTIMIZE": ["OPTIMIZE TABLE users"],
    "ANALYZE": ["ANALYZE TABLE users"],
    "add and drop a column": ["ALTER TABLE plain ADD COLUMN c int", "ALTER TABLE plain DROP COLUMN c"],
    "rename a table there and back": ["RENAME TABLE plain TO p", "RENAME TABLE p TO plain"],
    "rename an index there and back": [
        "ALTER TABLE users RENAME INDEX users_age TO x",
        "ALTER TABLE users RENAME INDEX x TO users_age",
    ],
    "move a column": ["ALTER TABLE plain MODIFY a int AFTER b"],
}


@pytest.mark.mariadb
@pytest.mark.parametrize("name", QUIET_MARIADB)
def test_nothing_is_found_on_mariadb(
    mariadb_server: servers.MariaDBServer, mariadb_database: Callable[[], str], name: str
) -> None:
    engine = sa.create_engine(mariadb_server.url(mariadb_database(), driver="pymysql"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        run(connection, *mutations_mariadb.BASE)
        before, hash_before = take_snapshot(connection), take_fingerprint(connection)
        run(connection, *QUIET_MARIADB[name])
        assert diff(before, take_snapshot(connection)) == ()
        assert list(take_fingerprint(connection).values()) == list(hash_before.values())
    engine.dispose()


@pytest.mark.mariadb
async def test_asyncmy_sees_equal_databases_as_equal_in_three_statements(
    mariadb_server: servers.MariaDBServer, mariadb_database: Callable[[], str]
) -> None:
    one, two = mariadb_database(), mariadb_database()
    for name in (one, two):
        engine = sa.create_engine(mariadb_server.url(name, driver="pymysql"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            run(connection, *mutations_mariadb.BASE)
        engine.dispose()
    reader = create_async_engine(mariadb_server.url(one))
    statements: list[str] = []
    async with reader.connect() as connection:
        sa.event.listen(reader.sync_engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
        first = await connection.run_sync(take_snapshot)
        assert len(statements) == (
            2 if servers.MYSQL else 3
        )  # the catalogue, the sequences' settings, the user's privileges
        second = await connection.run_sync(take_snapshot, schemas=[two])
        hashes = await connection.run_sync(take_fingerprint, schemas=[one, two])
    await reader.dispose()
    assert diff(first, second) == ()
    assert hashes[one] == hashes[two]


@pytest.mark.mariadb
def test_a_view_whose_text_may_not_be_read_is_unreadable(
    mariadb_server: servers.MariaDBServer, mariadb_database: Callable[[], str]
) -> None:
    name = mariadb_database()
    root = sa.create_engine(mariadb_server.url(name, driver="pymysql"), isolation_level="AUTOCOMMIT")
    with root.connect() as connection:
        run(connection, *mutations_mariadb.BASE)
        run(
            connection, f"CREATE USER nosy_{name}@'127.0.0.1'", f"GRANT SELECT ON `{name}`.* TO nosy_{name}@'127.0.0.1'"
        )
    nosy = sa.create_engine(root.url.set(username=f"nosy_{name}"))
    with nosy.connect() as connection:
        coverage = take_snapshot(connection).coverage
    nosy.dispose()
    root.dispose()
    assert not coverage.complete
    assert ("view adults", "its definition needs more privileges") in coverage.unreadable


def test_a_missing_sqlite_database_is_made_whole(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'full.db'}", isolation_level="AUTOCOMMIT")
    other = sa.create_engine(f"sqlite:///{tmp_path / 'empty.db'}", isolation_level="AUTOCOMMIT")
    with engine.connect() as full, other.connect() as empty:
        run(full, *mutations_sqlite.BASE)
        expected, actual = take_snapshot(full), take_snapshot(empty)
        run(empty, *(sql for step in repair(diff(expected, actual), expected, actual) for sql in step.sql))
        assert take_snapshot(empty) == expected
    engine.dispose()
    other.dispose()


@pytest.mark.mariadb
def test_a_missing_mariadb_database_is_made_whole(
    mariadb_server: servers.MariaDBServer, mariadb_database: Callable[[], str]
) -> None:
    engine = sa.create_engine(mariadb_server.url(mariadb_database(), driver="pymysql"), isolation_level="AUTOCOMMIT")
    other = sa.create_engine(mariadb_server.url(mariadb_database(), driver="pymysql"), isolation_level="AUTOCOMMIT")
    with engine.connect() as full, other.connect() as empty:
        run(full, *mutations_mariadb.BASE)
        expected, actual = take_snapshot(full), take_snapshot(empty)
        run(empty, *(sql for step in repair(diff(expected, actual), expected, actual) for sql in step.sql))
        assert diff(expected, take_snapshot(empty)) == ()
    engine.dispose()
    other.dispose()
