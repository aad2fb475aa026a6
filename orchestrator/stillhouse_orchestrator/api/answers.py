"""Answers as JSON, without secrets."""

from __future__ import annotations

import json
from typing import Any

from fastapi.responses import Response

from stillhouse_orchestrator.logs import scrubber

SCHEMA_VERSION = 1


class Answer(Response):
    """A JSON object with its schema version; free text loses its secrets on the way out."""

    media_type = "application/json"

    def __init__(self, content: dict[str, Any], status_code: int = 200) -> None:
        super().__init__(written({"schema_version": SCHEMA_VERSION, **content}), status_code)


def written(content: Any) -> str:
    """Return JSON text without secrets."""
    return json.dumps(_clean(content), ensure_ascii=False, separators=(",", ":")).encode(errors="replace").decode()


def _clean(value: Any) -> Any:
    """Scrub what people or databases wrote: names, ids and moments have neither spaces nor equal signs nor addresses."""
    if isinstance(value, str):
        return scrubber.text(value) if " " in value or "=" in value or "://" in value else value
    if isinstance(value, dict):
        return {key: _clean(item) for key, item in value.items()}
    return [_clean(item) for item in value] if isinstance(value, list) else value
