"""What extensions of Alembic ask about SQLAlchemy, as ``alembic.util.sqla_compat`` names it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import sqlalchemy
from sqlalchemy import Column
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import ColumnClause, ColumnElement, TextClause, conv

if TYPE_CHECKING:
    from sqlalchemy import Index, Table

sqlalchemy_version: str = sqlalchemy.__version__
_vers = tuple(int(number) for number in re.findall(r"\d+", sqlalchemy_version)[:3])
sqla_2_0_25 = _vers >= (2, 0, 25)
sqla_2_1 = _vers >= (2, 1)


def constraint_name_defined(name: Any) -> bool:
    """Tell whether a constraint's name is one: a string, or a convention that will make one."""
    return (name is not None and isinstance(name, str | conv)) or type(name).__name__ == "_NoneName"


def constraint_name_string(name: Any) -> bool:
    """Tell whether a constraint's name is a string."""
    return isinstance(name, str)


def constraint_name_or_none(name: Any) -> str | None:
    """Return a constraint's name if it is a string."""
    return name if isinstance(name, str) else None


def is_expression(expression: Any) -> bool:
    """Tell whether an element of an index is an expression, rather than a column."""
    plain = expression
    while getattr(plain, "element", None) is not None and not isinstance(plain, ColumnClause | TextClause):
        plain = plain.element
    return isinstance(plain, ColumnElement | TextClause) and not isinstance(plain, ColumnClause)


def is_expression_index(index: Index) -> bool:
    """Tell whether an index has expressions."""
    return any(is_expression(element) for element in index.expressions)


def _copy(item: Any, **kw: Any) -> Any:
    return item._copy(**kw)  # noqa: SLF001 - the name it has in SQLAlchemy 2


def _connectable_has_table(connectable: Any, tablename: str, schemaname: str | None) -> bool:
    found: bool = sqlalchemy.inspect(connectable).has_table(tablename, schemaname)
    return found


def _table_for_constraint(constraint: Any) -> Table:
    table: Table = constraint.table
    return table


def _columns_for_constraint(constraint: Any) -> list[Column[Any]]:
    return list(constraint.columns)


def _find_columns(clause: Any) -> set[Column[Any]]:
    found: set[Column[Any]] = set()
    visitors.traverse(clause, {}, {"column": found.add})
    return found
