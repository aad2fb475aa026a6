"""What a schema should be: revisions replayed, or models created, on a scratch database, and its snapshot.

Nothing here touches the target itself. Since an env.py may connect wherever it likes, it is run once without
any step, to see where it connects, before anything is written.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.schema import CreateSchema

from stillhouse_engine.errors import CommandError
from stillhouse_engine.runtime.plain import load_metadata
from stillhouse_engine.runtime.scratch import check_connection, scratch_database
from stillhouse_engine.worker.messages import Done
from stillhouse_engine.worker.snapshots import SnapshotTaker

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData

    from stillhouse_engine.runtime.project import Project
    from stillhouse_engine.runtime.specs import DatabaseSpec
    from stillhouse_engine.schema import Snapshot
    from stillhouse_engine.worker.messages import Start
    from stillhouse_engine.worker.report import Report


async def replay(project: Project, start: Start, report: Report) -> Done:
    """Run the revisions up to those of the option ``applied`` on a scratch database, and answer with its snapshot."""
    applied = tuple(start.options.get("applied") or ())
    expecting = Expecting(project, start, report)
    async with scratch_database(project, start.database, start.options.get("scratch_url")) as scratch:
        await expecting.check(scratch)
        await (expecting.upgrade(scratch, applied) if applied else expecting.leave_empty(scratch))
    return expecting.done(applied)


async def models(project: Project, start: Start, report: Report) -> Done:
    """Create the project's models on a scratch database, and answer with its snapshot."""
    expecting = Expecting(project, start, report)
    async with scratch_database(project, start.database, start.options.get("scratch_url")) as scratch:
        await expecting.check(scratch)
        await expecting.create_models(scratch)
    return expecting.done(tuple(project.script.get_heads()))


class Expecting:
    """One job that finds out what a schema should be."""

    def __init__(self, project: Project, start: Start, report: Report) -> None:
        self._project = project
        self._start = start
        self._taker = SnapshotTaker(start, report)
        self._snapshot: Snapshot | None = None
        self._models: Any = None

    async def check(self, scratch: DatabaseSpec) -> None:
        """Run env.py without any step, and see that it connects to the scratch database and what its models are.

        Raises:
            ScratchError: it connects elsewhere.
        """

        def look(_heads: tuple[str, ...], context: Any) -> list[Any]:
            check_connection(context.connection, scratch)
            self._models = context.opts.get("target_metadata")
            return []

        settings = replace(self._project.settings_for(scratch), lock=False, gather=False)
        await self._project.run(scratch, partial(self._project.run_here, scratch, settings, look, dont_mutate=True))

    async def upgrade(self, scratch: DatabaseSpec, applied: tuple[str, ...]) -> None:
        """Run the revisions up to some, and take the snapshot."""
        script = self._project.script
        settings = replace(self._project.settings_for(scratch), lock=False, after=self._take)

        def steps(heads: tuple[str, ...], context: Any) -> list[Any]:
            check_connection(context.connection, scratch)
            return script._upgrade_revs(applied if len(applied) > 1 else applied[0], heads)  # noqa: SLF001 - Alembic's name; several are fine

        await self._project.run(
            scratch, partial(self._project.run_here, scratch, settings, steps, destination_rev=applied)
        )

    async def leave_empty(self, scratch: DatabaseSpec) -> None:
        """Take the snapshot of a database without any revision."""
        await self._connected(scratch, self._take)

    async def create_models(self, scratch: DatabaseSpec) -> None:
        """Create the models' tables, and take the snapshot.

        Raises:
            CommandError: the project has no models.
        """
        named = self._start.database.metadata
        found = load_metadata(named) if named else self._models
        if found is None:
            raise CommandError("the project has no models: neither `metadata` nor env.py's target_metadata names any")
        several: list[MetaData] = list(found) if isinstance(found, list | tuple | set | frozenset) else [found]

        def create(connection: Connection) -> None:
            for schema in _schemas(several) if connection.dialect.name == "postgresql" else ():
                connection.execute(CreateSchema(schema, if_not_exists=True))
            for metadata in several:
                metadata.create_all(connection)
            self._take(connection)

        await self._connected(scratch, create)

    async def _connected(self, scratch: DatabaseSpec, work: Any) -> None:
        def run() -> None:
            engine = self._project.engines.make(scratch.url)
            try:
                with engine.begin() as connection:
                    if scratch.schema and connection.dialect.name == "postgresql":
                        path = text("SELECT set_config('search_path', quote_ident(:schema), true)")
                        connection.execute(path, {"schema": scratch.schema})
                    work(connection)
            finally:
                engine.dispose()

        await self._project.run(scratch, run)

    def _take(self, connection: Connection) -> None:
        self._snapshot = self._taker.read(connection)

    def done(self, applied: tuple[str, ...]) -> Done:
        """Answer with the snapshot.

        Raises:
            CommandError: nothing was run.
        """
        if self._snapshot is None:
            raise CommandError(f"no revision leads to {', '.join(applied) or 'base'}: nothing was replayed")
        snapshot = self._snapshot
        return Done(
            self._start.id, before=applied, after=applied, snapshot=snapshot.to_json(), fingerprint=snapshot.fingerprint
        )


def _schemas(several: list[MetaData]) -> list[str]:
    return sorted({table.schema for metadata in several for table in metadata.tables.values() if table.schema})
