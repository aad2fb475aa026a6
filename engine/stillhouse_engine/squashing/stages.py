"""Scratch databases on which revisions show what they do."""

from __future__ import annotations

import re
import tempfile
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from stillhouse_engine.runtime.scratch import check_connection, scratch_database
from stillhouse_engine.schema import take_snapshot
from stillhouse_engine.script.planning import upgrade_steps
from stillhouse_engine.script.steps import RevisionStep
from stillhouse_engine.squashing.errors import SquashError
from stillhouse_engine.squashing.seeds import read_rows
from stillhouse_engine.squashing.states import State, rights_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from sqlalchemy import Connection

    from stillhouse_engine.runtime.opened import OpenedProject
    from stillhouse_engine.runtime.specs import DatabaseSpec
    from stillhouse_engine.script.revision import RevisionMap

UNSEEN = re.compile(
    r"\s*(?:GRANT|REVOKE|REASSIGN|SECURITY\s+LABEL|ALTER\s+DEFAULT\s+PRIVILEGES"
    r"|(?:CREATE|ALTER|DROP)\s+(?:OR\s+REPLACE\s+)?(?:CAST|COLLATION|DATABASE|EVENT\s+TRIGGER|FOREIGN\s+DATA\s+WRAPPER|OPERATOR"
    r"|PUBLICATION|ROLE|SERVER|SUBSCRIPTION|SYSTEM|TEXT\s+SEARCH|USER)\b|ALTER\s.*\sOWNER\s+TO\s"
    r"|DO\s.*\b(?:GRANT|REVOKE|OWNER\s+TO|(?:CREATE|ALTER)\s+(?:ROLE|USER))\b)",
    re.IGNORECASE | re.DOTALL,
)
"""Statements whose effect a snapshot does not show."""
SEQUENCES = "SELECT schemaname, sequencename, last_value FROM pg_sequences WHERE last_value IS NOT NULL ORDER BY 1, 2"


class Stage:
    """One scratch database.

    Args:
        project: the project.
        scratch: the scratch database.
    """

    def __init__(self, project: OpenedProject, scratch: DatabaseSpec) -> None:
        self._project = project
        self._scratch = scratch
        self._version: tuple[str, ...] = ()
        self._settings = replace(
            project.settings_for(scratch), lock=False, gather=False, recordings=None, lock_timeout=None
        )
        self.unseen: list[str] = []

    async def enter(self) -> None:
        """Run env.py without any step, and see that it connects to the scratch database.

        Raises:
            ScratchError: it connects elsewhere.
        """
        await self._run(lambda _heads: [], dont_mutate=True)

    async def upgrade(self, revisions: RevisionMap, destination: tuple[str, ...]) -> None:
        """Apply revisions."""
        await self._run(lambda heads: upgrade_steps(revisions, destination, heads), destination_rev=destination)

    async def step(self, revisions: RevisionMap, revision: str, *, is_upgrade: bool) -> None:
        """Apply one revision, or take it back."""
        steps = [RevisionStep(revisions, revisions.get_revision(revision), is_upgrade)]
        await self._run(lambda _heads: steps, destination_rev=revision)

    async def _run(self, plan: Callable[[Any], list[Any]], **options: Any) -> None:
        def steps(heads: Any, context: Any) -> list[Any]:
            check_connection(context.connection, self._scratch)
            schema = context.version_table_schema
            self._version = (f"{schema}.{context.version_table}", context.version_table)
            self.unseen.clear()
            event.listen(context.connection, "before_cursor_execute", self._hear)
            return plan(heads)

        work = partial(self._project.run_here, self._scratch, self._settings, steps, **options)
        await self._project.run(self._scratch, work)

    def _hear(self, connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if UNSEEN.match(statement):
            doubled = "%" in statement and connection.dialect.paramstyle in {"format", "pyformat"} and not parameters
            self.unseen.append(statement.replace("%%", "%") if doubled else statement)

    async def look(self) -> State:
        """Return what the database holds by now.

        Raises:
            SquashError: too much for a revision, or something that cannot be read.
        """
        return await self._project.run(self._scratch, self._look)

    def _look(self) -> State:
        engine: Any = self._project.engines.make(self._scratch.url)
        try:
            with engine.begin() as connection:
                return self._read(connection)
        finally:
            engine.dispose()

    def _read(self, connection: Connection) -> State:
        schema = self._scratch.schema
        if schema and connection.dialect.name == "postgresql":
            connection.execute(text("SELECT set_config('search_path', quote_ident(:schema), true)"), {"schema": schema})
        snapshot_of = (schema,) if schema else None
        snapshot = take_snapshot(connection, schemas=snapshot_of, exclude_tables=self._version)
        if not snapshot.coverage.complete:
            raise SquashError(
                "The scratch database cannot be read:", [f"{what}: {why}" for what, why in snapshot.coverage.unreadable]
            )
        used = connection.exec_driver_sql(SEQUENCES).all() if connection.dialect.name == "postgresql" else ()
        sequences = {(row[0], row[1]): int(row[2]) for row in used if not schema or row[0] == schema}
        held = take_snapshot(connection, schemas=snapshot_of, exclude_tables=self._version, privileges=True)
        rights = {f"{item.kind} {item.name}": told for item in held.objects if (told := rights_of(item))}
        return State(snapshot, read_rows(connection, snapshot, schema), sequences, rights)


@asynccontextmanager
async def stage(project: OpenedProject, database: DatabaseSpec, scratch_url: str | None) -> AsyncIterator[Stage]:
    """Make a scratch database, and drop it after the block.

    Args:
        project: the project.
        database: a database of it, whose kind the scratch database is of.
        scratch_url: the server to make it on; by default that of the database.

    Raises:
        SquashError: the server does not allow it.
        ScratchError: it is of a kind that has no scratch databases, or env.py connects elsewhere.
    """
    url = make_url(scratch_url or database.url)
    if url.get_backend_name() == "sqlite":
        with tempfile.TemporaryDirectory(prefix="stillhouse-squash-") as folder:
            file = url.set(database=str(Path(folder, "scratch.db")), query={})
            entered = Stage(project, replace(database, url=file.render_as_string(hide_password=False)))
            await entered.enter()
            yield entered
        return
    async with AsyncExitStack() as stack:
        try:
            scratch = await stack.enter_async_context(scratch_database(project, database, scratch_url))
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).strip()
            raise SquashError(
                f"No scratch database can be made on {url.host or 'the server'}: {reason}",
                hint="name a server where it can: --scratch-url",
            ) from error
        entered = Stage(project, scratch)
        await entered.enter()
        yield entered
