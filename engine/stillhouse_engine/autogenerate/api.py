"""Comparing models with a database, and rendering the result: what env.py files, tests and tools call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.engine.default import DefaultDialect

from stillhouse_engine.autogenerate.compare.changes import populate
from stillhouse_engine.autogenerate.context import AutogenContext
from stillhouse_engine.autogenerate.render.bodies import body, into_template_variables
from stillhouse_engine.autogenerate.revisions import RevisionContext
from stillhouse_engine.operations import ops
from stillhouse_engine.runtime.migration import MigrationContext

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import MetaData

__all__ = ["AutogenContext", "RevisionContext", "compare_metadata", "produce_migrations", "render_python_code"]


def compare_metadata(context: MigrationContext, metadata: MetaData) -> Any:
    """Compare models with a database.

    Args:
        context: the migration context, on a connection.
        metadata: the models.

    Returns:
        The differences as tuples (``("add_table", Table)`` …); those of one column as a list of tuples.
    """
    upgrade_ops = produce_migrations(context, metadata).upgrade_ops
    return upgrade_ops.as_diffs() if upgrade_ops is not None else []


def produce_migrations(context: MigrationContext, metadata: MetaData) -> ops.MigrationScript:
    """Compare models with a database.

    Args:
        context: the migration context, on a connection.
        metadata: the models.

    Returns:
        A revision with the operations that make the database like the models, and those that undo them.
    """
    script = ops.MigrationScript(None, ops.UpgradeOps([]), ops.DowngradeOps([]))
    populate(AutogenContext(context, metadata=metadata), script)
    return script


def render_python_code(  # noqa: PLR0917 - Alembic's signature
    up_or_down_op: ops.UpgradeOps | ops.DowngradeOps,
    sqlalchemy_module_prefix: str = "sa.",
    alembic_module_prefix: str = "op.",
    render_as_batch: bool = False,
    imports: Sequence[str] = (),
    render_item: Callable[..., Any] | None = None,
    migration_context: MigrationContext | None = None,
    user_module_prefix: str | None = None,
) -> str:
    """Render operations as the body of ``upgrade()`` or ``downgrade()``.

    Args:
        up_or_down_op: the operations.
        sqlalchemy_module_prefix: what stands before SQLAlchemy's names.
        alembic_module_prefix: what stands before directives.
        render_as_batch: render the operations on a table as a batch.
        imports: import lines that are known already.
        render_item: the project's hook.
        migration_context: whose dialect expressions are written for.
        user_module_prefix: what stands before the project's own types; their modules by default.
    """
    opts = {
        "sqlalchemy_module_prefix": sqlalchemy_module_prefix,
        "alembic_module_prefix": alembic_module_prefix,
        "render_item": render_item,
        "render_as_batch": render_as_batch,
        "user_module_prefix": user_module_prefix,
    }
    if migration_context is None:
        migration_context = MigrationContext.configure(dialect=DefaultDialect())
    autogen_context = AutogenContext(migration_context, opts=opts, autogenerate=False)
    autogen_context.imports = set(imports)
    return body(up_or_down_op, autogen_context)


def _render_migration_diffs(context: MigrationContext, template_args: dict[Any, Any]) -> None:
    """Compare, and render the result into the variables of a template."""
    autogen_context = AutogenContext(context)
    script = ops.MigrationScript(
        None,
        ops.UpgradeOps([], upgrade_token=context.opts["upgrade_token"]),
        ops.DowngradeOps([], downgrade_token=context.opts["downgrade_token"]),
    )
    populate(autogen_context, script)
    into_template_variables(autogen_context, script, template_args)
