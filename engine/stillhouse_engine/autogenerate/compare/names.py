"""Names of constraints and indexes, as the database would keep them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Index

if TYPE_CHECKING:
    from sqlalchemy import Dialect


def final_name(item: Any, dialect: Dialect) -> str | None:
    """Return a model's name after naming convention and the dialect's limit of length; None where it has none."""
    if not isinstance(item.name, str):
        return None
    preparer = dialect.identifier_preparer
    if isinstance(item, Index):
        shortened = preparer.truncate_and_render_index_name(item.name, _alembic_quote=False)
    else:
        shortened = preparer.truncate_and_render_constraint_name(item.name, _alembic_quote=False)
    return str(shortened)
