"""What SQLite has to say when models are compared with a live schema."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Any

from sqlalchemy import __version__

from stillhouse_engine.dialects.comparing import Comparisons
from stillhouse_engine.dialects.comparing_constraints import has_expressions

if TYPE_CHECKING:
    from sqlalchemy import Column, Index, Inspector, Table, UniqueConstraint
    from sqlalchemy.sql.elements import ClauseElement

LITERAL = re.compile(r"""(?:\d+|'(?:[^']|'')+'|"(?:[^"]|"")*"|)\s*""")
PARENTHESES = re.compile(r"\((.*)\)\s*", re.DOTALL)
QUOTED = re.compile(r"(['\"])(.*)\1", re.DOTALL)


def is_parenthesised(text: str) -> bool:
    """Tell whether one pair of parentheses holds all of a text."""
    if PARENTHESES.fullmatch(text) is None:
        return False
    depth = 0
    for position, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0:
            return not text[position + 1 :].strip()
    return False


def is_plain(default: str) -> bool:
    """Tell whether a default is one that SQLite takes without parentheses: a literal, or parenthesised already.

    One of several lines gets parentheses of its own, as Alembic gives them: tables that are made anew keep their text.
    """
    return "\n" not in default.strip() and (LITERAL.fullmatch(default) is not None or is_parenthesised(default))


def bare(default: str | None) -> str | None:
    """Return a default without parentheses and quotes around it."""
    if default is None:
        return None
    while is_parenthesised(default):
        default = default.strip()[1:-1]
    quoted = QUOTED.fullmatch(default)
    return quoted[2] if quoted is not None else default


class SQLiteComparisons(Comparisons):
    """The hooks of autogenerate for SQLite."""

    def render_ddl_sql_expr(self, expr: ClauseElement, is_server_default: bool = False, **kw: Any) -> str:
        """Return an expression as it stands in DDL; a default that is no literal needs parentheses."""
        text = super().render_ddl_sql_expr(expr, is_server_default, **kw)
        return f"({text})" if is_server_default and not is_plain(text) else text

    def autogen_column_reflect(self, inspector: Inspector, table: Table, column_info: Any) -> None:
        """Give defaults the parentheses that SQLite takes away from them."""
        super().autogen_column_reflect(inspector, table, column_info)
        default = column_info.get("default")
        if default and not is_plain(default):
            column_info["default"] = f"({default})"

    def compare_server_default(
        self,
        inspector_column: Column[Any],  # noqa: ARG002 - a hook
        metadata_column: Column[Any],  # noqa: ARG002 - a hook
        rendered_metadata_default: str | None,
        rendered_inspector_default: str | None,
    ) -> bool:
        """Tell whether two columns' server defaults differ by more than parentheses and quotes."""
        return bare(rendered_inspector_default) != bare(rendered_metadata_default)

    def correct_for_autogen_constraints(
        self,
        conn_uniques: set[UniqueConstraint],
        conn_indexes: set[Index],
        metadata_unique_constraints: set[UniqueConstraint],
        metadata_indexes: set[Index],
    ) -> None:
        """Leave indexes on expressions out, which SQLAlchemy does not reflect."""
        super().correct_for_autogen_constraints(
            conn_uniques, conn_indexes, metadata_unique_constraints, metadata_indexes
        )
        self.skip_functional_indexes(metadata_indexes, conn_indexes)

    def skip_functional_indexes(self, metadata_indexes: set[Index], conn_indexes: set[Index]) -> None:
        """Leave the models' indexes on expressions out, with a warning."""
        for index in sorted(metadata_indexes, key=lambda index: str(index.name)):
            if not has_expressions(index):
                continue
            warnings.warn(
                f"autogenerate skipping metadata-specified expression-based index {str(index.name)!r}; dialect "
                f"{self.dialect.name!r} under SQLAlchemy {__version__} can't reflect these indexes so they can't be compared",
                UserWarning,
                stacklevel=4,
            )
            metadata_indexes.discard(index)
            for live in [live for live in conn_indexes if live.name == index.name]:
                conn_indexes.discard(live)
