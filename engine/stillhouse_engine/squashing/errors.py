"""Why a range of revisions cannot be squashed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillhouse_engine.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterable


class SquashError(CommandError):
    """A range cannot be squashed, or is not the same afterwards; nothing was written.

    Attributes:
        reason: why.
        details: the places or differences, one line each.
        hint: what to do.
    """

    def __init__(self, reason: str, details: Iterable[str] = (), hint: str | None = None) -> None:
        self.reason = reason
        self.details = tuple(details)
        self.hint = hint
        lines = [reason, *(f"  {line}" for line in self.details), *([f"  {hint}"] if hint else [])]
        super().__init__("\n".join(lines))
