"""Runs a migration on one engine and says what is in the database afterwards."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic.migration import MigrationContext as AlembicContext
from alembic.operations import Operations as AlembicOperations
from schema_dump import dump

from stillhouse_engine.operations import Operations
from stillhouse_engine.runtime.migration import MigrationContext

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBER = re.compile(r"(?<=-)[0-9a-f]+\b|[0-9a-f]*[0-9][0-9a-f]*")
"""Names of databases and threads differ between two runs; those of threads are hexadecimal, and may be letters only."""

ENGINES: dict[str, Any] = {
    "stillhouse": (MigrationContext, Operations),
    "alembic": (AlembicContext, AlembicOperations),
}


def outcome(name: str, url: str, setup: str, migrate: Callable[[Any], Any], **options: Any) -> tuple[Any, Any]:
    """Set a database up, migrate it with one engine, and return its contents and the error if there was one."""
    context_class, operations_class = ENGINES[name]
    engine = sa.create_engine(url)
    error = None
    try:
        with engine.begin() as connection:
            for statement in filter(None, (part.strip() for part in setup.split(";"))):
                connection.exec_driver_sql(statement)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with engine.connect() as connection:
                context = context_class.configure(connection, opts=options)
                try:
                    with connection.begin():
                        migrate(operations_class(context))
                except Exception as failure:  # noqa: BLE001 - whatever it is, both engines must raise the same
                    error = (type(failure).__name__, NUMBER.sub("0", str(getattr(failure, "orig", failure))))
        with engine.connect() as connection:
            return dump(connection), error
    finally:
        engine.dispose()
