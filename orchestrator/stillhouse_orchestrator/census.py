"""The version census: which revisions each target has, read without running any user code.

One short-lived connection per database and one query per target. What the revisions mean (how many are pending, whether one
is unknown) follows from the project's revision graph, which the project's worker describes once for all its targets.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from stillhouse_engine.worker.checksums import checksum_of_file
from stillhouse_orchestrator.events import Event, EventName, now
from stillhouse_orchestrator.jobs import project_key, version_table
from stillhouse_orchestrator.revisions import Reading, judge
from stillhouse_orchestrator.values import Health, TargetState
from stillhouse_orchestrator.versions import Applied, troubles
from stillhouse_orchestrator.visiting import Visits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from stillhouse_config import ProjectDeclaration, TargetDeclaration
    from stillhouse_orchestrator.connections import Connections
    from stillhouse_orchestrator.errors import ConnectionFailedError
    from stillhouse_orchestrator.projects import Description, Projects
    from stillhouse_orchestrator.store import Session, Store

ABSENT = Reading((), table_missing=True, database_missing=True)
ANSWERED = frozenset({"permission", "statement_timeout", "lock_timeout", "locked", "not_a_database", "sql"})
"""Kinds of refusals that come from a database that was reached."""


class Census:
    """Takes the census and keeps what it found in the store.

    Args:
        store: where the states are kept.
        connections: the daemon's way to databases.
        projects: describes what revisions mean.
    """

    def __init__(self, store: Store, connections: Connections, projects: Projects) -> None:
        self._store = store
        self._projects = projects
        self._visits = Visits(connections, read, lambda _: ABSENT, refused)

    async def take(self, targets: Sequence[TargetDeclaration]) -> dict[str, TargetState]:
        """Look at some targets and return their states, by name."""
        if not targets:
            return {}
        readings, projects = await asyncio.gather(self._visits.all(targets), self._projects.describe(targets))
        async with self._store.read() as session:
            before = {state.target: state for state in await session.targets.all()}
            applied = {project: await remembered(session, project, found) for project, found in projects.items()}
        moment = now()
        states = {
            target.name: replace(
                state_of(target, readings[target.name], projects[target.project], before.get(target.name), moment),
                troubles=troubles(
                    target.name,
                    readings[target.name],
                    before.get(target.name),
                    projects[target.project],
                    applied[target.project],
                ),
            )
            for target in targets
        }
        await self._keep(states, before)
        return states

    async def _keep(self, states: Mapping[str, TargetState], before: Mapping[str, TargetState]) -> None:
        if self._store.ownership is None:  # a reader beside the owner keeps nothing
            return
        async with self._store.write() as session:
            await session.targets.save(states.values())
            await session.record(
                *(event for state in states.values() for event in changes(before.get(state.target), state))
            )


async def remembered(session: Session, project: ProjectDeclaration, found: Description) -> Applied:
    """Return what is remembered of a project's applied revisions, compared with its files as they are now."""
    name = project_key(project.script_location, project.alembic_ini, project.ini_section)
    applied = await session.checksums.applied(name)
    paths = {node.revision: node.path for node in found.nodes if node.path and node.revision in applied}
    current = await asyncio.to_thread(_checksums, paths)
    edited: defaultdict[str, set[str]] = defaultdict(set)
    for revision, checksum in current.items():
        if applied[revision] != {checksum}:
            for target in await session.checksums.others(name, revision, checksum):
                edited[target].add(revision)
    return Applied(applied.keys(), edited)


def _checksums(paths: Mapping[str, str]) -> dict[str, str]:
    found = {revision: checksum_of_file(path) for revision, path in paths.items()}
    return {revision: checksum for revision, checksum in found.items() if checksum is not None}


def state_of(
    target: TargetDeclaration, reading: Reading, project: Description, before: TargetState | None, at: datetime
) -> TargetState:
    """Put together what is known about a target; what could not be read keeps its last known value."""
    verdict = judge(reading, project.graph, project.problem)
    last = before or TargetState(target.name)
    return replace(
        last,
        labels=dict(target.labels),
        current=last.current if reading.revisions is None else reading.revisions,
        head=project.graph.heads if project.graph else last.head,
        pending=verdict.pending,
        checked_at=at,
        health=verdict.health,
        error=verdict.error,
        server=target.server,
        reached_at=last.reached_at if verdict.health is Health.UNREACHABLE else at,
        failures=last.failures + 1 if verdict.health is Health.UNREACHABLE else 0,
    )


def changes(before: TargetState | None, after: TargetState) -> Iterator[Event]:
    """Yield the events of a target that came within reach or went out of it."""
    was = before.health if before else Health.UNSEEN
    if after.health is Health.UNREACHABLE and was is not Health.UNREACHABLE:
        yield Event(EventName.TARGET_UNREACHED, now(), target=after.target, facts={"error": after.error})
    elif after.health is not Health.UNREACHABLE and was is Health.UNREACHABLE:
        yield Event(EventName.TARGET_REACHED, now(), target=after.target, facts={"health": after.health.value})


async def read(connection: AsyncConnection, target: TargetDeclaration) -> Reading:
    """Read a target's version table in one statement."""
    name, schema = version_table(target)
    query: sa.Select[Any] = sa.select(sa.column("version_num")).select_from(sa.table(name, schema=schema))
    try:
        rows = (await connection.execute(query)).scalars().all()
    except sa.exc.DBAPIError as error:
        if not table_is_missing(error):
            raise
        await connection.rollback()
        return Reading((), table_missing=True)
    return Reading(tuple(sorted(map(str, rows))))


def refused(_target: TargetDeclaration, error: ConnectionFailedError) -> Reading:
    """Return the reading of a target that could not be read."""
    text = f"{error}; {error.hint}" if error.hint else str(error)
    return Reading(None, error=text, answered=error.kind in ANSWERED)


def table_is_missing(error: sa.exc.DBAPIError) -> bool:
    """Tell whether a statement failed because its table, or the table's schema, does not exist.

    PostgreSQL says so with SQLSTATE 42P01 or 3F000, MySQL and MariaDB with error 1146 or 1049; SQLite has a message only.
    """
    original: Any = error.orig
    code = original.args[0] if original is not None and original.args else None
    if isinstance(code, int):  # these drivers have an SQLSTATE as well, which is less exact
        return code in {1146, 1049}
    state = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
    if state is not None:
        return state in {"42P01", "3F000"}
    return isinstance(code, str) and code.startswith(("no such table", "unknown database"))
