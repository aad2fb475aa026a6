"""Rollouts: start, list, show, and the way back."""

import hashlib
import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from stillhouse_orchestrator.api import bodies, shapes
from stillhouse_orchestrator.api.access import Caller
from stillhouse_orchestrator.api.answers import Answer
from stillhouse_orchestrator.api.permits import House, Operator, Viewer
from stillhouse_orchestrator.api.problems import ProblemError
from stillhouse_orchestrator.api.routes.common import RolloutId, problems
from stillhouse_orchestrator.application import Application
from stillhouse_orchestrator.documents import listed, rollout_document
from stillhouse_orchestrator.errors import NotFoundError
from stillhouse_orchestrator.events import now
from stillhouse_orchestrator.rollouts import signals
from stillhouse_orchestrator.rollouts.freezing import Order
from stillhouse_orchestrator.rollouts.reversing import way_back
from stillhouse_orchestrator.values import Plan, Rollout, RolloutState, to_json

router = APIRouter(tags=["rollouts"])
NOTHING: dict[str, Any] = {"rollout": None, "targets": []}


@router.get("/rollouts", response_model=shapes.RolloutLines, responses=problems())
async def list_rollouts(
    _: Viewer, house: House, limit: Annotated[int, Query(ge=1, le=500, description="How many.")] = 50
) -> Answer:
    """List rollouts, the newest first."""
    return Answer({"rollouts": listed(await house.rollouts.lines(limit))})


@router.post(
    "/rollouts",
    status_code=201,
    response_model=shapes.Started,
    responses={200: {"description": "There is nothing to do.", "model": shapes.Started}, **problems(409)},
)
async def start(caller: Operator, house: House, request: Request, body: bodies.Start) -> Answer:
    """Plan, make a rollout of the plan, and start it. It runs by itself; its events say how it goes."""
    rollout_id = _id_of(request)
    try:
        rollout = await house.rollouts.get(rollout_id)
    except NotFoundError:
        plan = await house.plan(body.select, body.to, body.strategy)
        _compare(plan, body.plan_id)
        if not plan.groups:
            return Answer({"plan": to_json(plan), **NOTHING})
        not_before = await house.rollouts.next_window(plan) if body.next_window else body.not_before
        order = Order(rollout_id, caller.name, now(), body.strategy, body.select, not_before)
        rollout = await house.rollouts.create(plan, order)
    return await _started(house, rollout, caller, body)


async def _started(house: Application, rollout: Rollout, caller: Caller, body: bodies.Start) -> Answer:
    if rollout.state is RolloutState.DRAFT and not body.draft:
        rollout = await house.rollouts.say(rollout.id, signals.Start(caller.name, now(), body.reason))
    async with house.store.read() as session:
        plan = await session.plans.get(rollout.plan_id)
    return Answer({"plan": to_json(plan), **rollout_document(rollout)}, 201)


def _id_of(request: Request) -> str:
    """Return an id for a new rollout; a repeated request with a key finds the one that it made before a crash."""
    key = getattr(request.state, "key", None)
    return hashlib.sha256("\0".join(key).encode()).hexdigest()[:8] if key else secrets.token_hex(4)


def _compare(plan: Plan, wanted: str | None) -> None:
    if wanted is not None and plan.id != wanted:
        raise ProblemError(409, f"the plan is {plan.id} by now, and no longer {wanted}", "look at it again: GET /plan")


@router.get("/rollouts/{rollout_id}", response_model=shapes.Rollout, responses=problems(404))
async def show(_: Viewer, house: House, rollout_id: RolloutId) -> Answer:
    """Show one rollout and all its targets; `late` are targets that appeared after it was frozen."""
    rollout = await house.rollouts.get(rollout_id)
    late = [] if rollout.state.over else list(await house.rollouts.late(rollout))
    return Answer({**rollout_document(rollout), "late": late})


@router.get("/rollouts/{rollout_id}/rollback", response_model=shapes.WayBack, responses=problems(404, 409))
async def show_way_back(_: Viewer, house: House, rollout_id: RolloutId) -> Answer:
    """Show what a rollback would do: who goes back where, in which order, by which SQL, and what refuses to."""
    rollout = await house.rollouts.get(rollout_id)
    refused = await house.rollouts.refusals(rollout)
    groups = await way_back(rollout, house.fleet.targets, house.executor)
    return Answer({"rollout": rollout.id, "groups": groups, "refused": refused})
