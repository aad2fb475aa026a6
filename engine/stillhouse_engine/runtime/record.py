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
        self._attempt_heads: tuple[str, ...] = ()
        self._attempt_from = 0
        self._applied: list[tuple[AppliedRevision, tuple[str, ...]]] = []

    def started(self, heads: Sequence[str]) -> None:
        """Note where an attempt found the database; what the attempt before did and lost again is forgotten.

        Nothing is lost when the version is further than we left it: another runner went on from there.
        """
        found = tuple(sorted(heads))
        if self.from_heads is None:
            self.from_heads = found
        reached = [self._attempt_heads, *(after for _, after in self._applied[self._attempt_from :])]
        if found in reached:
            last = len(reached) - 1 - reached[::-1].index(found)
            del self._applied[self._attempt_from + last :]
        self.to_heads = self._attempt_heads = found
        self._attempt_from = len(self._applied)

    def reached(self, heads: Sequence[str]) -> bool:
        """Tell whether an attempt of this run has brought the database to some revisions."""
        return any(set(after) == set(heads) for _, after in self._applied)

    def report(self, progress: Progress) -> None:
        """Take a piece of progress."""
        facts: dict[str, Any] = progress.facts
        if progress.event == "revision.finished":
            self._add([facts["revision"]], facts)
        elif progress.event == "revisions.replayed":
            self._add(facts["revisions"], facts)
        if self.pass_on is not None:
            self.pass_on(progress)

    def _add(self, revisions: Sequence[str], facts: dict[str, Any]) -> None:
        """Note revisions that were applied or reverted together."""
        self.to_heads = tuple(facts["heads"])
        seconds = facts["seconds"] / len(revisions)
        for revision in revisions:
            self._applied.append((AppliedRevision(revision, facts["is_upgrade"], seconds), self.to_heads))

    def result(self) -> RunResult:
        """Return what came of it."""
        return RunResult(
            from_heads=self.from_heads or (),
            to_heads=self.to_heads,
            applied=tuple(revision for revision, _ in self._applied),
            attempts=self.attempts,
        )
