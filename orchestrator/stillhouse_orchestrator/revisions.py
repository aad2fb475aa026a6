"""What the revisions in a version table mean, given the project's revision graph: pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stillhouse_orchestrator.values import Health

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stillhouse_orchestrator.workers.executor import RevisionSummary


@dataclass(frozen=True, slots=True)
class Graph:
    """A project's revisions as the census needs them.

    Attributes:
        heads: the revisions that the script directory ends in.
        above: revision → the revisions that it stands on (its parents and what it depends on).
    """

    heads: tuple[str, ...]
    above: Mapping[str, tuple[str, ...]]
    _reached: dict[tuple[str, ...], frozenset[str]] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, heads: Iterable[str], nodes: Iterable[RevisionSummary]) -> Graph:
        """Build it from what a worker described."""
        return cls(tuple(heads), {node.revision: (*node.down_revision, *node.depends_on) for node in nodes})

    def reached(self, revisions: Iterable[str]) -> frozenset[str]:
        """Return these revisions and everything below them; remembered, for a fleet asks about few places again and again."""
        asked = tuple(sorted(revisions))
        if asked not in self._reached:
            self._reached[asked] = self._walk(asked)
        return self._reached[asked]

    def _walk(self, revisions: Iterable[str]) -> frozenset[str]:
        found: set[str] = set()
        waiting = [revision for revision in revisions if revision in self.above]
        while waiting:
            revision = waiting.pop()
            if revision not in found:
                found.add(revision)
                waiting.extend(below for below in self.above[revision] if below in self.above)
        return frozenset(found)

    def pending(self, current: Iterable[str]) -> int:
        """Return how many revisions lie between these and the heads."""
        return len(self.reached(self.heads) - self.reached(current))


@dataclass(frozen=True, slots=True)
class Reading:
    """What one look at a target's version table brought.

    Attributes:
        revisions: the rows; None when the target could not be read.
        table_missing: the database has no version table: nothing was ever applied, or it has another name.
        error: why it could not be read, without secrets.
        database_missing: the SQLite file does not exist yet.
        answered: the database could not be read, though it answers.
    """

    revisions: tuple[str, ...] | None
    table_missing: bool = False
    error: str | None = None
    database_missing: bool = False
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reading means.

    Attributes:
        state: ``up_to_date``, ``pending``, ``no_version_table``, ``unknown_revision``, ``unreachable``, ``unreadable`` or ``no_script``.
        error: what a person should know or do, when something is wrong.
    """

    state: str
    health: Health
    pending: int | None = None
    error: str | None = None


def judge(reading: Reading, graph: Graph | None, problem: str | None = None) -> Verdict:
    """Say what a reading means.

    Args:
        reading: what was read.
        graph: the project's revisions; None when its script directory cannot be read.
        problem: why there is no graph.
    """
    if reading.revisions is None:
        health = Health.BROKEN if reading.answered else Health.UNREACHABLE
        return Verdict("unreadable" if reading.answered else "unreachable", health, None, reading.error)
    if graph is None:
        return Verdict("no_script", Health.BROKEN, None, problem)
    unknown = [revision for revision in reading.revisions if revision not in graph.above]
    if unknown:
        named = ", ".join(unknown)
        return Verdict(
            "unknown_revision",
            Health.BROKEN,
            None,
            f"its version table holds {named}, which the script directory does not have: the database may be ahead of these scripts",
        )
    pending = graph.pending(reading.revisions)
    if reading.table_missing:
        return Verdict("no_version_table", Health.HEALTHY, pending)
    return Verdict("pending" if pending else "up_to_date", Health.HEALTHY, pending)
