"""The FastAPI application. It is imported when the daemon serves HTTP, and never by a command."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Response, status

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillhouse_orchestrator.api.vitals import Vitals

SCHEMA_VERSION = 1


def create_app(vitals: Callable[[], Vitals]) -> FastAPI:
    """Make the application.

    Args:
        vitals: says how the daemon is at this moment.
    """
    app = FastAPI(title="Stillhouse", docs_url=None, redoc_url=None)

    @app.get("/healthz", summary="Is the daemon alive?")
    async def health() -> dict[str, Any]:
        """Answer as long as the event loop turns."""
        return {"schema_version": SCHEMA_VERSION, **asdict(vitals())}

    @app.get("/readyz", summary="Does the daemon serve?", responses={503: {"description": "not yet, or no longer"}})
    async def ready(response: Response) -> dict[str, Any]:
        """Answer 200 while the daemon serves, else 503."""
        now = vitals()
        if not now.ready:
            response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
        return {"schema_version": SCHEMA_VERSION, "ready": now.ready, "state": now.state, "problem": now.problem}

    return app
