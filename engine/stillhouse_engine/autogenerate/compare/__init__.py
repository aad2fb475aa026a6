"""What differs between models and database.

Comparators are functions by what they compare. Those of ``comparators.dispatch_for()`` always take part; the built-in ones
are plug-ins, so that a project can choose among them.
"""

from stillhouse_engine.autogenerate.compare.changes import net_changes as _produce_net_changes
from stillhouse_engine.autogenerate.compare.changes import populate as _populate_migration_script
from stillhouse_engine.autogenerate.context import comparators
from stillhouse_engine.autogenerate.plugins import Plugin

__all__ = ["Plugin", "_populate_migration_script", "_produce_net_changes", "comparators"]
