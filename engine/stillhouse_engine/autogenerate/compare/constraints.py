"""The comparators of indexes, unique constraints, foreign keys and nullability, as one plug-in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillhouse_engine.autogenerate.compare.foreign_keys import compare_foreign_keys
from stillhouse_engine.autogenerate.compare.indexes import compare_indexes_and_uniques
from stillhouse_engine.autogenerate.compare.nullability import compare_nullable

if TYPE_CHECKING:
    from stillhouse_engine.autogenerate.plugins import Plugin


def setup(plugin: Plugin) -> None:
    """Register the comparators."""
    plugin.add_autogenerate_comparator(compare_indexes_and_uniques, "table", "indexes")
    plugin.add_autogenerate_comparator(compare_foreign_keys, "table", "foreignkeys")
    plugin.add_autogenerate_comparator(compare_nullable, "column", "nullable")
