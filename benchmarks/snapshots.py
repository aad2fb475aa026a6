"""Snapshots and fingerprints, side by side with what the database itself needs and with reflection.

Run it with ``python benchmarks/snapshots.py``. It starts its own PostgreSQL. Compare the ratios: the milliseconds depend on
the machine.
"""

from __future__ import annotations

import importlib
import math
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from stillhouse_engine.schema import fingerprint_query, take_fingerprint, take_snapshot
from stillhouse_engine.schema.sqlite import reader

sys.path[:0] = [str(Path(__file__).parents[1] / "tests")]
servers = importlib.import_module("servers")

if TYPE_CHECKING:
    from collections.abc import Callable

    from servers import PostgresServer as Server

TABLES = 1000

COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attidentity,
    a.attgenerated, co.collname, de.description
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum LEFT JOIN pg_collation co ON co.oid = a.attcollation
LEFT JOIN pg_description de ON de.objoid = c.oid AND de.classoid = 'pg_class'::regclass AND de.objsubid = a.attnum
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"""
CONSTRAINTS = """
SELECT c.relname, k.conname, k.contype, pg_get_constraintdef(k.oid), k.convalidated FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE c.relnamespace = 'public'::regnamespace"""
INDEXES = """
SELECT c.relname, i.relname, pg_get_indexdef(x.indexrelid), x.indisvalid FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid
JOIN pg_class i ON i.oid = x.indexrelid WHERE c.relnamespace = 'public'::regnamespace"""
RELATIONS = """
SELECT c.relname, c.relkind, c.relpersistence, c.reloptions, c.relrowsecurity, c.relforcerowsecurity, c.relreplident, d.description,
    pg_get_expr(c.relpartbound, c.oid)
FROM pg_class c LEFT JOIN pg_description d ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"""
SEQUENCES = """
SELECT c.relname, format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
    d.refobjid::regclass, d.refobjsubid
FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid
LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
WHERE c.relnamespace = 'public'::regnamespace"""
BARE = f"""SELECT md5(string_agg(line, E'\\n' ORDER BY line)) FROM (
SELECT q::text AS line FROM ({COLUMNS}) q UNION ALL SELECT q::text FROM ({CONSTRAINTS}) q UNION ALL SELECT q::text FROM ({INDEXES}) q
UNION ALL SELECT q::text FROM ({RELATIONS}) q UNION ALL SELECT q::text FROM ({SEQUENCES}) q) l"""

SQLITE = """SELECT m.type, m.name, m.sql, c.*, NULL FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c WHERE m.type = 'table'
UNION ALL SELECT m.type, m.name, m.sql, f.* FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'
UNION ALL SELECT m.type, m.name, m.sql, i.name, i."unique", i.origin, i.partial, x.cid, x.name, x.desc, x.coll
FROM sqlite_master m JOIN pragma_index_list(m.name) i JOIN pragma_index_xinfo(i.name) x WHERE m.type = 'table'"""


def table(number: int, *, serial: str = "bigserial") -> list[str]:
    """Return the statements of one table as applications have them."""
    parent = f"REFERENCES t{number - 1} (id) ON DELETE CASCADE" if number else ""
    return [
        f"""CREATE TABLE t{number} (id {serial} PRIMARY KEY, parent_id bigint {parent}, name varchar(80) NOT NULL, mail varchar(120),
        state varchar(20) NOT NULL DEFAULT 'new', amount numeric(12, 2), made timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, note text,
        CONSTRAINT t{number}_mail UNIQUE (mail), CONSTRAINT t{number}_amount CHECK (amount >= 0))""",
        f"CREATE INDEX t{number}_name ON t{number} (name)",
        f"CREATE INDEX t{number}_state ON t{number} (state, made) WHERE state <> 'done'",
    ]


def best(work: Callable[[], object], times: int = 5) -> float:
    """Return the median seconds of some work, after one run to warm up."""
    work()
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def row(name: str, seconds: float, reference: float | None = None) -> None:
    """Print one line of the report."""
    ratio = f"{seconds / reference:8.2f}x" if reference else ""
    print(f"{name:66} {seconds * 1000:10.1f} ms {ratio}")


def fill(connection: sa.Connection, numbers: range, serial: str = "bigserial") -> None:
    """Create some tables."""
    for number in numbers:
        for sql in table(number, serial=serial):
            connection.exec_driver_sql(sql)
    connection.commit()


def exponent(sizes: list[int], seconds: list[float]) -> float:
    """Return the fitted exponent of growth."""
    x, y = [math.log(size) for size in sizes], [math.log(value) for value in seconds]
    return statistics.linear_regression(x, y).slope


def reflect(connection: sa.Connection) -> object:
    """Read the whole schema as Alembic does before it compares."""
    return compare_metadata(MigrationContext.configure(connection), sa.MetaData())


def small(server: Server, admin: sa.Connection) -> None:
    """Fingerprint 30 tables."""
    admin.exec_driver_sql("CREATE DATABASE small")
    engine = sa.create_engine(server.url("small", "psycopg"), poolclass=sa.NullPool)
    with engine.connect() as connection:
        fill(connection, range(30))
        print("\n30 PostgreSQL tables")

        def fresh(work: Callable[[sa.Connection], object]) -> Callable[[], object]:
            def run() -> object:
                with engine.connect() as new:
                    return work(new)

            return run

        bare_new = best(fresh(lambda new: new.exec_driver_sql(BARE).all()), 21)
        row("new connection + bare fingerprint query", bare_new, bare_new)
        row(
            "new connection + our fingerprint",
            best(fresh(lambda new: take_fingerprint(new, schemas=["public"])), 21),
            bare_new,
        )
        bare = best(lambda: connection.exec_driver_sql(BARE).all(), 21)
        row("open connection: bare fingerprint query", bare, bare)
        row(
            "open connection: our fingerprint", best(lambda: take_fingerprint(connection, schemas=["public"]), 21), bare
        )
        row("open connection: our snapshot", best(lambda: take_snapshot(connection, schemas=["public"]), 21), bare)
        row("open connection: Alembic's comparison", best(lambda: reflect(connection), 3), bare)


def tenants(server: Server, admin: sa.Connection) -> None:
    """Fingerprint 300 schemas of one database in one query."""
    admin.exec_driver_sql("CREATE DATABASE tenants")
    engine = sa.create_engine(server.url("tenants", "psycopg"))
    names = [f"tenant_{number}" for number in range(300)]
    with engine.connect() as connection:
        for name in names:
            connection.exec_driver_sql(f"CREATE SCHEMA {name}")
            connection.exec_driver_sql(f"SET LOCAL search_path TO {name}")
            fill(connection, range(10))
        print("\n300 schemas of 10 tables in one PostgreSQL database")
        hashes = take_fingerprint(connection, schemas=names)
        assert len(hashes) == len(names), len(hashes)
        assert len(set(hashes.values())) == 1, "tenants disagree"
        row("all fingerprints in one query", best(lambda: take_fingerprint(connection, schemas=names), 3))
    engine.dispose()


def large(server: Server, admin: sa.Connection) -> None:
    """Take snapshots of 1,000 tables."""
    admin.exec_driver_sql("CREATE DATABASE large")
    engine = sa.create_engine(server.url("large", "psycopg"))
    sizes, seconds = [], []
    with engine.connect() as connection:
        for start, end in ((0, 250), (250, 500), (500, TABLES)):
            fill(connection, range(start, end))
            connection.exec_driver_sql("ANALYZE")
            sizes.append(end)
            seconds.append(best(lambda: take_snapshot(connection, schemas=["public"]), 3))
        print(f"\n{TABLES} PostgreSQL tables")

        def by_hand() -> object:
            return [
                connection.exec_driver_sql(sql).all() for sql in (RELATIONS, COLUMNS, CONSTRAINTS, INDEXES, SEQUENCES)
            ]

        reference = best(by_hand, 3)
        row("five hand-written catalogue queries", reference, reference)
        row("our snapshot, one statement", best(lambda: take_snapshot(connection, schemas=["public"]), 3), reference)
        row(
            "our snapshot and its fingerprint",
            best(lambda: take_snapshot(connection, schemas=["public"]).fingerprint, 3),
            reference,
        )
        row(
            "our fingerprint, hashed by the server",
            best(lambda: take_fingerprint(connection, schemas=["public"]), 3),
            reference,
        )
        row("SQLAlchemy's MetaData.reflect", best(lambda: sa.MetaData().reflect(connection), 1), reference)
        row("Alembic's comparison", best(lambda: reflect(connection), 1), reference)
        print(f"growth of our snapshot over {sizes} tables: exponent {exponent(sizes, seconds):.2f}")
    engine.dispose()


def sqlite() -> None:
    """Take snapshots of 1,000 SQLite tables."""
    with tempfile.TemporaryDirectory() as folder:
        engine = sa.create_engine(f"sqlite:///{folder}/large.db")
        sizes, seconds = [], []
        with engine.connect() as connection:
            for start, end in ((0, 250), (250, 500), (500, TABLES)):
                fill(connection, range(start, end), "integer")
                sizes.append(end)
                seconds.append(best(lambda: cold(connection), 3))
            print(f"\n{TABLES} SQLite tables")
            reference = best(lambda: connection.exec_driver_sql(SQLITE).all(), 5)
            row("one query over sqlite_master and its pragma functions", reference, reference)
            row("our snapshot, nothing remembered", best(lambda: cold(connection), 5), reference)
            row("our snapshot, seen before", best(lambda: take_snapshot(connection), 5), reference)
            row("SQLAlchemy's MetaData.reflect", best(lambda: sa.MetaData().reflect(connection), 1), reference)
            print(f"growth of our snapshot over {sizes} tables: exponent {exponent(sizes, seconds):.2f}")
        engine.dispose()


def cold(connection: sa.Connection) -> object:
    """Take a snapshot as a process does that has never seen the schema."""
    reader.forget()
    return take_snapshot(connection)


def main() -> None:
    print(f"The fingerprint query has {len(fingerprint_query('postgresql', ['public']))} characters.")
    sqlite()
    with servers.postgres({"max_locks_per_transaction": "1024"}) as server:
        engine = sa.create_engine(server.url(driver="psycopg"), isolation_level="AUTOCOMMIT")
        with engine.connect() as admin:
            small(server, admin)
            tenants(server, admin)
            large(server, admin)
        engine.dispose()


if __name__ == "__main__":
    main()
