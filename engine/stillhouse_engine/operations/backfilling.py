"""How a backfill is carried out: chunk after chunk along a key, each found by an index and committed by itself."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, column, select

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from stillhouse_engine.operations.ops import BackfillOp

log = logging.getLogger("alembic.operations.backfill")


def backfill(operations: Any, operation: BackfillOp) -> None:
    """Update the rows in chunks; offline, write the one statement that does it all."""
    context = operations.migration_context
    update = operation.to_update()
    if context.as_sql:
        operations.impl._exec(update)  # noqa: SLF001 - Alembic's name for it
        return
    walk = context.walk(update, operation.table_name)
    if walk.done:
        log.info("the backfill of %s is done already", operation.table_name)
        return
    with walk.outside():
        connection: Connection = context.connection
        while (last := chunk_end(connection, operation, walk.after)) is not None:
            with walk.chunk(last):
                result = connection.execute(update.where(beyond(operation, walk.after), column(operation.key) <= last))
                walk.rows += max(result.rowcount, 0)
        walk.finish()
    log.info("backfilled %d rows of %s", walk.rows, operation.table_name)


def beyond(operation: BackfillOp, after: Any) -> ColumnElement[bool]:
    """Return the condition of the rows behind a key; of all rows at the beginning."""
    key: ColumnElement[Any] = column(operation.key)
    return key.is_not(None) if after is None else key > after


def chunk_end(connection: Connection, operation: BackfillOp, after: Any) -> Any:
    """Return the last key of the next chunk; None when there are no more rows."""
    table = operation.to_table()
    key = table.c[operation.key]
    keys = select(key).where(and_(beyond(operation, after), operation.condition))
    end = connection.scalar(keys.order_by(key).offset(operation.chunk - 1).limit(1))
    return connection.scalar(keys.order_by(key.desc()).limit(1)) if end is None else end
