"""Where a job that holds its transaction open waits for the word, from the daemon's side."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Gate:
    """One job's gate. It is closed until somebody says a word, and the first word holds.

    Args:
        held: called on the event loop when the job has run its last statement and waits.

    Attributes:
        refusal: why the job must roll back, once that was said.
        opened: the job was let through to its COMMIT.
    """

    def __init__(self, held: Callable[[], None]) -> None:
        self.refusal: str | None = None
        self.opened = False
        self._held = held
        self._tell: Callable[[str | None], None] | None = None

    def arrive(self, tell: Callable[[str | None], None]) -> None:
        """Let a job wait here.

        Args:
            tell: tells the job that it must roll back, and why; ``None`` that it may commit.
        """
        self._tell = tell
        if self.opened or self.refusal is not None:
            tell(self.refusal)
        else:
            self._held()

    def open(self) -> None:
        """Let the job commit."""
        if self.refusal is None and not self.opened:
            self.opened = True
            self._say()

    def refuse(self, reason: str) -> None:
        """Let the job roll back."""
        if self.refusal is None and not self.opened:
            self.refusal = reason
            self._say()

    def _say(self) -> None:
        if self._tell is not None:
            self._tell(self.refusal)
