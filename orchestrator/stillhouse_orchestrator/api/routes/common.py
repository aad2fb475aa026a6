"""What every route shares: names in paths, and the problems that the description lists."""

from typing import Annotated, Any, TypeAlias

from fastapi import Path, Query

from stillhouse_orchestrator.api import shapes
from stillhouse_orchestrator.api.problems import MEDIA_TYPE

LARGEST = 2**63 - 1
RolloutId: TypeAlias = Annotated[
    str, Path(pattern=r"^[0-9A-Za-z_-]{1,64}$", description="A rollout's id, or the beginning of one.")
]
TargetName: TypeAlias = Annotated[str, Path(pattern=r"^[^\x00-\x1f\x7f]{1,200}$", description="A target's name.")]
Select: TypeAlias = Annotated[
    str | None,
    Query(pattern=r"^[^\x00-\x1f\x7f]{1,1000}$", description="Which targets, as `env=production,ring!=2`."),
]
Word: TypeAlias = Annotated[str | None, Query(pattern=r"^[^\x00-\x1f\x7f]{1,200}$")]
EventId: TypeAlias = Annotated[int | None, Query(ge=0, le=LARGEST)]

MEANINGS = {
    400: "The request cannot be read.",
    401: "No token, or one that is not known or has expired.",
    403: "The token's role is too low.",
    404: "There is no such thing.",
    409: "It does not fit the state that things are in.",
    413: "The request is larger than `api.max_request`.",
    422: "What is asked for makes no sense.",
    424: "A database or a channel of the fleet did not answer.",
    429: "Too many streams are open.",
    503: "The daemon starts or stops.",
}


def problems(*more: int) -> dict[int | str, dict[str, Any]]:
    """Describe the problems that any route may answer with, and those of one."""
    return {
        status: {
            "description": MEANINGS[status],
            "model": shapes.Problem,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted({400, 401, 403, 413, 422, 503, *more})
    }
