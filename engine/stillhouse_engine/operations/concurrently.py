"""Indexes that PostgreSQL makes without locking their table, which it does outside a transaction only.

Alembic's users wrap such a directive into ``autocommit_block`` by hand, and clean up by hand the invalid index that a
failed attempt leaves behind. Here both happen by themselves.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Index

INVALID = text(
    "SELECT 1 FROM pg_catalog.pg_index i "
    "JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relname = :name AND NOT i.indisvalid "
    "AND (n.nspname = :schema OR CAST(:schema AS text) IS NULL AND pg_catalog.pg_table_is_visible(c.oid))"
)
"""Finds an index that a failed CREATE INDEX CONCURRENTLY left behind."""


@contextmanager
def outside_transaction(operations: Any, index: Index, *, creating: bool) -> Iterator[None]:
    """Leave the transaction for a block that makes or drops an index concurrently; do nothing for others.

    Args:
        operations: those of the migration.
        index: the index.
        creating: whether it is made; then what a failed attempt left behind is dropped first.
    """
    context = operations.migration_context
    if not is_concurrent(context, index) or not hasattr(context, "autocommit_block"):
        yield
        return
    connection = context.impl.connection
    if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
        drop_leftover(operations, connection, index, creating=creating)
        yield
        return
    with context.autocommit_block():
        drop_leftover(operations, context.impl.connection, index, creating=creating)
        yield


def is_concurrent(context: Any, index: Index) -> bool:
    """Tell whether an index is made concurrently, now and on a real connection."""
    if context.as_sql or context.dialect.name != "postgresql":
        return False
    return bool(index.dialect_options["postgresql"]["concurrently"])


def drop_leftover(operations: Any, connection: Connection, index: Index, *, creating: bool) -> None:
    """Drop the invalid index that a failed attempt left behind, so that a retry finds its name free."""
    if not creating or index.name is None or index.table is None:
        return
    schema = index.table.schema
    if connection.execute(INVALID, {"name": str(index.name), "schema": schema}).scalar() is not None:
        unrecorded = getattr(operations.migration_context, "unrecorded", nullcontext)
        with unrecorded():  # a journal counts the revision's own statements
            operations.impl.drop_index(index, if_exists=True)
