"""The version census: which revisions each target has, read without running any user code.

One short-lived connection per database and one query per target. What the revisions mean (how many are pending, whether one
is unknown) follows from the project's revision graph, which the project's worker describes once for all its targets.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stillhouse_engine.worker.checksums import checksum_of_file
from stillhouse_orchestrator.alerts.findings import look_at_state
from stillhouse_orchestrator.events import Event, EventName, now
from stillhouse_orchestrator.jobs import project_key
from stillhouse_orchestrator.readings import ABSENT, read, refused
from stillhouse_orchestrator.revisions import judge
from stillhouse_orchestrator.values import Health, TargetState
from stillhouse_orchestrator.values.rollout_target import UNSETTLED
from stillhouse_orchestrator.versions import Applied, troubles
from stillhouse_orchestrator.visiting import Visits, batched

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from stillhouse_config import ProjectDeclaration, TargetDeclaration
    from stillhouse_orchestrator.alerts.service import AlertService
    from stillhouse_orchestrator.connections import Connections
    from stillhouse_orchestrator.projects import Description, Projects
    from stillhouse_orchestrator.revisions import Reading
    from stillhouse_orchestrator.store import Session, Store

AT_A_TIME = 250  # targets that are judged and kept in one transaction


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
        self._visits = Visits(connections, read, lambda _: ABSENT, refused, lambda target: target.census_timeout)

    async def take(
        self, targets: Sequence[TargetDeclaration], alerts: AlertService | None = None
    ) -> dict[str, TargetState]:
        """Look at some targets and return their states, by name.

        Args:
            targets: whom to look at.
            alerts: hears of the states, in the transactions that keep them.
        """
        if not targets:
            return {}
        states: dict[str, TargetState] = {}
        describing = asyncio.create_task(self._describe(targets))
        try:
            async with aclosing(self._visits.arrivals(targets)) as arrivals:
                async for readings in arrivals:
                    found = Found(readings, *await describing)
                    there = [target for target in targets if target.name in readings]
                    for some in batched(there, AT_A_TIME):
                        states |= await self._some(some, found, alerts)
        finally:
            describing.cancel()
            await asyncio.wait([describing])
        return {target.name: states[target.name] for target in targets}

    async def _describe(
        self, targets: Sequence[TargetDeclaration]
    ) -> tuple[Mapping[ProjectDeclaration, Description], Mapping[ProjectDeclaration, Applied]]:
        """Return what the revisions of the targets' projects mean, and what is remembered of them."""
        projects = await self._projects.describe(targets)
        async with self._store.read() as session:
            return projects, {name: await remembered(session, name, found) for name, found in projects.items()}

    async def _some(
        self, targets: Sequence[TargetDeclaration], found: Found, alerts: AlertService | None
    ) -> dict[str, TargetState]:
        """Judge and keep as many as one transaction should hold: the event loop has other work too."""
        async with self._store.read() as session:
            before = {state.target: state for state in await session.targets.some([target.name for target in targets])}
            awaited = await session.rollouts.members(UNSETTLED)
        moment = now()
        states = {target.name: found.state(target, before.get(target.name), moment) for target in targets}
        if self._store.ownership is None:  # a reader beside the owner keeps nothing
            return states
        async with self._store.write() as session:
            await session.looks.keep_states(states.values(), before, moment)
            await session.record(
                *(event for state in states.values() for event in changes(before.get(state.target), state))
            )
            if alerts is not None:
                limits = alerts.limits
                looks = [
                    look_at_state(
                        states[target.name], moment, limits, awaited=target.name in awaited, every=target.drift.every
                    )
                    for target in targets
                ]
                await alerts.observe_in(session, looks)
        return states


@dataclass(frozen=True, slots=True)
class Found:
    """What a census brought, before it is compared with what was known.

    Attributes:
        readings: by target.
        projects: what revisions mean.
        applied: what is remembered of the projects' revisions.
    """

    readings: Mapping[str, Reading]
    projects: Mapping[ProjectDeclaration, Description]
    applied: Mapping[ProjectDeclaration, Applied]

    def state(self, target: TargetDeclaration, before: TargetState | None, at: datetime) -> TargetState:
        """Return the state of a target."""
        reading, project = self.readings[target.name], self.projects[target.project]
        wrong = troubles(target.name, reading, before, project, self.applied[target.project])
        return replace(state_of(target, reading, project, before, at), troubles=wrong)


async def remembered(session: Session, project: ProjectDeclaration, found: Description) -> Applied:
    """Return what is remembered of a project's applied revisions, compared with its files as they are now."""
    name = project_key(project.script_location, project.alembic_ini, project.ini_section)
    applied = await session.checksums.applied(name)
    current = await asyncio.to_thread(_checksums, found, applied)
    edited: defaultdict[str, set[str]] = defaultdict(set)
    for revision, checksums in current.items():
        if not applied[revision] <= checksums:
            for target in await session.checksums.others(name, revision, checksums):
                edited[target].add(revision)
    return Applied(applied.keys(), edited)


def _checksums(found: Description, applied: Collection[str]) -> dict[str, set[str]]:
    """Return what the file of each applied revision may have been when it was applied.

    A squashed revision has the id of the newest original, so that it may have been either; where the originals are no longer kept,
    nobody can tell.
    """
    checksums: defaultdict[str, set[str]] = defaultdict(set)
    kept = {node.revision: node for node in found.originals}
    for node in found.nodes:
        files = [node, kept.get(node.revision)] if node.replaces else [node]
        if node.revision in applied and all(files):
            told = [checksum_of_file(each.path) for each in files if each and each.path]
            checksums[node.revision].update(one for one in told if one is not None)
    return {revision: each for revision, each in checksums.items() if each}


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
        pending_since=_pending_since(last, verdict.pending, at),
        verified_at=last.verified_at or at,
    )


def _pending_since(last: TargetState, pending: int | None, at: datetime) -> datetime | None:
    """Say since when a target lacks revisions; while nobody knows, what was known stays."""
    if pending is None or (pending and last.pending_since is not None):
        return last.pending_since
    return at if pending else None


def changes(before: TargetState | None, after: TargetState) -> Iterator[Event]:
    """Yield the events of a target that came within reach or went out of it."""
    was = before.health if before else Health.UNSEEN
    if after.health is Health.UNREACHABLE and was is not Health.UNREACHABLE:
        yield Event(EventName.TARGET_UNREACHED, now(), target=after.target, facts={"error": after.error})
    elif after.health is not Health.UNREACHABLE and was is Health.UNREACHABLE:
        yield Event(EventName.TARGET_REACHED, now(), target=after.target, facts={"health": after.health.value})
