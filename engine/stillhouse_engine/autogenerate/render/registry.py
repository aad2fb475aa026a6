"""Which function renders which operation, and the words that all of them share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.sql.elements import conv, quoted_name

from stillhouse_engine.autogenerate.dispatch import QualifiedDispatcher

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.operations import ops

default_renderers = QualifiedDispatcher()
"""The functions of the built-in operations."""

renderers = QualifiedDispatcher()
"""The functions by the operation class that they render; projects and packages add theirs with ``dispatch_for``."""


class CodeName:
    """A name that no naming convention is applied to again: ``op.f('name')``."""

    def __init__(self, prefix: str, name: str) -> None:
        self.prefix = prefix
        self.name = name

    def __repr__(self) -> str:
        return f"{self.prefix}f({plain(self.name)!r})"


def plain(name: Any) -> Any:
    """Return a name without what SQLAlchemy knows of its quoting; anything but a string as it is."""
    return str(name) if isinstance(name, quoted_name) else name


def directive_prefix(autogen_context: AutogenContext) -> str:
    """Return what stands before a directive: ``op.``, or ``batch_op.`` in a batch."""
    if autogen_context._has_batch:  # noqa: SLF001 - same package
        return "batch_op."
    return autogen_context.opts.get("alembic_module_prefix") or ""


def sqlalchemy_prefix(autogen_context: AutogenContext) -> str:
    """Return what stands before SQLAlchemy's names: ``sa.``."""
    return autogen_context.opts.get("sqlalchemy_module_prefix") or ""


def in_batch(autogen_context: AutogenContext) -> bool:
    """Tell whether directives are those of a batch, which knows its table."""
    return autogen_context._has_batch  # noqa: SLF001 - same package


def code_name(autogen_context: AutogenContext, name: Any) -> Any:
    """Return a name as it goes into the code by ``repr()``; None where a naming convention has still to make it."""
    if isinstance(name, conv):
        return CodeName(directive_prefix(autogen_context), name)
    return plain(name) if isinstance(name, str) else None


def user_rendering(kind: str, item: Any, autogen_context: AutogenContext) -> Any:
    """Return what the project's ``render_item`` makes of something; False where it leaves it to us."""
    render_item = autogen_context.opts.get("render_item")
    return render_item(kind, item, autogen_context) if render_item is not None else False


def keywords(options: Mapping[str, Any]) -> list[str]:
    """Return keyword arguments whose values are told by ``repr()``."""
    return [f"{name}={plain(value)!r}" for name, value in options.items()]


def call(autogen_context: AutogenContext, directive: str, *arguments: str) -> str:
    """Return the call of a directive."""
    return f"{directive_prefix(autogen_context)}{directive}({', '.join(arguments)})"


def table_argument(autogen_context: AutogenContext, name: Any) -> list[str]:
    """Return the table's name as an argument; in a batch, none."""
    return [] if in_batch(autogen_context) else [repr(plain(name))]


def schema_argument(autogen_context: AutogenContext, schema: Any) -> list[str]:
    """Return the schema as an argument, where there is one to tell."""
    return [f"schema={plain(schema)!r}"] if schema and not in_batch(autogen_context) else []


def render_op(autogen_context: AutogenContext, op: ops.MigrateOperation) -> list[str]:
    """Return the lines that carry out an operation."""
    rendered = renderers.dispatch(op)(autogen_context, op)
    return [rendered] if isinstance(rendered, str) else list(rendered)


def render_op_text(autogen_context: AutogenContext, op: ops.MigrateOperation) -> str:
    """Return the lines that carry out an operation, as one text."""
    return "\n".join(render_op(autogen_context, op))
