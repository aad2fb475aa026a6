"""What Oracle has to say when models are compared with a live schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stillhouse_engine.dialects.comparing import Comparisons

if TYPE_CHECKING:
    from sqlalchemy import Column


def bare(default: str) -> str:
    """Return a default without blanks and quotes around it."""
    text = default.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == "'" else text


class OracleComparisons(Comparisons):
    """The hooks of autogenerate for Oracle."""

    def compare_server_default(
        self,
        inspector_column: Column[Any],  # noqa: ARG002 - a hook
        metadata_column: Column[Any],  # noqa: ARG002 - a hook
        rendered_metadata_default: str | None,
        rendered_inspector_default: str | None,
    ) -> bool:
        """Tell whether two columns' server defaults differ."""
        live, model = rendered_inspector_default, rendered_metadata_default
        if live is None or model is None:
            return live is not model
        return bare(live) != bare(model)
