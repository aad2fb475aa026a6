"""What is wrong with the versions of a target, besides that revisions are pending: pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stillhouse_orchestrator.revisions import why_unknown
from stillhouse_orchestrator.values import VersionTrouble

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from stillhouse_orchestrator.projects import Description
    from stillhouse_orchestrator.revisions import Graph, Reading
    from stillhouse_orchestrator.values import TargetState

MISSING = "version_table_missing"


@dataclass(frozen=True, slots=True)
class Applied:
    """What is remembered of the revisions that were applied.

    Attributes:
        ever: revisions of the project that this service applied to any target.
        edited: by target, applied revisions whose files have changed since.
    """

    ever: Collection[str] = ()
    edited: Mapping[str, Collection[str]] = field(default_factory=dict)


def troubles(
    target: str, reading: Reading, before: TargetState | None, project: Description, applied: Applied
) -> tuple[VersionTrouble, ...]:
    """Return what is wrong; what was wrong stays so while the target cannot be read.

    Args:
        target: its name.
        reading: its version table.
        before: what was known before.
        project: its revisions.
        applied: what is remembered of them.
    """
    if reading.revisions is None or project.graph is None:
        return before.troubles if before else ()
    graph = project.graph.seen_from(reading.revisions)
    found = [*_unknown(reading, graph, applied), *_rows(reading, graph)]
    if _vanished(reading, before):
        held = f"; it held {', '.join(before.current)}" if before and before.current else ""
        found.append(VersionTrouble(MISSING, f"its version table is gone{held}"))
    found += _heads(project)
    below = graph.reached(reading.revisions)
    found += [
        VersionTrouble("edited", f"the file of revision {revision} was edited after it was applied")
        for revision in sorted(applied.edited.get(target, ()))
        if revision in below
    ]
    return tuple(found)


def _unknown(reading: Reading, graph: Graph, applied: Applied) -> Iterator[VersionTrouble]:
    for revision in reading.revisions or ():
        if revision in graph.above:
            continue
        if revision in applied.ever and revision not in graph.replaced:
            text = f"its version table holds {revision}, which this service applied: the script directory is older than the database"
            yield VersionTrouble("ahead", text)
        else:
            yield VersionTrouble(
                "unknown_revision", f"its version table holds {revision}, {why_unknown(revision, graph)}"
            )


def _rows(reading: Reading, graph: Graph) -> Iterator[VersionTrouble]:
    for revision in reading.revisions or ():
        below = graph.reached([revision]) - {revision}
        for other in sorted(below & set(reading.revisions or ())):
            yield VersionTrouble("overlapping", f"its version table holds {revision} and {other}, on which it stands")


def _vanished(reading: Reading, before: TargetState | None) -> bool:
    """Tell whether a version table is gone that was there; it stays gone until it is there again."""
    if not reading.table_missing or before is None or reading.database_missing:
        return False
    return bool(before.current) or any(trouble.sort == MISSING for trouble in before.troubles)


def _heads(project: Description) -> Iterator[VersionTrouble]:
    assert project.graph is not None  # noqa: S101 - the caller has looked
    heads = project.graph.heads
    if len(heads) < 2:  # noqa: PLR2004 - several
        return
    labelled = {node.revision for node in project.nodes if node.branch_labels}
    if not any(labelled & project.graph.reached([head]) for head in heads):
        text = (
            f"the script directory ends in several heads: {', '.join(sorted(heads))}; merge them, or label the branches"
        )
        yield VersionTrouble("several_heads", text)
