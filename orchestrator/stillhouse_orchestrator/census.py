"""The version census: which revisions each target has, read without running any user code.

One short-lived connection per database and one query per target. What the revisions mean (how many are pending, whether one
is unknown) follows from the project's revision graph, which the project's worker describes once for all its targets.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from stillhouse_orchestrator.events import Event, EventName, now
from stillhouse_orchestrator.jobs import version_table
from stillhouse_orchestrator.revisions import Reading, judge
from stillhouse_orchestrator.values import Health, TargetState
from stillhouse_orchestrator.visiting import Visits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from stillhouse_config import TargetDeclaration
    from stillhouse_orchestrator.connections import Connections
    from stillhouse_orchestrator.errors import ConnectionFailedError
    from stillhouse_orchestrator.projects import Description, Projects
    from stillhouse_orchestrator.store import Store


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
        self._visits = Visits(connections, read, lambda _: Reading((), table_missing=True), refused)

    async def take(self, targets: Sequence[TargetDeclaration]) -> dict[str, TargetState]:
        """Look at some targets and return their states, by name."""
        if not targets:
            return {}
        readings, projects = await asyncio.gather(self._visits.all(targets), self._projects.describe(targets))
        async with self._store.read() as session:
            before = {state.target: state for state in await session.targets.all()}
        moment = now()
        states = {
            target.name: state_of(
                target, readings[target.name], projects[target.project], before.get(target.name), moment
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
    return Reading(None, error=f"{error}; {error.hint}" if error.hint else str(error))


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
