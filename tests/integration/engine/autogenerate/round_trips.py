"""A comparison beyond tables, rendered, run upwards, compared again, run downwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql

from stillhouse_engine.autogenerate import produce_migrations, render_python_code
from stillhouse_engine.operations import Operations
from stillhouse_engine.runtime.migration import MigrationContext
from stillhouse_engine.schema import diff, take_snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT = "alembic.autogenerate.*"


@dataclass(frozen=True)
class Trip:
    """What was generated.

    Attributes:
        upgrade: the body of ``upgrade()``.
        downgrade: the body of ``downgrade()``.
        diffs: the first words of the differences, and the names.
    """

    upgrade: str
    downgrade: str
    diffs: list[Any]


def body(text: str) -> str:
    """Return rendered code without the lines around it."""
    lines = [line.removeprefix("    ") for line in text.splitlines()]
    return "\n".join(line for line in lines if not line.startswith("# ###"))


def compared(connection: sa.Connection, metadata: sa.MetaData, *plugins: str, **options: Any) -> Trip:
    """Compare with some plug-ins besides the usual ones, and render."""
    chosen = [DEFAULT, *(f"stillhouse.autogenerate.{name}" for name in plugins)]
    opts = {"target_metadata": metadata, "autogenerate_plugins": chosen, **options}
    context = MigrationContext.configure(connection, opts=opts)
    script = produce_migrations(context, metadata)
    imports: set[str] = set()
    texts = [
        body(
            render_python_code(
                container,
                migration_context=context,
                imports=imports,
                render_as_batch=bool(options.get("render_as_batch")),
            )
        )
        for container in (script.upgrade_ops, script.downgrade_ops)
    ]
    connection.rollback()
    return Trip(texts[0], texts[1], script.upgrade_ops.as_diffs())


def carried_out(connection: sa.Connection, metadata: sa.MetaData, code: str) -> None:
    """Run rendered code as a migration would."""
    context = MigrationContext.configure(connection, opts={"target_metadata": metadata})
    with context.begin_transaction(), Operations.context(context) as op:
        exec(code, {"op": op, "sa": sa, "mysql": mysql, "postgresql": postgresql})
    connection.commit()


def round_trip(engine: sa.Engine, before: Sequence[str], metadata: sa.MetaData, *plugins: str, **options: Any) -> Trip:
    """Compare, upgrade, find nothing more, downgrade, find the schema as it was; return what was generated."""
    with engine.connect() as connection:
        for statement in before:
            connection.exec_driver_sql(statement)
        connection.commit()
        was = take_snapshot(connection)
        connection.rollback()
        trip = compared(connection, metadata, *plugins, **options)
        assert take_snapshot(connection) == was, "a comparison must not change anything"
        connection.rollback()
        carried_out(connection, metadata, trip.upgrade)
        again = compared(connection, metadata, *plugins, **options)
        assert again.diffs == [], again.upgrade
        carried_out(connection, metadata, trip.downgrade)
        assert diff(was, take_snapshot(connection)) == (), trip.downgrade
        connection.rollback()
    return trip
