"""The fleet file's JSON Schema, for editors."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from .durations import format_duration
from .fields import Declaration
from .fleet_file import FleetModel
from .quantities import Address, CountOrPercent
from .urls import SecretUrl

DIALECT = "https://json-schema.org/draft/2020-12/schema"


@cache
def model_schema() -> dict[str, Any]:
    """Return the schema that hints are looked up in; not to be changed."""
    return FleetModel.model_json_schema(mode="validation", schema_generator=_Schema)


def json_schema() -> dict[str, Any]:
    """Return the fleet file's JSON Schema (draft 2020-12) with descriptions, defaults and examples."""
    schema = _without_titles(model_schema())
    return {"$schema": DIALECT, **schema, "title": "Stillhouse fleet file"}


class _Schema(GenerateJsonSchema):
    """Pydantic's generator with defaults as the file writes them."""

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, Declaration):
            return {}
        if isinstance(dft, CountOrPercent) and dft.percent is None:
            return dft.count
        if isinstance(dft, timedelta):
            return format_duration(dft)
        return str(dft) if isinstance(dft, Address | CountOrPercent | SecretUrl) else super().encode_default(dft)


def _without_titles(schema: Any) -> Any:
    """Drop pydantic's titles, which only repeat the keys; a key that is called ``title`` holds a mapping and stays."""
    if isinstance(schema, dict):
        return {
            key: _without_titles(value) for key, value in schema.items() if key != "title" or isinstance(value, dict)
        }
    return [_without_titles(item) for item in schema] if isinstance(schema, list) else schema
