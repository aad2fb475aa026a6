"""The audit history, page by page, and the metrics."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from stillhouse_orchestrator.api import bodies, shapes
from stillhouse_orchestrator.api.answers import Answer
from stillhouse_orchestrator.api.permits import House, Viewer
from stillhouse_orchestrator.api.routes.common import EventId, Word, problems
from stillhouse_orchestrator.documents import listed
from stillhouse_orchestrator.metrics import CONTENT_TYPE, exposition
from stillhouse_orchestrator.store import HistoryQuery

router = APIRouter(tags=["history"])
metrics_router = APIRouter(tags=["service"])


@router.get("/history", response_model=shapes.Events, responses=problems())
async def history(  # noqa: PLR0917 - FastAPI passes them by name
    _: Viewer,
    house: House,
    target: Word = None,
    rollout: Word = None,
    event: Annotated[Word, Query(description="An event's name, or a noun and a dot: `rollout.`")] = None,
    since: Annotated[bodies.Moment | None, Query(description="Nothing older.")] = None,
    before: Annotated[EventId, Query(description="The `next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="How many.")] = 100,
) -> Answer:
    """Show what happened, who did it and when; the newest first. `next` asks for the page after this one."""
    query = HistoryQuery(target, rollout, event, since, before=before, limit=limit)
    async with house.store.read() as session:
        events = await session.history.newest(query)
    return Answer({"events": listed(events), "next": events[-1].id if len(events) == limit else None})


@metrics_router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {CONTENT_TYPE: {"schema": {"type": "string"}}}}, **problems()},
)
async def metrics(_: Viewer, house: House) -> Response:
    """Show the metrics in Prometheus' text format."""
    return Response(await exposition(house.store, house.fleet.name), headers={"Content-Type": CONTENT_TYPE})
