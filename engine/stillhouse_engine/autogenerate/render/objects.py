"""Operations on what is no table, as ``op.execute()``: SQL that everybody can read, and that runs with Alembic, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillhouse_engine.autogenerate.render.registry import default_renderers
from stillhouse_engine.operations import ops
from stillhouse_engine.operations.implementations import without_parameters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stillhouse_engine.autogenerate.context import AutogenContext

INDENT = "    "


@default_renderers.dispatch_for(ops.SchemaObjectOp)
def schema_object(autogen_context: AutogenContext, op: ops.SchemaObjectOp) -> list[str]:
    """Render the statements that make, change or drop an object."""
    prefix = autogen_context.opts.get("alembic_module_prefix") or ""
    calls = [line for statement in op.statements for line in execution(prefix, statement)]
    remarks = [f"# {line}" for line in op.remark[0].splitlines()]
    if remarks and not calls:
        return [*remarks, "pass"]
    if not op.autocommit or not calls:
        return [*remarks, *calls]
    return [*remarks, f"with {prefix}get_context().autocommit_block():", *(f"{INDENT}{line}" for line in calls)]


def execution(prefix: str, statement: str) -> Iterator[str]:
    """Yield the call that executes a statement; a literal for each of its lines, so that no indentation gets into it."""
    *lines, last = without_parameters(statement).split("\n")
    if not lines:
        yield f"{prefix}execute({last!r})"
        return
    yield f"{prefix}execute("
    yield from (f"{INDENT}{line + chr(10)!r}" for line in lines)
    yield f"{INDENT}{last!r}"
    yield ")"
