"""What SQL Server has to say when models are compared with a live schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from stillhouse_engine.dialects.comparing import Comparisons

if TYPE_CHECKING:
    from sqlalchemy import Column, Identity


def bare(default: str) -> str:
    """Return a default without the parentheses, blanks and capitals that the server writes."""
    text = default.strip()
    while text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip()
    quoted = re.fullmatch(r"N?'(.*)'", text, re.DOTALL)
    return quoted[1] if quoted is not None else text.lower()


class MSSQLComparisons(Comparisons):
    """The hooks of autogenerate for SQL Server."""

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

    def compare_identity(self, metadata_identity: Identity | None, inspector_identity: Identity | None) -> set[str]:
        """Return the attributes in which two identities differ; every identity is ``always`` here."""
        return super().compare_identity(metadata_identity, inspector_identity) - {"always"}

    def adjust_reflected_dialect_options(self, reflected_object: Any, kind: str) -> dict[str, Any]:
        """Return the dialect's options of an index or constraint, without those that every one has."""
        options = dict(super().adjust_reflected_dialect_options(reflected_object, kind))
        for name in ("mssql_include", "mssql_clustered"):
            if not options.get(name):
                options.pop(name, None)
        return options
