"""Comparing indexes and unique constraints by what they are over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.sql.elements import ColumnClause

from stillhouse_engine.dialects.comparing_results import ComparisonResult, compared

if TYPE_CHECKING:
    from sqlalchemy import Index, UniqueConstraint


def element_name(element: Any) -> str | None:
    """Return the name of a column in an index; None for an expression."""
    if isinstance(element, ColumnClause) and not element.is_literal:
        return str(element.name)
    return None


def has_expressions(index: Index) -> bool:
    """Tell whether an index is over more than columns."""
    return any(element_name(element) is None for element in index.expressions)


def element_signature(element: Any) -> str:
    """Return what an element of an index is compared by."""
    return element_name(element) or str(element.compile(compile_kwargs={"literal_binds": True, "include_table": False}))


def index_signature(index: Index) -> tuple[str, ...]:
    """Return what an index is over."""
    return tuple(element_signature(element) for element in index.expressions)


def unique_difference(model: Index, live: Index) -> list[str]:
    """Return how two indexes differ in being unique."""
    if bool(model.unique) == bool(live.unique):
        return []
    return [f"unique={bool(live.unique)} to unique={bool(model.unique)}"]


def compare_indexes(model: Index, live: Index) -> ComparisonResult:
    """Compare two indexes by uniqueness and elements."""
    differences = unique_difference(model, live)
    wanted, found = index_signature(model), index_signature(live)
    if wanted != found:
        differences.append(f"expression {found} to {wanted}")
    return compared(differences)


def unique_signature(constraint: UniqueConstraint) -> tuple[str, ...]:
    """Return the columns of a unique constraint, in an order that does not matter."""
    return tuple(sorted(column.name for column in constraint.columns))


def compare_unique_constraints(model: UniqueConstraint, live: UniqueConstraint) -> ComparisonResult:
    """Compare two unique constraints by their columns."""
    wanted, found = unique_signature(model), unique_signature(live)
    return compared([f"expression {found} to {wanted}"] if wanted != found else [])
