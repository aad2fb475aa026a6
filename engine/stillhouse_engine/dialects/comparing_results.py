"""What comparing two indexes or constraints comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class ComparisonResult:
    """Equal, different, or not to be told.

    Attributes:
        status: which of the three.
        message: what differs, or why it cannot be told.
    """

    status: Literal["equal", "different", "skip"]
    message: str = ""

    @property
    def is_equal(self) -> bool:
        """Whether both are the same."""
        return self.status == "equal"

    @property
    def is_different(self) -> bool:
        """Whether they differ."""
        return self.status == "different"

    @property
    def is_skip(self) -> bool:
        """Whether nobody can tell."""
        return self.status == "skip"

    @classmethod
    def Equal(cls) -> Self:  # noqa: N802 - Alembic's name
        """Make the result that both are the same."""
        return cls("equal")

    @classmethod
    def Different(cls, reason: str | Sequence[str]) -> Self:  # noqa: N802 - Alembic's name
        """Make the result that they differ, with what differs."""
        return cls("different", joined(reason))

    @classmethod
    def Skip(cls, reason: str | Sequence[str]) -> Self:  # noqa: N802 - Alembic's name
        """Make the result that nobody can tell, with the reason."""
        return cls("skip", joined(reason))


def joined(reason: str | Sequence[str]) -> str:
    """Return one or several reasons as one text."""
    return reason if isinstance(reason, str) else ", ".join(reason)


def compared(differences: Sequence[str]) -> ComparisonResult:
    """Return the result for what was found to differ, if anything was."""
    return ComparisonResult.Different(differences) if differences else ComparisonResult.Equal()
