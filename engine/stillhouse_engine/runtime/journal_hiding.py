"""Leaving the journal out of what revisions reflect: one that acts on every table must not act on ours."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy.engine.reflection import Inspector

from stillhouse_engine.runtime.journal_table import NAME


class WithoutJournal(Inspector):
    """Does not list the journal; whoever asks for it by its name sees it."""

    def get_table_names(self, schema: str | None = None, **kw: Any) -> list[str]:
        """Return the names of the other tables."""
        return [name for name in super().get_table_names(schema, **kw) if name != NAME]

    def get_sorted_table_and_fkc_names(self, schema: str | None = None, **kw: Any) -> list[Any]:
        """Return the names of the other tables, in the order of their dependencies."""
        return [entry for entry in super().get_sorted_table_and_fkc_names(schema, **kw) if entry[0] != NAME]


@lru_cache
def _without_journal(kind: type[Inspector]) -> type[Inspector]:
    return kind if issubclass(kind, WithoutJournal) else type(kind.__name__, (WithoutJournal, kind), {})


def hide_journal(dialect: Any) -> None:
    """Leave the journal out of what ``inspect()`` and ``MetaData.reflect()`` list on connections of a dialect object."""
    dialect.inspector = _without_journal(getattr(dialect, "inspector", Inspector))
