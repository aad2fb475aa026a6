"""Plans: what a rollout would do, worked out once per group of equal targets."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from stillhouse_orchestrator.events import Event, EventName, now
from stillhouse_orchestrator.jobs import job_for
from stillhouse_orchestrator.rollouts.freezing import waves_of
from stillhouse_orchestrator.rollouts.hazards import hazards_of
from stillhouse_orchestrator.rollouts.late import late_for_all
from stillhouse_orchestrator.values import Health, Plan, PlanGroup, to_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from stillhouse_config import ProjectDeclaration, TargetDeclaration
    from stillhouse_orchestrator.census import Census
    from stillhouse_orchestrator.projects import Description, Projects
    from stillhouse_orchestrator.revisions import Graph
    from stillhouse_orchestrator.store import Store
    from stillhouse_orchestrator.values import Step, TargetState
    from stillhouse_orchestrator.workers.executor import Executor, Outcome

HEADS = frozenset({"head", "heads"})
TRIES = 3  # representatives asked for a group's plan before the group counts as unknown


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants planned.

    Attributes:
        to: ``head``, ``heads``, a revision, whatever Alembic understands as a destination.
        steps: the strategy's steps, for what no wave would take.
    """

    to: str = "heads"
    strategy: str | None = None
    steps: tuple[Step, ...] = ()
    selector: str | None = None


@dataclass
class _Draft:
    """A plan in the making, and what it is made from."""

    wish: Wish
    states: Mapping[str, TargetState]
    descriptions: Mapping[ProjectDeclaration, Description]
    groups: list[PlanGroup] = field(default_factory=list)
    up_to_date: list[str] = field(default_factory=list)
    ahead: list[str] = field(default_factory=list)
    unknown: dict[str, str] = field(default_factory=dict)
    unreachable: dict[str, str] = field(default_factory=dict)

    def graph(self, target: TargetDeclaration) -> Graph:
        """Return the revisions of a target's project, which are known."""
        graph = self.descriptions[target.project].graph
        if graph is None:
            raise AssertionError(f"{target.name} was sorted out before")
        return graph


class Planner:
    """Makes plans.

    Args:
        store: knows the drift, and the rollouts in progress.
        executor: runs the ``plan`` jobs.
        census: reads where the targets are.
        projects: describes the revisions.
    """

    def __init__(self, store: Store, executor: Executor, census: Census, projects: Projects) -> None:
        self._store = store
        self._executor = executor
        self._census = census
        self._projects = projects

    async def plan(self, targets: Sequence[TargetDeclaration], wish: Wish) -> Plan:
        """Return what bringing some targets to a destination would do; nothing is kept."""
        states, descriptions = await asyncio.gather(self._census.take(targets), self._projects.describe(targets))
        draft = _Draft(wish, states, descriptions)
        classes = _classes(targets, draft)
        await asyncio.gather(*(self._group(same, current, draft) for current, same in classes))
        draft.groups += _from_memory(targets, draft)
        async with self._store.read() as session:
            drifted = await session.drift_reports.drift_ids()
            late = await late_for_all(session, targets)
        chosen = {name for group in draft.groups for name in group.targets}
        matched = waves_of(wish.steps, targets) if wish.steps else dict.fromkeys(chosen, 1)
        plan = Plan(
            id="",
            requested=wish.to,
            created_at=now(),
            groups=tuple(sorted(draft.groups, key=lambda group: group.targets)),
            strategy=wish.strategy,
            selector=wish.selector,
            up_to_date=tuple(sorted(draft.up_to_date)),
            ahead=tuple(sorted(draft.ahead)),
            unknown=dict(sorted(draft.unknown.items())),
            drifted={name: found for name, found in sorted(drifted.items()) if name in states},
            unreachable=dict(sorted(draft.unreachable.items())),
            late=tuple(sorted(late & chosen)),
            unmatched=tuple(sorted(chosen - set(matched))),
        )
        return replace(plan, id=plan_id(plan))

    async def describe(self, targets: Iterable[TargetDeclaration]) -> dict[ProjectDeclaration, Description]:
        """Describe the projects behind some targets."""
        return await self._projects.describe(targets)

    async def keep(self, plan: Plan, by: str) -> None:
        """Keep a plan, so that a rollout can be bound to it."""
        async with self._store.write() as session:
            await session.plans.add(plan)
            facts = {"plan_id": plan.id, "to": plan.requested, "groups": len(plan.groups)}
            await session.record(Event(EventName.PLAN_MADE, now(), by, facts=facts))

    async def _group(
        self, same: Sequence[TargetDeclaration], current: tuple[str, ...], draft: _Draft, *, sure: bool = False
    ) -> None:
        """Plan targets with the same project, dialect and revisions by asking one of them.

        The census reads the version table that the fleet file names; only a worker knows one that env.py names. Where the two
        differ, every target of the group is asked where it is.
        """
        names, graph = tuple(sorted(target.name for target in same)), draft.graph(same[0])
        if draft.wish.to in HEADS and set(current) == set(graph.heads):
            draft.up_to_date += names
            return
        outcome = await self._asked(same, draft.wish.to)
        if not outcome.ok:
            draft.unknown |= dict.fromkeys(names, str(outcome.problem or f"the worker ended as {outcome.state}"))
        elif not sure and outcome.before is not None and set(outcome.before) != set(current):
            await self._regroup(same, draft)
        elif backwards(outcome):
            draft.ahead += names
        elif not outcome.plan:
            draft.up_to_date += names
        else:
            draft.groups.append(_planned(names, current, outcome, graph.seen_from(current), same[0]))

    async def _regroup(self, same: Sequence[TargetDeclaration], draft: _Draft) -> None:
        outcomes = await asyncio.gather(*(self._executor.run(job_for(target, "current")) for target in same))
        classes: dict[tuple[str, ...], list[TargetDeclaration]] = defaultdict(list)
        for target, outcome in zip(same, outcomes, strict=True):
            if outcome.ok and outcome.after is not None:
                classes[tuple(sorted(outcome.after))].append(target)
            else:
                draft.unreachable[target.name] = str(outcome.problem or outcome.state)
        await asyncio.gather(*(self._group(each, current, draft, sure=True) for current, each in classes.items()))

    async def _asked(self, same: Sequence[TargetDeclaration], to: str) -> Outcome:
        for target in same[:TRIES]:
            outcome = await self._executor.run(job_for(target, "plan", to))
            if outcome.ok:
                break
        return outcome


def backwards(outcome: Outcome) -> bool:
    """Tell whether a plan leads down: the target is ahead of the destination."""
    return any(not revision.is_upgrade for revision in outcome.plan)


def tips(graph: Graph, revisions: Iterable[str]) -> tuple[str, ...]:
    """Return the revisions that no other of these stands on: what the version table will hold."""
    found = set(revisions)
    below = {lower for revision in found for lower in graph.above.get(revision, ())}
    return tuple(sorted(found - graph.reached(below)))


def plan_id(plan: Plan) -> str:
    """Return the hash of what a plan does and of the drift it was made with."""
    groups = [to_json(replace(group, hazards=())) for group in plan.groups]
    text = json.dumps([plan.requested, groups, to_json(plan.drifted)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _classes(
    targets: Sequence[TargetDeclaration], draft: _Draft
) -> list[tuple[tuple[str, ...], list[TargetDeclaration]]]:
    """Sort out who cannot be planned, and return the rest in classes of equals, with their revisions."""
    classes: dict[tuple[object, str, tuple[str, ...]], list[TargetDeclaration]] = defaultdict(list)
    for target in targets:
        state, project = draft.states[target.name], draft.descriptions[target.project]
        if state.health is Health.UNREACHABLE:
            draft.unreachable[target.name] = state.error or "it cannot be reached"
        elif state.health is not Health.HEALTHY or project.graph is None:
            draft.unknown[target.name] = state.error or project.problem or "its revisions are unknown"
        else:
            classes[target.project, target.url.dialect, tuple(sorted(state.current))].append(target)
    return [(current, same) for (_, _, current), same in classes.items()]


def _from_memory(targets: Sequence[TargetDeclaration], draft: _Draft) -> list[PlanGroup]:
    """Return groups of unreachable targets by where they were last seen: in a rollout they count as failed, or come back."""
    found: dict[tuple[object, tuple[str, ...]], PlanGroup] = {}
    for target in targets:
        graph = draft.descriptions[target.project].graph
        if target.name not in draft.unreachable or graph is None:
            continue
        current = tuple(sorted(draft.states[target.name].current))
        graph = graph.seen_from(current)
        wanted = graph.heads if draft.wish.to in HEADS else (draft.wish.to,)
        revisions = in_order(graph, graph.reached(wanted) - graph.reached(current))
        if not revisions:
            continue
        to = tips(graph, {*graph.reached(current), *revisions})
        group = found.setdefault((target.project, current), PlanGroup((), current, to, revisions))
        found[target.project, current] = replace(group, targets=tuple(sorted((*group.targets, target.name))))
    return list(found.values())


def in_order(graph: Graph, revisions: Collection[str]) -> tuple[str, ...]:
    """Return revisions so that each comes after those that it stands on."""
    ordered: dict[str, None] = {}
    while rest := sorted(revision for revision in revisions if revision not in ordered):
        ready = [one for one in rest if all(below in ordered or below not in revisions for below in graph.above[one])]
        ordered |= dict.fromkeys(ready or rest)
    return tuple(ordered)


def _planned(
    names: tuple[str, ...], current: tuple[str, ...], outcome: Outcome, graph: Graph, target: TargetDeclaration
) -> PlanGroup:
    revisions = tuple(revision.revision for revision in outcome.plan)
    sql = tuple(
        statement
        for revision in outcome.plan
        for statement in (*revision.sql, *([f"-- {revision.revision}: {revision.problem}"] if revision.problem else []))
    )
    to = tips(graph, {*graph.reached(current), *current, *revisions})
    return PlanGroup(names, current, to, revisions, sql, hazards_of(sql, target.url.dialect))
