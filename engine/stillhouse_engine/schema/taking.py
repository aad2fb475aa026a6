"""Takes snapshots and fingerprints through a SQLAlchemy connection; never writes."""

from __future__ import annotations

import hashlib
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from stillhouse_engine.schema.errors import UnsupportedDialectError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection

    from stillhouse_engine.schema.snapshot import Snapshot


class Reader(Protocol):
    """What each dialect's package offers."""

    def read(self, connection: Connection, schemas: Sequence[str] | None, exclude_tables: Collection[str]) -> Snapshot:
        """Take a snapshot."""

    def fingerprint_statement(self, schemas: Sequence[str] | None, exclude_tables: Collection[str]) -> str:
        """Return the statement with one row per schema: name, hash."""

    def digest_statement(self, schemas: Sequence[str] | None, exclude_tables: Collection[str]) -> str:
        """Return the statement whose rows are equal only where snapshots are."""

    def take_fingerprint(
        self, connection: Connection, schemas: Sequence[str] | None, exclude_tables: Collection[str]
    ) -> Mapping[str, str]:
        """Return the hash of each schema."""


PRIVILEGED = frozenset({"postgresql"})
"""Where owners and privileges are read."""

PACKAGES: Mapping[str, str] = {"postgresql": "postgresql", "sqlite": "sqlite", "mysql": "mysql", "mariadb": "mysql"}
"""Which package reads a kind of database; most processes need only one of them, which is imported when they do."""


def _reader(dialect: str) -> Reader:
    if dialect not in PACKAGES:
        raise UnsupportedDialectError(dialect)
    return cast("Reader", import_module(f"stillhouse_engine.schema.{PACKAGES[dialect]}"))


def take_snapshot(
    connection: Connection,
    *,
    schemas: Sequence[str] | None = None,
    exclude_tables: Collection[str] = (),
    privileges: bool = False,
) -> Snapshot:
    """Read a live schema in a constant number of statements, without writing anything.

    On MySQL and MariaDB it takes one more for each text that their catalogue may have spoiled.

    Args:
        connection: a synchronous connection, or one handed out by ``AsyncConnection.run_sync``.
        schemas: the schemas to read. Names are relative to the first one. Without it, all schemas but the system's.
        exclude_tables: names, or dotted names, of tables to leave out, such as the version table.
        privileges: whether to read owners and privileges, too, on PostgreSQL; that takes one statement more.

    Raises:
        UnsupportedDialectError: there are no snapshots of this kind of database.
    """
    snapshot = _reader(connection.dialect.name).read(connection, schemas, exclude_tables)
    if not privileges or connection.dialect.name not in PRIVILEGED:
        return snapshot
    from stillhouse_engine.schema.postgresql.privileges import add_privileges

    return add_privileges(connection, snapshot, exclude_tables, whole=schemas is None)


def fingerprint_query(
    dialect_name: str, schemas: Sequence[str] | None = None, exclude_tables: Collection[str] = ()
) -> str:
    """Return one SQL statement whose rows are (schema, hash): the server hashes its own catalogue.

    Equal hashes mean equal schemas, but for what the catalogue of MySQL and MariaDB spoils (see ``mysql/originals.py``);
    unequal ones only that a snapshot is worth taking. The text contains no
    placeholders; run it with ``exec_driver_sql`` or through a bare driver. Compare only what the same version of
    Stillhouse asked the same major version of a server.

    Raises:
        UnsupportedDialectError: there are no fingerprints of this kind of database.
    """
    return _reader(dialect_name).fingerprint_statement(schemas, exclude_tables)


def digest_query(dialect_name: str, schemas: Sequence[str] | None = None, exclude_tables: Collection[str] = ()) -> str:
    """Return one SQL statement whose rows are equal only where the snapshots of two databases are.

    It is the cheapest way to find out that a database looks like another one. Databases that look alike may differ in it;
    fingerprints are for that. On PostgreSQL it has one value. The text contains no placeholders.

    Raises:
        UnsupportedDialectError: there are no snapshots of this kind of database.
    """
    return _reader(dialect_name).digest_statement(schemas, exclude_tables)


def mark_query(dialect_name: str) -> str | None:
    """Return one SQL statement whose one value stays only while nothing in a database changes; None where there is none.

    It costs a fraction of a digest, and may change when nothing that a snapshot holds has. Compare only what the same user
    asked about the same database. The text contains no placeholders.
    """
    if dialect_name != "postgresql":
        return None
    from stillhouse_engine.schema.postgresql.marks import mark_statement

    return mark_statement()


def take_fingerprint(
    connection: Connection, *, schemas: Sequence[str] | None = None, exclude_tables: Collection[str] = ()
) -> Mapping[str, str]:
    """Return the server's own hash of each schema, by name, in one statement.

    Raises:
        UnsupportedDialectError: there are no fingerprints of this kind of database.
    """
    return _reader(connection.dialect.name).take_fingerprint(connection, schemas, exclude_tables)


def privileges_fingerprint(
    connection: Connection, *, schemas: Sequence[str] | None = None, exclude_tables: Collection[str] = ()
) -> str:
    """Return the hash of who owns what and who may do what with it, in one statement; empty where that is not read."""
    if connection.dialect.name not in PRIVILEGED:
        return ""
    from stillhouse_engine.schema.postgresql.privileges import take_privileges

    return hashlib.sha256(take_privileges(connection, schemas, exclude_tables).encode()).hexdigest()
