"""The verbs that people say to a rollout. Each is kept with who said it, when and why, and is in force when it is answered."""

from fastapi import APIRouter

from stillhouse_orchestrator.api import bodies, shapes
from stillhouse_orchestrator.api.access import Role, require
from stillhouse_orchestrator.api.answers import Answer
from stillhouse_orchestrator.api.permits import House, Operator
from stillhouse_orchestrator.api.routes.common import RolloutId, problems
from stillhouse_orchestrator.application import Application
from stillhouse_orchestrator.documents import rollout_document
from stillhouse_orchestrator.events import now
from stillhouse_orchestrator.rollouts import signals
from stillhouse_orchestrator.values import Approve

router = APIRouter(prefix="/rollouts/{rollout_id}", tags=["rollouts"], responses=problems(404, 409))


async def _said(house: Application, rollout_id: str, verb: signals.Verb) -> Answer:
    return Answer(rollout_document(await house.rollouts.say(rollout_id, verb)))


@router.post("/start", response_model=shapes.Rollout)
async def start(caller: Operator, house: House, rollout_id: RolloutId, body: bodies.Reason) -> Answer:
    """Start a draft."""
    return await _said(house, rollout_id, signals.Start(caller.name, now(), body.reason))


@router.post("/pause", response_model=shapes.Rollout)
async def pause(caller: Operator, house: House, rollout_id: RolloutId, body: bodies.Reason) -> Answer:
    """Start nothing more until it is resumed; what runs may finish."""
    return await _said(house, rollout_id, signals.Pause(caller.name, now(), body.reason))


@router.post("/resume", response_model=shapes.Rollout)
async def resume(caller: Operator, house: House, rollout_id: RolloutId, body: bodies.Reason) -> Answer:
    """Take a pause back."""
    return await _said(house, rollout_id, signals.Resume(caller.name, now(), body.reason))


@router.post("/promote", response_model=shapes.Rollout)
async def promote(caller: Operator, house: House, rollout_id: RolloutId, body: bodies.Reason) -> Answer:
    """End a pause step of the strategy now."""
    return await _said(house, rollout_id, signals.Promote(caller.name, now(), body.reason))


@router.post("/approve", response_model=shapes.Rollout)
async def approve(caller: Operator, house: House, rollout_id: RolloutId, body: bodies.Reason) -> Answer:
    """Agree at an approve step of the strategy; the step may ask for an admin."""
    rollout = await house.rollouts.get(rollout_id)
    step = rollout.steps[rollout.step] if rollout.step < len(rollout.steps) else None
    if isinstance(step, Approve):
        require(caller, Role[step.role.upper()])
    return await _said(house, rollout.id, signals.Approve(caller.name, now(), body.reason))


@router.post("/retry", response_model=shapes.Rollout)
async def retry(caller: Operator, house: House, rollout_id: RolloutId, body: bodies.OfTargets) -> Answer:
    """Try targets again: those named, else all that failed."""
    return await _said(house, rollout_id, signals.Retry(caller.name, now(), body.reason, body.targets))


@router.post("/skip", response_model=shapes.Rollout)
async def skip(caller: Operator, house: House, rollout_id: RolloutId, body: bodies.OfTargets) -> Answer:
    """Leave targets out; what depends on them goes on."""
    return await _said(house, rollout_id, signals.Skip(caller.name, now(), body.reason, body.targets))


@router.post("/join", response_model=shapes.Rollout)
async def join(caller: Operator, house: House, rollout_id: RolloutId, body: bodies.OfTargets) -> Answer:
    """Let targets in that appeared after the rollout was frozen."""
    return await _said(house, rollout_id, signals.Join(caller.name, now(), body.reason, body.targets))


@router.post("/abort", response_model=shapes.Rollout)
async def abort(caller: Operator, house: House, rollout_id: RolloutId, body: bodies.Reason) -> Answer:
    """Start nothing more, let what runs finish, revert nothing."""
    return await _said(house, rollout_id, signals.Abort(caller.name, now(), body.reason))


@router.post("/rollback", response_model=shapes.Rollout)
async def rollback(caller: Operator, house: House, rollout_id: RolloutId, body: bodies.Reason) -> Answer:
    """Bring every target that the rollout changed back to where it began; refused when a revision cannot be taken back."""
    return await _said(house, rollout_id, signals.Rollback(caller.name, now(), body.reason))
