"""The snapshot that a migration leaves, taken inside its own transaction and lock: the baseline of drift checks."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from stillhouse_engine.schema import SchemaError, Snapshot, take_snapshot
from stillhouse_engine.worker.problems import problem_of
from stillhouse_engine.worker.scrub import secrets_of
from stillhouse_engine.worker.sharing import SharedSnapshots, TakenSnapshot

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from stillhouse_engine.worker.messages import Start
    from stillhouse_engine.worker.report import Report


class SnapshotTaker:
    """Takes the snapshot of one job.

    The job's options ``schemas`` and ``exclude_tables`` say what of the database belongs to the target; without them,
    its own schema, if it has one, without its version table. The option ``privileges`` says that owners and privileges do.

    Attributes:
        taken: the snapshot, once it is taken; siblings that agree share it.
    """

    def __init__(self, start: Start, report: Report, shared: SharedSnapshots | None = None) -> None:
        database, options = start.database, start.options
        table, schema = database.version_table, database.version_table_schema or database.schema
        excluded = (f"{schema}.{table}", table) if schema else (table,)
        self.taken: TakenSnapshot | None = None
        self._shared = shared or SharedSnapshots()
        self._schemas = options.get("schemas") or ((database.schema,) if database.schema else None)
        self._excluded = tuple(options.get("exclude_tables") or excluded)
        self._privileges = bool(options.get("privileges"))
        self._secrets = secrets_of(database.url)
        self._report = report

    def take(self, connection: Connection) -> None:
        """Take it; a catalogue that cannot be read is reported, and fails no migration."""
        guarded = connection.dialect.name == "postgresql" and connection.in_transaction()
        try:
            if not self._privileges:  # of which a digest says nothing
                self.taken = self._shared.recognise(connection, self._schemas, self._excluded)
            if self.taken is not None:
                return
            with connection.begin_nested() if guarded else nullcontext():  # else its failure would abort the migration
                self.taken = self._taken(connection)
        except (SchemaError, SQLAlchemyError) as error:
            problem = problem_of(error, secrets=self._secrets)
            self._report.step("snapshot.failed", {"kind": problem.kind, "error": problem.message})

    def _taken(self, connection: Connection) -> TakenSnapshot:
        if not self._privileges:
            return self._shared.take(connection, self._schemas, self._excluded)
        return TakenSnapshot(
            take_snapshot(connection, schemas=self._schemas, exclude_tables=self._excluded, privileges=True)
        )

    def read(self, connection: Connection) -> Snapshot:
        """Return the snapshot of what belongs to the target; without privileges, which a scratch database does not have.

        Raises:
            SchemaError: it cannot be read.
        """
        return take_snapshot(connection, schemas=self._schemas, exclude_tables=self._excluded)
