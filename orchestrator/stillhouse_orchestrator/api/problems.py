"""Errors as RFC 9457 problem documents: what happened, and what to do next. Nothing that was sent makes a 5xx."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from stillhouse_config import FleetValueError
from stillhouse_orchestrator.api.access import AccessDeniedError
from stillhouse_orchestrator.errors import (
    AmbiguousError,
    AnswerError,
    ChannelError,
    ConnectionFailedError,
    NotFoundError,
    StillhouseError,
)
from stillhouse_orchestrator.logs import scrubber
from stillhouse_orchestrator.rollouts.errors import (
    DependencyError,
    IrreversibleError,
    TransitionError,
)
from stillhouse_orchestrator.store import OwnershipLostError, StaleWriteError, StoreUnavailableError

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

MEDIA_TYPE = "application/problem+json"
MISTAKES = frozenset({400, 404, 413, 422})
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="stillhouse"'}
STATUSES: tuple[tuple[type[StillhouseError], int], ...] = (
    (NotFoundError, 404),
    (AmbiguousError, 422),
    (TransitionError, 409),
    (IrreversibleError, 409),
    (DependencyError, 409),
    (AnswerError, 409),
    (StaleWriteError, 409),
    (ConnectionFailedError, 424),  # a database of the fleet did not answer: nothing is wrong with this service
    (ChannelError, 424),
    (OwnershipLostError, 503),
    (StoreUnavailableError, 503),
)


class ProblemError(StillhouseError):
    """A request that is refused by the API itself.

    Attributes:
        status: HTTP status.
        headers: sent along.
    """

    def __init__(self, status: int, what: str, hint: str | None = None, headers: dict[str, str] | None = None) -> None:
        self.status = status
        self.hint = hint
        self.headers = headers or {}
        self.usage = status in MISTAKES
        super().__init__(what)


def problem(
    status: int, what: str, hint: str | None = None, headers: dict[str, str] | None = None, **more: Any
) -> JSONResponse:
    """Make the answer that describes a problem."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": _plain(what),
        "hint": _plain(hint) if hint else None,
        **more,
    }
    return JSONResponse(body, status, headers, media_type=MEDIA_TYPE)


def of_error(error: StillhouseError) -> JSONResponse:
    """Make the answer for one of our own errors."""
    if isinstance(error, AccessDeniedError):
        return problem(
            error.status, str(error), error.hint, CHALLENGE if error.status == HTTPStatus.UNAUTHORIZED else None
        )
    if isinstance(error, ProblemError):
        return problem(error.status, str(error), error.hint, error.headers, usage=error.usage)
    status = next((status for kind, status in STATUSES if isinstance(error, kind)), 422)
    more = {"reasons": dict(error.reasons)} if isinstance(error, IrreversibleError) else {}
    return problem(status, str(error), error.hint, usage=error.usage, **more)


def install(app: FastAPI) -> None:
    """Let an application answer with problem documents."""
    app.add_exception_handler(StillhouseError, _ours)
    app.add_exception_handler(FleetValueError, _value)
    app.add_exception_handler(ExceptionGroup, _group)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _bug)


def _ours(_request: Request, error: Exception) -> JSONResponse:
    return of_error(error) if isinstance(error, StillhouseError) else _bug(_request, error)


def _value(_request: Request, error: Exception) -> JSONResponse:
    return problem(422, str(error), getattr(error, "hint", None))


def _group(request: Request, error: Exception) -> JSONResponse:
    """Answer with the first of our own errors that a task group raised."""
    leaves = [error]
    while leaves:
        leaf = leaves.pop()
        if isinstance(leaf, ExceptionGroup):
            leaves += leaf.exceptions
        elif isinstance(leaf, StillhouseError):
            return of_error(leaf)
    return _bug(request, error)


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    found = error.errors() if isinstance(error, RequestValidationError) else ()
    problems = [{"where": ".".join(map(str, each["loc"])), "problem": str(each["msg"])} for each in found]
    first = f"{problems[0]['where']}: {problems[0]['problem']}" if problems else "the request cannot be read"
    return problem(422, first, "GET /api/v1/openapi.json describes every request", problems=problems)


def _http(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        return _bug(_request, error)
    return problem(error.status_code, str(error.detail), headers=dict(error.headers or {}))


def _bug(_request: Request, error: Exception) -> JSONResponse:
    return problem(
        500, f"a bug of Stillhouse: {type(error).__name__}", "the service's log has the traceback; report it"
    )


def _plain(text: str) -> str:
    """Return a text without secrets and without what JSON or a terminal cannot carry."""
    return scrubber.text(text).encode(errors="replace").decode()
