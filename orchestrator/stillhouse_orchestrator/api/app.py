"""The FastAPI application. It is imported when the daemon serves HTTP, and never by a command."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI, Response, status

from stillhouse_orchestrator.api import problems
from stillhouse_orchestrator.api.desk import Desk
from stillhouse_orchestrator.api.gate import Gate
from stillhouse_orchestrator.api.keys import Keys
from stillhouse_orchestrator.api.routes import alerts, drift, events, history, rollouts, targets, verbs

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillhouse_orchestrator.api.vitals import Vitals

SCHEMA_VERSION = 1
DESCRIPTION = """\
Control of a running Stillhouse daemon. Every request but `/healthz` and `/readyz` needs `Authorization: Bearer TOKEN`. Errors
are problem documents (RFC 9457). Every verb takes an `Idempotency-Key` header: sent twice, it is done once.
"""


def create_app(vitals: Callable[[], Vitals], desk: Desk | None = None) -> FastAPI:
    """Make the application.

    Args:
        vitals: says how the daemon is at this moment.
        desk: where the routes find the daemon.
    """
    desk = desk or Desk()
    app = FastAPI(
        title="Stillhouse",
        version=str(SCHEMA_VERSION),
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )
    app.state.desk = desk
    app.add_middleware(Keys, desk=desk)
    app.add_middleware(Gate, desk=desk)
    problems.install(app)
    _add_vitals(app, vitals)
    app.include_router(history.metrics_router)
    versioned = APIRouter(prefix="/api/v1")
    for module in (targets, events, rollouts, verbs, drift, alerts, history):
        versioned.include_router(module.router)
    app.include_router(versioned)
    return app


def _add_vitals(app: FastAPI, vitals: Callable[[], Vitals]) -> None:
    @app.get("/healthz", summary="Is the daemon alive?", tags=["service"])
    async def health() -> dict[str, Any]:
        """Answer as long as the event loop turns."""
        return {"schema_version": SCHEMA_VERSION, **asdict(vitals())}

    @app.get(
        "/readyz",
        summary="Does the daemon serve?",
        tags=["service"],
        responses={503: {"description": "not yet, or no longer"}},
    )
    async def ready(response: Response) -> dict[str, Any]:
        """Answer 200 while the daemon serves, else 503."""
        now = vitals()
        if not now.ready:
            response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
        return {"schema_version": SCHEMA_VERSION, "ready": now.ready, "state": now.state, "problem": now.problem}
