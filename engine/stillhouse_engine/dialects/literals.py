"""Bound values that are always written into the SQL text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import BindParameter

if TYPE_CHECKING:
    from sqlalchemy.sql.compiler import SQLCompiler


class LiteralBindParameter(BindParameter[Any]):
    """A value that is rendered into the text, so that offline scripts need no parameters."""

    inherit_cache = False


@compiles(LiteralBindParameter)
def render_literal(element: LiteralBindParameter, compiler: SQLCompiler, **kw: Any) -> str:
    """Render the value."""
    return str(compiler.render_literal_bindparam(element, **kw))  # type: ignore[no-untyped-call]
