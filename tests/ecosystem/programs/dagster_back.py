"""Takes the run storage of the instance in ``$DAGSTER_HOME`` back as far as Dagster's revisions can, by Dagster's code."""

from __future__ import annotations

import sys

from dagster import DagsterInstance
from dagster._core.storage.sql import get_alembic_config, run_alembic_downgrade

BACK_TO = {"SqliteRunStorage": "567bc23fd1ac", "PostgresRunStorage": "375e95bad550"}

if __name__ == "__main__":
    with DagsterInstance.get() as instance:
        storage = instance.run_storage
        config = get_alembic_config(sys.modules[type(storage).__module__].__file__, "../alembic/alembic.ini")
        with storage.connect() as connection:
            run_alembic_downgrade(config, connection, BACK_TO[type(storage).__name__])
