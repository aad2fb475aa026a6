"""Procedures: added, removed, changed. PostgreSQL, MySQL and MariaDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillhouse_engine.autogenerate.compare.routines import DIALECTS, compare_routines
from stillhouse_engine.autogenerate.dispatch import DispatchPriority, PriorityDispatchResult

if TYPE_CHECKING:
    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.autogenerate.plugins import Plugin
    from stillhouse_engine.operations import ops


def compare_procedures(
    autogen_context: AutogenContext, upgrade_ops: ops.UpgradeOps, schemas: set[str | None]
) -> PriorityDispatchResult:
    """Compare the procedures of the chosen schemas with those that are declared."""
    compare_routines(autogen_context, upgrade_ops, schemas, "procedure")
    return PriorityDispatchResult.CONTINUE


def setup(plugin: Plugin) -> None:
    """Register the comparator for the databases that it knows."""
    for dialect in DIALECTS:
        plugin.add_autogenerate_comparator(
            compare_procedures, "schema", "procedures", qualifier=dialect, priority=DispatchPriority.LAST
        )
