"""The fleet file's JSON Schema, for editors."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from .fleet_file import FleetModel

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """Return the fleet file's JSON Schema (draft 2020-12) with descriptions, defaults and examples."""
    schema = FleetModel.model_json_schema(mode="validation", schema_generator=_Schema)
    return {"$schema": DIALECT, **schema, "title": "Stillhouse fleet file"}


class _Schema(GenerateJsonSchema):
    """Pydantic's generator without its titles, which only repeat the keys."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 (pydantic's signature)
        return False
