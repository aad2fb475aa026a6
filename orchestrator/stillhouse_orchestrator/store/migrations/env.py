# ruff: noqa: INP001 - a script directory is no package
"""Run the store's migrations on the connection that the store hands over."""

from stillhouse_engine import context
from stillhouse_orchestrator.store.schema import VERSION_TABLE
from stillhouse_orchestrator.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, version_table=VERSION_TABLE
)
with context.begin_transaction():
    context.run_migrations()
