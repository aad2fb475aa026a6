"""Fills a revision with what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.operations import ops


def net_changes(autogen_context: AutogenContext, upgrade_ops: ops.UpgradeOps) -> None:
    """Compare everything, and append the operations that make the database like the models."""
    autogen_context.comparators.dispatch("autogenerate", qualifier=autogen_context.dialect.name)(
        autogen_context, upgrade_ops
    )


def populate(autogen_context: AutogenContext, migration_script: ops.MigrationScript) -> None:
    """Fill the last upgrade and downgrade of a revision."""
    upgrade_ops = migration_script.upgrade_ops_list[-1]
    downgrade_ops = migration_script.downgrade_ops_list[-1]
    net_changes(autogen_context, upgrade_ops)
    upgrade_ops.reverse_into(downgrade_ops)
