"""Comparing the expressions of indexes: a database keeps them in words of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

from stillhouse_engine.dialects.comparing_constraints import element_name

if TYPE_CHECKING:
    from sqlalchemy import Index

    class Renderer(Protocol):
        """Writes expressions as they stand in DDL."""

        def render_ddl_sql_expr(self, expr: Any, is_server_default: bool = False, *, is_index: bool = False) -> str:
            """Return the SQL of an expression."""
            ...


CAST = re.compile(r"::[\w ]*?[\w]+(?:\(\d+(?:,\d+)?\))?(?:\[\])?(?=$|[\s,)+*/|<>=~!@#%^&?:-])")
CAST_CALL = re.compile(r"cast\((.+?)as[\w ]+?(?:\([\d,]+\))?\)")
MODIFIERS = re.compile(r"\s+(?:asc|desc|nulls first|nulls last)\b")


def index_expressions(index: Index, renderer: Renderer) -> tuple[str, ...]:
    """Return what an index is over: names of columns, expressions without what the database adds to them."""
    table = index.table.name if index.table is not None else ""
    return tuple(
        name if (name := element_name(element)) is not None else normalised(rendered(element, renderer), table)
        for element in index.expressions
    )


def rendered(element: Any, renderer: Renderer) -> str:
    """Return an expression as SQL."""
    return renderer.render_ddl_sql_expr(element, is_index=True)


def normalised(sql: str, table: str) -> str:
    """Return an expression's SQL without casts, quotes, blanks, table names and parentheses around it."""
    text = sql.lower().replace("\n", " ")
    text = text.replace(f"{table.lower()}.", "").replace('"', "").replace("'", "")
    text = MODIFIERS.sub(lambda found: found[0] if "desc" in found[0] or "first" in found[0] else "", text)
    text = CAST.sub("", text)
    text = re.sub(r"\s+", "", CAST_CALL.sub(r"\1", text.strip()))
    return text.replace("(", "").replace(")", "")
