"""Directives that add and drop constraints, as Python source."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects.postgresql import ExcludeConstraint

from stillhouse_engine.autogenerate.render.constraints import exclude_arguments
from stillhouse_engine.autogenerate.render.expressions import potential_expression
from stillhouse_engine.autogenerate.render.indexes import option_sources
from stillhouse_engine.autogenerate.render.registry import (
    call,
    code_name,
    default_renderers,
    in_batch,
    keywords,
    plain,
    schema_argument,
    table_argument,
)
from stillhouse_engine.operations import ops

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stillhouse_engine.autogenerate.context import AutogenContext

UNNAMED = [
    "# WARNING: constraint name is None; this directive will fail as",
    "# rendered.  Add a name, or use a naming convention; see",
    "# https://alembic.sqlalchemy.org/en/latest/naming.html",
]
FOREIGN_KEY_RULES = ("onupdate", "ondelete", "initially", "deferrable", "use_alter", "match")


def listed(names: Sequence[Any]) -> str:
    """Return names of columns as a list."""
    return repr([plain(name) for name in names])


@default_renderers.dispatch_for(ops.CreateUniqueConstraintOp)
def add_unique(autogen_context: AutogenContext, op: ops.CreateUniqueConstraintOp) -> list[str]:
    """Render ``create_unique_constraint``."""
    options = {name: value for name in ("deferrable", "initially") if (value := op.kw.get(name))}
    dialects = {name: value for name, value in op.kw.items() if name not in {"deferrable", "initially"}}
    line = call(
        autogen_context,
        "create_unique_constraint",
        repr(code_name(autogen_context, op.constraint_name)),
        *table_argument(autogen_context, op.table_name),
        listed(op.columns),
        *keywords(options),
        *schema_argument(autogen_context, op.schema),
        *option_sources(dialects, autogen_context),
    )
    return [line]


@default_renderers.dispatch_for(ops.CreateForeignKeyOp)
def add_foreign_key(autogen_context: AutogenContext, op: ops.CreateForeignKeyOp) -> str:
    """Render ``create_foreign_key``."""
    arguments = [repr(code_name(autogen_context, op.constraint_name))]
    arguments += table_argument(autogen_context, op.source_table)
    arguments += [repr(plain(op.referent_table)), listed(op.local_cols), listed(op.remote_cols)]
    schemas = ["referent_schema"] if in_batch(autogen_context) else ["source_schema", "referent_schema"]
    told = {name: value for name in (*schemas, *FOREIGN_KEY_RULES) if (value := op.kw.get(name)) is not None}
    dialects = {name: value for name, value in op.kw.items() if name not in {"source_schema", *schemas, *told}}
    rest = {name: value for name, value in dialects.items() if name not in FOREIGN_KEY_RULES}
    return call(
        autogen_context,
        "create_foreign_key",
        *arguments,
        *keywords(told),
        *option_sources(rest, autogen_context),
    )


@default_renderers.dispatch_for(ops.CreatePrimaryKeyOp)
def add_primary_key(autogen_context: AutogenContext, op: ops.CreatePrimaryKeyOp) -> str:
    """Render ``create_primary_key``."""
    return call(
        autogen_context,
        "create_primary_key",
        repr(code_name(autogen_context, op.constraint_name)),
        *table_argument(autogen_context, op.table_name),
        listed(op.columns),
        *schema_argument(autogen_context, op.schema),
    )


@default_renderers.dispatch_for(ops.CreateCheckConstraintOp)
def add_check(autogen_context: AutogenContext, op: ops.CreateCheckConstraintOp) -> str:
    """Render ``create_check_constraint``."""
    dialects = {name: value for name, value in op.kw.items() if name not in {"deferrable", "initially"}}
    return call(
        autogen_context,
        "create_check_constraint",
        repr(code_name(autogen_context, op.constraint_name)),
        *table_argument(autogen_context, op.table_name),
        potential_expression(op.condition, autogen_context, wrap_in_element=False),
        *schema_argument(autogen_context, op.schema),
        *option_sources(dialects, autogen_context),
    )


@default_renderers.dispatch_for(ops.CreateExcludeConstraintOp)
def add_exclude(autogen_context: AutogenContext, op: ops.CreateExcludeConstraintOp) -> str:
    """Render ``create_exclude_constraint``."""
    constraint = op.to_constraint()
    if not isinstance(constraint, ExcludeConstraint):
        raise TypeError(f"not an exclusion constraint: {constraint!r}")
    return call(
        autogen_context,
        "create_exclude_constraint",
        repr(code_name(autogen_context, op.constraint_name)),
        *table_argument(autogen_context, op.table_name),
        *exclude_arguments(constraint, autogen_context),
        *schema_argument(autogen_context, op.schema),
    )


@default_renderers.dispatch_for(ops.DropConstraintOp)
def drop_constraint(autogen_context: AutogenContext, op: ops.DropConstraintOp) -> list[str]:
    """Render ``drop_constraint``; without a name it cannot work, and says so."""
    name = code_name(autogen_context, op.constraint_name)
    options = schema_argument(autogen_context, op.schema)
    options += keywords({"type_": op.constraint_type}) if op.constraint_type else []
    options += keywords({"if_exists": op.if_exists}) if op.if_exists is not None else []
    line = call(
        autogen_context, "drop_constraint", repr(name), *table_argument(autogen_context, op.table_name), *options
    )
    if name is not None:
        return [line]
    warnings.warn(
        f"Autogenerate rendered a drop_constraint() directive for an unnamed constraint on table {op.table_name!r}; the "
        "migration will fail unless a constraint name is added to the directive.  Consider using a naming convention "
        "so that constraint names are known ahead of time.",
        UserWarning,
        stacklevel=2,
    )
    return [*UNNAMED, line]


@default_renderers.dispatch_for(ops.ReplacedPrimaryKeyOp)
def replaced_key(autogen_context: AutogenContext, op: ops.ReplacedPrimaryKeyOp) -> list[str]:  # noqa: ARG001 - a renderer
    """Render nothing: the next line replaces the key."""
    return []


@default_renderers.dispatch_for(ops.ExecuteSQLOp)
def execute_sql(autogen_context: AutogenContext, op: ops.ExecuteSQLOp) -> str:
    """Render ``execute``.

    Raises:
        NotImplementedError: the SQL is not plain text.
    """
    if not isinstance(op.sqltext, str):
        raise NotImplementedError(
            "Autogenerate rendering of SQL Expression language constructs not supported here; please use a plain SQL string"
        )
    return call(autogen_context, "execute", repr(op.sqltext))
