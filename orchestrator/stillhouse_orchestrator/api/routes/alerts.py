"""Alerts and silences."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query

from stillhouse_config import parse_duration
from stillhouse_orchestrator.api import bodies, shapes
from stillhouse_orchestrator.api.answers import Answer
from stillhouse_orchestrator.api.permits import House, Operator, Viewer
from stillhouse_orchestrator.api.problems import ProblemError
from stillhouse_orchestrator.api.routes.common import problems
from stillhouse_orchestrator.documents import listed
from stillhouse_orchestrator.events import now
from stillhouse_orchestrator.values import to_json

router = APIRouter(prefix="/alerts", tags=["alerts"])
AlertKey = Annotated[
    str, Path(pattern=r"^[^\x00-\x1f\x7f]{1,500}$", description="An alert's key, or the beginning of one.")
]
SilenceId = Annotated[
    str, Path(pattern=r"^[0-9A-Za-z_-]{1,64}$", description="A silence's id, or the beginning of one.")
]
LONGEST = timedelta(days=3660)


@router.get("", response_model=shapes.Alerts, responses=problems())
async def list_alerts(
    _: Viewer, house: House, resolved: Annotated[bool, Query(description="Resolved ones as well.")] = False
) -> Answer:
    """List what needs a person."""
    async with house.store.read() as session:
        return Answer({"alerts": listed(await (session.alerts.all() if resolved else session.alerts.unresolved()))})


@router.get("/silences", response_model=shapes.Silences, responses=problems())
async def list_silences(_: Viewer, house: House) -> Answer:
    """List the silences that have not expired."""
    async with house.store.read() as session:
        return Answer({"silences": listed(await session.silences.live(now()))})


@router.post("/silences", status_code=201, response_model=shapes.Silences, responses=problems())
async def silence(caller: Operator, house: House, body: bodies.Quiet) -> Answer:
    """Keep the alerts of some targets quiet for a while."""
    duration = parse_duration(body.duration)
    if not timedelta() < duration <= LONGEST:
        raise ProblemError(422, f"{body.duration} is no length of a silence", "between a moment and ten years")
    made = await house.alerts.silence(body.match, caller.name, body.reason, duration)
    return Answer({"silences": [to_json(made)]}, 201)


@router.delete("/silences/{silence_id}", response_model=shapes.Done, responses=problems(404))
async def end_silence(caller: Operator, house: House, silence_id: SilenceId) -> Answer:
    """End a silence early."""
    return Answer({"done": f"{await house.alerts.unsilence(silence_id, caller.name)} is ended"})


@router.post("/test", response_model=shapes.Done, responses=problems(404, 424))
async def test(_: Operator, house: House, body: bodies.Channel) -> Answer:
    """Send a real message through one channel."""
    if body.channel not in house.alerts.policy.channels:
        known = ", ".join(sorted(house.alerts.policy.channels)) or "none"
        raise ProblemError(404, f"the fleet file has no channel {body.channel!r}", f"declared: {known}")
    await house.alerts.test(body.channel)
    return Answer({"done": f"{body.channel} took the message"})


@router.post("/{key}/ack", response_model=shapes.Alerts, responses=problems(404))
async def acknowledge(caller: Operator, house: House, key: AlertKey, body: bodies.Reason) -> Answer:
    """Say that you take care of an alert: it is not repeated any more."""
    return Answer({"alerts": [to_json(await house.alerts.acknowledge(key, caller.name, body.reason))]})
