"""What MySQL and MariaDB have to say when models are compared with a live schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import Enum
from sqlalchemy.sql.elements import BinaryExpression, Grouping, UnaryExpression
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import asc_op, desc_op
from sqlalchemy.types import TypeDecorator

from stillhouse_engine.dialects.comparing import Comparisons

if TYPE_CHECKING:
    from sqlalchemy import Column, ForeignKeyConstraint, Index, UniqueConstraint
    from sqlalchemy.sql.elements import ClauseElement

QUOTED = re.compile(r"'(.*)'", re.DOTALL)
NOW = re.compile(r"\b(?:now|current_timestamp|localtime|localtimestamp)\b(?:\(\s*(\d*)\s*\))?", re.IGNORECASE)
NOTHING = frozenset({None, "NO ACTION"})
SAME_AS_NOTHING = frozenset({None, "NO ACTION", "RESTRICT"})


def needs_parentheses(expr: ClauseElement) -> bool:
    """Tell whether an element of an index needs parentheses: anything but a column, sorted or not."""
    if isinstance(expr, UnaryExpression):
        return expr.modifier not in {asc_op, desc_op}
    return isinstance(expr, BinaryExpression | FunctionElement)


def bare(default: str) -> str:
    """Return a default without quotes and parentheses around it, and one word for the present time."""
    text = default.strip()
    while text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip()
    if (quoted := QUOTED.fullmatch(text)) is not None:
        return quoted[1].replace("''", "'")
    return NOW.sub(lambda found: f"current_timestamp({found[1] or ''})", text).lower()


class MySQLComparisons(Comparisons):
    """The hooks of autogenerate for MySQL and MariaDB."""

    def render_ddl_sql_expr(
        self, expr: ClauseElement, is_server_default: bool = False, is_index: bool = False, **kw: Any
    ) -> str:
        """Return an expression as it stands in DDL."""
        if is_index and needs_parentheses(expr):
            expr = Grouping(expr)  # type: ignore[arg-type]
        return super().render_ddl_sql_expr(expr, is_server_default, **kw)

    def compare_type(self, inspector_column: Column[Any], metadata_column: Column[Any]) -> bool:
        """Tell whether two columns' types differ; the order of an ENUM's values does not matter."""
        live, model = inspector_column.type, metadata_column.type
        if isinstance(model, TypeDecorator):
            model = model.impl_instance
        if isinstance(live, Enum) and isinstance(model, Enum):
            return set(live.enums) != set(model.enums)
        return super().compare_type(inspector_column, metadata_column)

    def compare_server_default(
        self,
        inspector_column: Column[Any],  # noqa: ARG002 - a hook
        metadata_column: Column[Any],
        rendered_metadata_default: str | None,
        rendered_inspector_default: str | None,
    ) -> bool:
        """Tell whether two columns' server defaults differ by more than the server's own words for them."""
        if metadata_column.primary_key and metadata_column is metadata_column.table.autoincrement_column:
            return False
        live, model = rendered_inspector_default, rendered_metadata_default
        if live is None or model is None:
            return live is not model
        return bare(live) != bare(model)

    def correct_for_autogen_constraints(
        self,
        conn_uniques: set[UniqueConstraint],
        conn_indexes: set[Index],
        metadata_unique_constraints: set[UniqueConstraint],
        metadata_indexes: set[Index],
    ) -> None:
        """Leave out the indexes that the server makes for foreign keys."""
        super().correct_for_autogen_constraints(
            conn_uniques, conn_indexes, metadata_unique_constraints, metadata_indexes
        )
        named = {str(item.name) for item in metadata_indexes} | {str(item.name) for item in metadata_unique_constraints}
        for index in list(conn_indexes):
            if str(index.name) not in named and not index.unique and serves_foreign_key(index):
                conn_indexes.discard(index)

    def correct_for_autogen_foreignkeys(
        self, conn_fks: set[ForeignKeyConstraint], metadata_fks: set[ForeignKeyConstraint]
    ) -> None:
        """Take RESTRICT and NO ACTION of a model for nothing where there is nothing.

        MariaDB says RESTRICT of no key; MySQL does of those that were made so, and a model that says otherwise differs.
        """
        super().correct_for_autogen_foreignkeys(conn_fks, metadata_fks)
        wanted = {tuple(key.column_keys): key for key in metadata_fks}
        for live in conn_fks:
            model = wanted.get(tuple(live.column_keys))
            if model is None:
                continue
            for rule in ("onupdate", "ondelete"):
                if upper(getattr(live, rule)) in NOTHING and upper(getattr(model, rule)) in SAME_AS_NOTHING:
                    setattr(live, rule, getattr(model, rule))


def upper(rule: str | None) -> str | None:
    """Return a rule in capitals."""
    return rule.upper() if rule else None


def serves_foreign_key(index: Index) -> bool:
    """Tell whether the server made an index for a foreign key: it bears the key's name, or that of its column."""
    if index.table is None:
        return False
    columns = [column.name for column in index.columns]
    return any(
        index.name in {key.name, columns[0]} and columns[: len(key.column_keys)] == list(key.column_keys)
        for key in index.table.foreign_key_constraints
    )
