"""Running revisions where a project has no env.py: the database's own settings say what env.py would."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData

from stillhouse_engine.errors import MigrationScriptError

if TYPE_CHECKING:
    from stillhouse_engine.runtime.engines import Engines
    from stillhouse_engine.runtime.environment import EnvironmentContext
    from stillhouse_engine.runtime.specs import DatabaseSpec


def run(environment: EnvironmentContext, database: DatabaseSpec, engines: Engines) -> None:
    """Configure an environment for a database and run what its command planned."""
    metadata = load_metadata(database.metadata) if database.metadata else None
    if environment.is_offline_mode():
        environment.configure(url=database.url, target_metadata=metadata, literal_binds=True)
        with environment.begin_transaction():
            environment.run_migrations()
        return
    engine = engines.make(database.url)
    try:
        with engine.connect() as connection:
            environment.configure(connection=connection, target_metadata=metadata)
            with environment.begin_transaction():
                environment.run_migrations()
    finally:
        engine.dispose()


def load_metadata(path: str) -> Any:
    """Import ``package.module:attribute``.

    Raises:
        MigrationScriptError: there is no such module or attribute, or it is no ``MetaData``.
    """
    module, _, attribute = path.partition(":")
    try:
        value: Any = importlib.import_module(module)
        for name in (attribute or "metadata").split("."):
            value = getattr(value, name)
    except (ImportError, AttributeError) as error:
        raise MigrationScriptError(f"cannot load the metadata {path!r}: {error}") from error
    value = getattr(value, "metadata", value)
    if not isinstance(value, MetaData) and not all(isinstance(one, MetaData) for one in value):
        raise MigrationScriptError(f"{path!r} is {type(value).__name__}, not MetaData")
    return value
