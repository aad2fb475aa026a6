"""The fleet file's JSON Schema, for editors."""

from __future__ import annotations

from functools import cache
from typing import Any

from .fleet_file import FleetModel

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """Return the fleet file's JSON Schema (draft 2020-12) with descriptions, defaults and examples."""
    schema = _without_titles(FleetModel.model_json_schema(mode="validation"))
    return {"$schema": DIALECT, **schema, "title": "Stillhouse fleet file"}


@cache
def model_schema() -> dict[str, Any]:
    """Return the schema that hints are looked up in."""
    return FleetModel.model_json_schema(mode="validation")


def _without_titles(schema: Any) -> Any:
    """Drop pydantic's titles, which only repeat the keys; a key that is called ``title`` holds a mapping and stays."""
    if isinstance(schema, dict):
        return {
            key: _without_titles(value) for key, value in schema.items() if key != "title" or isinstance(value, dict)
        }
    return [_without_titles(item) for item in schema] if isinstance(schema, list) else schema
