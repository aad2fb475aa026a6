"""A running daemon as commands see it: documents, or refusals."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from stillhouse_orchestrator.client import announcement
from stillhouse_orchestrator.client.errors import DaemonGoneError, RefusedError
from stillhouse_orchestrator.client.wire import Reply, Wire, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

PREFIX = "/api/v1"
TRIES = 8
FIRST_PAUSE = 0.25  # seconds; each further one is half as long again
BUSY = (429, 503)


class Daemon:
    """A daemon.

    Args:
        url: ``http://HOST:PORT``.
        token: a bearer token, if there is one.
        actor: who runs the command; the daemon believes it of its own user only.
        announced: the file that the address and the token come from; the next run of the daemon writes others into it.
    """

    def __init__(self, url: str, token: str | None, actor: str, announced: str | None = None) -> None:
        self._actor = actor.encode("ascii", "replace").decode().replace("?", "_")
        self._announced = announced
        self._wire = self._to(url, token)

    def _to(self, url: str, token: str | None) -> Wire:
        headers = {"Stillhouse-Actor": self._actor}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return Wire(url, headers)

    def _look_again(self) -> None:
        """Follow the daemon to where its next run listens, with that run's token."""
        found = announcement.read(self._announced) if self._announced else None
        if found is not None:
            self._wire = self._to(found.url, found.token)

    def listens(self) -> bool:
        """Tell whether anybody listens there."""
        return self._wire.listens()

    def fleet(self) -> str | None:
        """Return the name of the fleet that it keeps; None when what listens there is no daemon of ours.

        Raises:
            DaemonGoneError: nobody answers.
        """
        body = self._wire.send("GET", "/healthz").body
        return body.get("fleet") if isinstance(body, dict) else None

    def get(self, *path: str, **query: Any) -> dict[str, Any]:
        """Ask for a document.

        Raises:
            RefusedError: the daemon refuses.
            DaemonGoneError: it does not answer.
        """
        return self._answered("GET", path_of(path, query), None, {})

    def post(self, *path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Say a verb; what breaks off is sent again with the same key, and is done once.

        Raises:
            RefusedError: the daemon refuses.
            DaemonGoneError: it does not answer.
        """
        given = {key: value for key, value in (body or {}).items() if value is not None}
        return self._answered("POST", path_of(path, {}), given, {"Idempotency-Key": os.urandom(16).hex()})

    def delete(self, *path: str) -> dict[str, Any]:
        """End something.

        Raises:
            RefusedError: the daemon refuses, or there is no such thing.
            DaemonGoneError: it does not answer.
        """
        return self._answered("DELETE", path_of(path, {}), None, {"Idempotency-Key": os.urandom(16).hex()})

    def watch(self, rollout_id: str, told: Callable[[], None] | None = None) -> Iterator[tuple[str, Any]]:
        """Yield the messages about a rollout, name and content; reconnects when the daemon was away for a while.

        Args:
            rollout_id: which.
            told: called when the connection was lost.

        Raises:
            RefusedError: the daemon refuses.
            DaemonGoneError: it stays away.
        """
        last: str | None = None
        failures = 0
        while True:
            try:
                for message in self._wire.stream(path_of(("rollouts", rollout_id, "events"), {}), last):
                    if isinstance(message, Reply):
                        if not self._may_change(message.status) or failures >= 4 * TRIES:
                            raise refusal(message)
                        break
                    failures = 0
                    last = message.id or last
                    yield message.name, message.data
            except DaemonGoneError:
                if failures >= 4 * TRIES:
                    raise
            if failures == 0 and told is not None:
                told()
            failures += 1
            time.sleep(min(FIRST_PAUSE * 1.5**failures, 5.0))
            self._look_again()

    def _may_change(self, status: int) -> bool:
        """Tell whether a refusal may be over soon: the daemon starts, or its next run has another token."""
        return status in BUSY or (status == 401 and self._announced is not None)  # noqa: PLR2004 - Unauthorized

    def _answered(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> dict[str, Any]:
        pause = FIRST_PAUSE
        for attempt in range(1, TRIES + 1):
            try:
                reply = self._wire.send(method, path, body, headers)
            except DaemonGoneError as error:
                if attempt == TRIES or not (error.connected or attempt > 1):
                    raise
            else:
                again = reply.status in BUSY or (reply.status == 409 and "retry-after" in reply.headers)  # noqa: PLR2004 - Conflict
                if attempt == TRIES or not again:
                    return _document(reply)
            time.sleep(pause)
            pause *= 1.5
        raise AssertionError("unreachable")


def path_of(path: tuple[str, ...], query: Mapping[str, Any]) -> str:
    """Return a path below the API's prefix, with what of the query is given."""
    asked = "&".join(f"{key}={quoted(_word(value))}" for key, value in query.items() if value not in (None, False))
    return f"{PREFIX}/{'/'.join(map(quoted, path))}" + (f"?{asked}" if asked else "")


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _document(reply: Reply) -> dict[str, Any]:
    if reply.status >= 300 or not isinstance(reply.body, dict):  # noqa: PLR2004 - RFC 9110: not a success
        raise refusal(reply)
    return reply.body


def refusal(reply: Reply) -> RefusedError:
    """Return the error for an answer that is none."""
    if not isinstance(reply.body, dict) or "detail" not in reply.body:
        return RefusedError(reply.status, f"the daemon answered {reply.status} without a reason", None)
    hint = reply.body.get("hint")
    if reply.status == 401:  # noqa: PLR2004 - Unauthorized
        hint = "set $STILLHOUSE_TOKEN or say --token-file FILE; tokens are declared under api.tokens in the fleet file"
    usage = bool(reply.body.get("usage", reply.status in (400, 422)))
    return RefusedError(reply.status, str(reply.body["detail"]), hint, usage=usage)
