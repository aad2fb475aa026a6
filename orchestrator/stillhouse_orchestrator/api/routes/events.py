"""Server-sent events: what happens, as it happens; resumable by ``Last-Event-ID``, which is an id of the history."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from anyio import CancelScope
from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from stillhouse_orchestrator.api.answers import SCHEMA_VERSION, written
from stillhouse_orchestrator.api.desk import Desk
from stillhouse_orchestrator.api.live import Watcher
from stillhouse_orchestrator.api.permits import Counter, House, Viewer
from stillhouse_orchestrator.api.routes.common import EventId, RolloutId, problems
from stillhouse_orchestrator.documents import changed_members, rollout_head
from stillhouse_orchestrator.store import HistoryQuery
from stillhouse_orchestrator.values import Rollout, to_json

router = APIRouter(tags=["events"])
HEARTBEAT_SECONDS = 15.0
BATCH = 500
STREAM: dict[int | str, dict[str, Any]] = {
    200: {"description": "A stream of events.", "content": {"text/event-stream": {}}}
}
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
LastEventId = Annotated[str | None, Header(pattern=r"^\d{1,18}$", description="Go on after this event.")]
Follow = Annotated[bool, Query(description="Wait for more; otherwise what there is, and the end.")]


@router.get("/events", response_class=StreamingResponse, responses={**STREAM, **problems(429)})
async def stream_events(
    _: Viewer,
    desk: Counter,
    house: House,
    last_event_id: LastEventId = None,
    after: EventId = None,
    follow: Follow = True,
) -> StreamingResponse:
    """Stream the history: each event once, in order, with its id. It begins now, unless told after which event."""
    start = await _start(desk, last_event_id, after)
    del house  # asked for, so that a daemon that does not serve says so
    desk.live.check_room()
    return _streamed(_stream(desk, None, start, follow=follow))


@router.get(
    "/rollouts/{rollout_id}/events", response_class=StreamingResponse, responses={**STREAM, **problems(404, 429)}
)
async def stream_rollout(  # noqa: PLR0917 - FastAPI passes them by name
    _: Viewer, desk: Counter, house: House, rollout_id: RolloutId,
    last_event_id: LastEventId = None, after: EventId = None, follow: Follow = True,
) -> StreamingResponse:  # fmt: skip
    """Stream one rollout.

    `rollout` carries its state and the targets that changed since the last one, at first all of them; `progress` the last step
    of a target's run; everything else is an event of the history with its id.
    """
    start = await _start(desk, last_event_id, after)
    rollout = await house.rollouts.get(rollout_id)
    desk.live.check_room()
    return _streamed(_stream(desk, rollout, start, follow=follow))


def _streamed(lines: AsyncIterator[str]) -> StreamingResponse:
    return StreamingResponse(lines, media_type="text/event-stream", headers=HEADERS)


async def _start(desk: Desk, last_event_id: str | None, after: int | None) -> int:
    if last_event_id is not None:
        return int(last_event_id)
    if after is not None:
        return after
    async with desk.application.store.read() as session:
        newest = await session.history.newest(HistoryQuery(limit=1))
    return newest[0].id if newest else 0


async def _stream(desk: Desk, rollout: Rollout | None, last: int, *, follow: bool) -> AsyncIterator[str]:
    """Yield messages until the client leaves or the daemon ends."""
    with desk.live.watching(rollout) as watcher:
        told: Rollout | None = None
        yield "retry: 1000\n\n"
        while not desk.live.closing.is_set():
            if watcher.rollout is not told and watcher.rollout is not None:
                yield _rollout_message(told, watcher.rollout)
                told = watcher.rollout
            for message in _progress_messages(watcher):
                yield message
            events = await _following(desk, watcher.rollout_id, last)
            for event in events:
                last = event["id"]
                yield _message(event["name"], event, last)
            if len(events) == BATCH:
                continue
            if not follow:
                return
            if not await desk.live.news(watcher, HEARTBEAT_SECONDS):
                yield ": still here\n\n"


async def _following(desk: Desk, rollout_id: str | None, last: int) -> list[dict[str, Any]]:
    query = HistoryQuery(rollout_id=rollout_id, after=last, limit=BATCH)
    found: list[dict[str, Any]] = []
    with CancelScope(shield=True):  # a client that leaves must not cut a connection of the store's pool short
        async with desk.application.store.read() as session:
            found = [to_json(event) for event in await session.history.following(query)]
    return found


def _rollout_message(before: Rollout | None, after: Rollout) -> str:
    content = {"rollout": rollout_head(after), "targets": changed_members(before, after)}
    return _message("rollout", {"schema_version": SCHEMA_VERSION, **content})


def _progress_messages(watcher: Watcher) -> list[str]:
    taken, watcher.progress = watcher.progress, {}
    return [
        _message("progress", {"target": step.target, "event": step.event, "facts": to_json(step.facts)})
        for step in taken.values()
    ]


def _message(name: str, content: dict[str, Any], ident: int | None = None) -> str:
    """Return one message; JSON has no line ends of its own."""
    head = f"id: {ident}\n" if ident is not None else ""
    return f"{head}event: {name}\ndata: {written(content)}\n\n"
