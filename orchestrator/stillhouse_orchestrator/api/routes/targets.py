"""Targets: the rows of ``stillhouse status``; and the plan of what is pending."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Query

from stillhouse_orchestrator.api import shapes
from stillhouse_orchestrator.api.answers import Answer
from stillhouse_orchestrator.api.permits import House, Viewer
from stillhouse_orchestrator.api.problems import ProblemError
from stillhouse_orchestrator.api.routes.common import Select, TargetName, Word, problems
from stillhouse_orchestrator.documents import listed
from stillhouse_orchestrator.values import TargetState, to_json

router = APIRouter(tags=["targets"])
Fresh = Annotated[bool, Query(description="Look at the databases now, instead of answering what the last look found.")]


@router.get("/targets", response_model=shapes.Targets, responses=problems())
async def list_targets(_: Viewer, house: House, select: Select = None, fresh: Fresh = False) -> Answer:
    """Show one row per target: applied revision, head, pending, drift, last check, health."""
    chosen = house.select(select)
    if fresh:
        return _targets(house, (await house.census.take(chosen)).values())
    async with house.store.read() as session:
        known = {state.target: state for state in await session.targets.all()}
    rows = [known.get(target.name) or TargetState(target.name, dict(target.labels)) for target in chosen]
    return _targets(house, rows)


@router.get("/targets/{name}", response_model=shapes.Targets, responses=problems(404))
async def show_target(_: Viewer, house: House, name: TargetName, fresh: Fresh = False) -> Answer:
    """Show one target's row."""
    target = house.fleet.targets.get(name)
    if target is None:
        raise ProblemError(404, f"the fleet has no target {name!r}", "`stillhouse status` lists them")
    if fresh:
        return _targets(house, (await house.census.take([target])).values())
    async with house.store.read() as session:
        state = await session.targets.get(name)
    return _targets(house, [state or TargetState(name, dict(target.labels))])


def _targets(house: House, states: Iterable[TargetState]) -> Answer:
    return Answer({"targets": listed(states), "undiscovered": house.undiscovered})


@router.get("/plan", response_model=shapes.Plan, responses=problems(409))
async def plan(_: Viewer, house: House, select: Select = None, to: Word = None, strategy: Word = None) -> Answer:
    """Show what a rollout would do, targets with the same plan in one group. Nothing is changed."""
    return Answer(to_json(await house.plan(select, to or "head", strategy)))
