"""What happened in a run, put together from its progress over all its attempts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stillhouse_engine.runtime.specs import AppliedRevision, RunResult

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stillhouse_engine.runtime.settings import Progress


class RunRecord:
    """Listens to a run's progress and passes it on.

    Args:
        pass_on: takes each piece of progress, too.
    """

    def __init__(self, pass_on: Callable[[Progress], None] | None = None) -> None:
        self.pass_on = pass_on
        self.attempts = 0
        self.from_heads: tuple[str, ...] | None = None
        self.to_heads: tuple[str, ...] = ()
        self._applied: list[tuple[AppliedRevision, tuple[str, ...]]] = []

    def started(self, heads: Sequence[str]) -> None:
        """Note where an attempt found the database; what earlier attempts did and lost again is forgotten."""
        found = tuple(sorted(heads))
        if self.from_heads is None:
            self.from_heads = found
        self.to_heads = found
        while self._applied and self._applied[-1][1] != found:
            self._applied.pop()

    def report(self, progress: Progress) -> None:
        """Take a piece of progress."""
        if progress.event == "revision.finished":
            facts: dict[str, Any] = progress.facts
            self.to_heads = tuple(facts["heads"])
            revision = AppliedRevision(facts["revision"], facts["is_upgrade"], facts["seconds"])
            self._applied.append((revision, self.to_heads))
        if self.pass_on is not None:
            self.pass_on(progress)

    def result(self) -> RunResult:
        """Return what came of it."""
        return RunResult(
            from_heads=self.from_heads or (),
            to_heads=self.to_heads,
            applied=tuple(revision for revision, _ in self._applied),
            attempts=self.attempts,
        )
