"""The order of the models' tables, in linear time.

``MetaData.sorted_tables`` walks over all remaining tables once for each level of references: a thousand tables, each of which
references the one before, cost it half a million steps. The order here is the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import MetaData, Table


def sorted_tables(metadata: MetaData) -> Sequence[Table]:
    """Return a metadata's tables, each behind those that it references; those of one level in the order of their keys."""
    tables = [metadata.tables[key] for key in sorted(metadata.tables)]
    try:
        parents = {table: referenced(table) for table in tables}
    except (InvalidRequestError, LookupError):
        # A reference that leads nowhere, or something other than references: SQLAlchemy knows what to do.
        return metadata.sorted_tables
    levels = levels_of(parents)
    return metadata.sorted_tables if levels is None else sorted(tables, key=levels.__getitem__)


def referenced(table: Table) -> set[Table]:
    """Return the tables that a table references, without itself.

    Raises:
        LookupError: it depends on other tables by more than foreign keys.
    """
    made_from = getattr(table, "_creator_ddl", None)
    if table._extra_dependencies or hasattr(made_from, "selectable"):  # noqa: SLF001 - SQLAlchemy sorts by these, too
        raise LookupError(table.key)
    found = {key.referred_table for key in table.foreign_key_constraints if not key.use_alter}
    return found - {table}


def levels_of(parents: dict[Table, set[Table]]) -> dict[Table, int] | None:
    """Return how many tables stand one above the other over each table; None where references go in a ring."""
    children: dict[Table, list[Table]] = {}
    waiting: dict[Table, int] = {}
    for table, above in parents.items():
        known = [parent for parent in above if parent in parents]
        waiting[table] = len(known)
        for parent in known:
            children.setdefault(parent, []).append(table)
    levels = {table: 0 for table, count in waiting.items() if not count}
    ready = list(levels)
    for table in ready:
        for child in children.get(table, ()):
            waiting[child] -= 1
            levels[child] = max(levels.get(child, 0), levels[table] + 1)
            if not waiting[child]:
                ready.append(child)
    return levels if len(ready) == len(parents) else None
