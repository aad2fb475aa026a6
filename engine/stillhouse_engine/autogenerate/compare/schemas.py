"""Which schemas take part in a comparison."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from stillhouse_engine.autogenerate.dispatch import PriorityDispatchResult

if TYPE_CHECKING:
    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.autogenerate.plugins import Plugin
    from stillhouse_engine.operations import ops

log = logging.getLogger("alembic.autogenerate.compare.schema")


def compare_schemas(autogen_context: AutogenContext, upgrade_ops: ops.UpgradeOps) -> PriorityDispatchResult:
    """Compare the schemas that the project asks for: the default one, which is None, or all."""
    inspector = autogen_context.inspector
    schemas: set[str | None] = {None}
    if autogen_context.opts.get("include_schemas", False):
        schemas |= set(inspector.get_schema_names())
        schemas -= {"information_schema", autogen_context.dialect.default_schema_name}
    chosen = {schema for schema in schemas if autogen_context.run_name_filters(schema, "schema", {})}
    autogen_context.comparators.dispatch("schema", qualifier=autogen_context.dialect.name)(
        autogen_context, upgrade_ops, chosen
    )
    return PriorityDispatchResult.CONTINUE


def setup(plugin: Plugin) -> None:
    """Register the comparator."""
    plugin.add_autogenerate_comparator(compare_schemas, "autogenerate")
