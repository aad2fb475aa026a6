"""What the revisions in a version table mean, given the project's revision graph: pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stillhouse_orchestrator.values import Health

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from stillhouse_orchestrator.workers.executor import RevisionSummary


@dataclass(frozen=True, slots=True)
class Graph:
    """A project's revisions as the census needs them.

    Attributes:
        heads: the revisions that the script directory ends in.
        above: revision → the revisions that it stands on (its parents and what it depends on).
        replaced: a revision that is no more → the squashed revision that has taken its place.
        as_it_was: the same revisions with the originals of squashed ones; None where none are kept.
    """

    heads: tuple[str, ...]
    above: Mapping[str, tuple[str, ...]]
    replaced: Mapping[str, str] = field(default_factory=dict)
    as_it_was: Graph | None = None
    _reached: dict[tuple[str, ...], frozenset[str]] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(
        cls, heads: Iterable[str], nodes: Sequence[RevisionSummary], originals: Sequence[RevisionSummary] = ()
    ) -> Graph:
        """Build it from what a worker described."""
        above = _links(nodes)
        replaced = {old: node.revision for node in nodes for old in node.replaces if old not in above}
        long = cls(tuple(heads), above | _links(originals)) if originals else None
        return cls(tuple(heads), above, replaced, long)

    def seen_from(self, current: Collection[str]) -> Graph:
        """Return the revisions as a database at some of them goes through them.

        One inside a squashed range takes the originals that it still needs; so does one below a squashed revision that stands on
        others, because it may hold rows.
        """
        long = self.as_it_was
        if long is None or not current:
            return self
        inside = any(revision in long.above for revision in current if revision not in self.above)
        squashed = set(self.replaced.values()) - self.reached(current)
        return long if inside or any(self.above[revision] for revision in squashed) else self

    def brought(self, revisions: Iterable[str]) -> frozenset[str]:
        """Return every revision that a database at these has, also those that others have taken the place of."""
        graph = self.seen_from(tuple(revisions))
        reached = graph.reached(revisions)
        return reached | {old for old, new in self.replaced.items() if new in reached}

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


def _links(nodes: Iterable[RevisionSummary]) -> dict[str, tuple[str, ...]]:
    return {node.revision: (*node.down_revision, *node.depends_on) for node in nodes}


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
    graph = graph.seen_from(reading.revisions)
    unknown = [revision for revision in reading.revisions if revision not in graph.above]
    if unknown:
        told = "; ".join(f"its version table holds {one}, {why_unknown(one, graph)}" for one in unknown)
        return Verdict("unknown_revision", Health.BROKEN, None, told)
    pending = graph.pending(reading.revisions)
    if reading.table_missing:
        return Verdict("no_version_table", Health.HEALTHY, pending)
    return Verdict("pending" if pending else "up_to_date", Health.HEALTHY, pending)


def why_unknown(revision: str, graph: Graph) -> str:
    """Say why a revision of a version table cannot be told."""
    by = graph.replaced.get(revision)
    if by is None:
        return "which the script directory does not have: the database may be ahead of these scripts"
    return (
        f"which was squashed into {by}, and the script directory does not keep its originals any more: restore its folder "
        f"squashed/{by} from version control"
    )
