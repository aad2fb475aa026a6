"""Idempotency keys: a verb that is sent twice with one ``Idempotency-Key`` is done once, and answered twice.

The key is written before the verb is done and the answer after it, so that a repeat is recognised even by the next run of the
daemon. Where a crash fell between the two, nobody knows whether the verb was done: the repeat is told so.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import Response

from stillhouse_orchestrator.api.problems import MEDIA_TYPE, ProblemError, of_error
from stillhouse_orchestrator.events import now

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from stillhouse_orchestrator.api.desk import Desk
    from stillhouse_orchestrator.store.answers import KeptAnswer

HEADER = "idempotency-key"
KEY = re.compile(r"[\x21-\x7e]{1,255}")
READING = frozenset({"GET", "HEAD", "OPTIONS"})
REPEATABLE = frozenset({"/api/v1/rollouts"})  # the rollout's id follows from the key: making it again finds it
FORGOTTEN = frozenset({401, 403, 408, 413, 429})  # nothing was done, and the same request may do better later
LAST_OF_4XX = 499


class Keys:
    """ASGI middleware behind the gate: remembers the answers of verbs that carry a key."""

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self._app = app
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from memory, or do it and remember."""
        key = Headers(scope=scope).get(HEADER) if scope["type"] == "http" else None
        if key is None or scope["method"] in READING or "caller" not in scope.get("state", {}):
            await self._app(scope, receive, send)
            return
        mine = (scope["state"]["caller"].name[:200], key)
        try:
            kept = await self._begin(scope, mine)
        except ProblemError as error:
            await of_error(error)(scope, receive, send)
            return
        if kept is not None:
            await _replay(kept)(scope, receive, send)
            return
        scope["state"]["key"] = mine
        await self._do(scope, receive, send, mine)

    async def _begin(self, scope: Scope, mine: tuple[str, str]) -> KeptAnswer | None:
        """Return the answer to give again; None when the request is to be done now, which is then noted.

        Raises:
            ProblemError: the key cannot be used, or not now.
        """
        if not KEY.fullmatch(mine[1]):
            raise ProblemError(400, "the Idempotency-Key must have 1 to 255 visible ASCII characters")
        digest = _digest(scope)
        if mine in self._desk.answering:
            raise ProblemError(
                409, "a request with this Idempotency-Key is being answered", "wait", {"Retry-After": "1"}
            )
        self._desk.answering.add(mine)
        try:
            async with self._desk.application.store.write() as session:
                kept = await session.answers.get(*mine)
                if kept is None or (kept.status is None and scope["path"] in REPEATABLE):
                    _compare(kept, digest)
                    await session.answers.begin(*mine, digest, now())
                    return None
            _compare(kept, digest)
        except BaseException:
            self._desk.answering.discard(mine)
            raise
        self._desk.answering.discard(mine)
        if kept.status is None:
            what = "the daemon stopped while it answered this request; nobody knows whether it was done"
            raise ProblemError(409, what, "look, then ask again with a new key")
        return kept

    async def _do(self, scope: Scope, receive: Receive, send: Send, mine: tuple[str, str]) -> None:
        status, chunks = 500, list[bytes]()
        store = self._desk.application.store

        async def listen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                chunks.append(message.get("body", b""))
                if not message.get("more_body", False):
                    await keep()
            await send(message)

        async def keep() -> None:
            async with store.write() as session:
                if status in FORGOTTEN or status > LAST_OF_4XX:
                    await session.answers.forget(*mine)
                else:
                    await session.answers.finish(*mine, status, b"".join(chunks).decode())

        try:
            await self._app(scope, receive, listen)
        finally:
            self._desk.answering.discard(mine)


def _digest(scope: Scope) -> str:
    parts = (scope["method"].encode(), scope["path"].encode(), scope.get("query_string", b""), scope["state"]["body"])
    return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def _compare(kept: KeptAnswer | None, digest: str) -> None:
    if kept is not None and kept.request_hash != digest:
        raise ProblemError(422, "this Idempotency-Key was used for another request", "make a new key for each request")


def _replay(kept: KeptAnswer) -> Response:
    status = kept.status or 0
    media = "application/json" if status < 400 else MEDIA_TYPE  # noqa: PLR2004 - RFC 9110: errors begin here
    return Response(kept.body, status, {"Idempotency-Replayed": "true"}, media)
