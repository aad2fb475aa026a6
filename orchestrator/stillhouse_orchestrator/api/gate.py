"""What every request passes before any route: is the daemon there, who asks, and is the body small enough to be read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from stillhouse_orchestrator.api.access import AccessDeniedError, Caller
from stillhouse_orchestrator.api.desk import LOCAL
from stillhouse_orchestrator.api.problems import ProblemError, of_error
from stillhouse_orchestrator.events import now

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from stillhouse_orchestrator.api.desk import Desk

OPEN = frozenset({"/healthz", "/readyz", "/api/v1/openapi.json"})
ACTOR = "stillhouse-actor"
ACTOR_NAME = re.compile(r"[\w.@+ -]{1,60}")


class Gate:
    """ASGI middleware: identifies the caller before anything is read, and reads no more than ``api.max_request``."""

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self._app = app
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through with its caller and its body in ``scope["state"]``, or refuse it."""
        if scope["type"] != "http" or scope["path"] in OPEN:
            await self._app(scope, receive, send)
            return
        try:
            headers = Headers(scope=scope)
            caller = self._identify(scope, headers)
            body = await _read(headers, receive, self._desk.max_request)
        except (AccessDeniedError, ProblemError) as error:
            await of_error(error)(scope, receive, send)
            return
        scope.setdefault("state", {}).update(caller=caller, body=body)
        await self._app(scope, _again(body, receive), send)

    def _identify(self, scope: Scope, headers: Headers) -> Caller:
        address = scope.get("client")
        host = address[0] if address else None
        caller = self._desk.access.identify(headers.get("authorization"), host, now().date())
        named = headers.get(ACTOR, "")
        if caller.name == LOCAL and ACTOR_NAME.fullmatch(named):  # the user's own name, told by the user's own command
            return Caller(named, caller.role)
        return caller


async def _read(headers: Headers, receive: Receive, limit: int) -> bytes:
    """Read the whole body.

    Raises:
        ProblemError: it is larger than it may be, or its sender went away.
    """
    length = headers.get("content-length", "0")
    if length.isdecimal() and int(length) > limit:
        raise _too_large(limit)
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ProblemError(400, "the request ended before its body did")
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > limit:
            raise _too_large(limit)
        if not message.get("more_body", False):
            return b"".join(chunks)


def _too_large(limit: int) -> ProblemError:
    return ProblemError(413, f"the request is larger than {limit} bytes", "see api.max_request in the fleet file")


def _again(body: bytes, receive: Receive) -> Receive:
    """Return a receive function that hands out a body that was read already, then whatever comes next."""
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return left.pop() if left else await receive()

    return replay
