"""What the comparators of functions and of procedures have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillhouse_engine.autogenerate.compare import mysql_routines, postgresql_routines
from stillhouse_engine.autogenerate.compare.objects import arrange
from stillhouse_engine.declared import declared

if TYPE_CHECKING:
    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.operations import ops

DIALECTS = {
    "postgresql": postgresql_routines.compare_in_words,
    "mysql": mysql_routines.compare_as_written,
    "mariadb": mysql_routines.compare_as_written,
}


def compare_routines(
    autogen_context: AutogenContext, upgrade_ops: ops.UpgradeOps, schemas: set[str | None], noun: str
) -> None:
    """Compare the functions or procedures of the chosen schemas with those that are declared."""
    models = [item for item in declared(autogen_context.metadatas(), noun) if item.schema in schemas]
    arrange(upgrade_ops, DIALECTS[autogen_context.dialect.name](autogen_context, schemas, noun, models))
