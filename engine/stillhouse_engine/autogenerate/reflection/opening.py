"""Which inspector a connection gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import inspect
from sqlalchemy.engine.reflection import Inspector

from stillhouse_engine.autogenerate.reflection.inspectors import BulkReflection
from stillhouse_engine.autogenerate.reflection.sqlite import SQLiteBulkReflection

if TYPE_CHECKING:
    from sqlalchemy import Connection


def bulk_inspector(connection: Connection) -> Inspector:
    """Return an inspector of a connection that reads in bulk, with whatever its dialect's own inspector offers."""
    inspector = inspect(connection)
    base: type[Inspector] = BulkReflection
    if connection.dialect.name == "sqlite":
        base = SQLiteBulkReflection
    kind = type(inspector)
    # The class is exchanged because SQLAlchemy's public way to an inspector offers no choice of it.
    inspector.__class__ = base if kind is Inspector else type(f"Bulk{kind.__name__}", (base, kind), {})
    inspector._wanted, inspector._found = {}, {}  # type: ignore[attr-defined]  # noqa: SLF001 - of our own class
    return inspector
