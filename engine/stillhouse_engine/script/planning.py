"""From a command's target to its steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from stillhouse_engine.errors import ResolutionError
from stillhouse_engine.script.nodes import to_tuple
from stillhouse_engine.script.steps import RevisionStep, StampStep
from stillhouse_engine.script.targets import Relative

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stillhouse_engine.script.revision import RevisionMap
    from stillhouse_engine.script.steps import MigrationStep

Step = TypeVar("Step", bound="MigrationStep")


def upgrade_steps(revision_map: RevisionMap, destination: Any, current: Any) -> list[RevisionStep]:
    """Return the steps that bring a database from its revisions up to a target."""
    revisions = list(revision_map.iterate_revisions(destination, current, implicit_base=True))
    return [RevisionStep(revision_map, revision, True) for revision in reversed(revisions)]


def downgrade_steps(revision_map: RevisionMap, destination: Any, current: Any) -> list[RevisionStep]:
    """Return the steps that bring a database from its revisions down to a target."""
    revisions = revision_map.iterate_revisions(current, destination, select_for_downgrade=True)
    return [RevisionStep(revision_map, revision, False) for revision in revisions]


def runnable(steps: list[Step]) -> list[Step]:
    """Return the steps with all their functions imported: what is broken or missing stops a run before it begins.

    Raises:
        MigrationScriptError: a file cannot be imported, or has not the function that is to run.
    """
    for step in steps:
        _ = step.migration_fn
    return steps


def stamp_steps(revision_map: RevisionMap, destination: Any, current: Iterable[str]) -> list[StampStep]:
    """Return the steps that make a version table say that it is at some revisions.

    Rows below a target move up to it, rows above it move down to it, rows of other branches stay. ``base`` removes all
    rows where it is the only target, as no target does, and with a branch those of the branch and of what depends on it.
    """
    graph = revision_map._graph  # noqa: SLF001 - same package
    heads = [found.revision for found in revision_map.get_revisions(tuple(to_tuple(current)))]
    targets: dict[str, None] = {}
    left: dict[str, None] = {}
    symbols = to_tuple(destination) or ("base",)
    for symbol in symbols:
        _refuse_relative(revision_map, symbol)
        found = revision_map.get_revisions(symbol)
        targets.update(dict.fromkeys(revision.revision for revision in found))
        if not found and (len(symbols) == 1 or symbol != "base"):
            left.update(dict.fromkeys(_left(revision_map, heads, symbol)))
    steps: list[StampStep] = []
    rows = set(heads)
    for target in graph.tops(targets):
        if target in rows:
            continue
        below = graph.ancestors([target]) - {target}
        above = graph.descendants([target]) - {target}
        moved = tuple(row for row in heads if row in below)
        dropped = tuple(row for row in heads if row in above)
        rows.difference_update(moved, dropped)
        rows.add(target)
        if dropped:
            steps.append(StampStep(dropped, (target,), False, False, revision_map))
        else:
            steps.append(StampStep(moved, (target,), True, not moved, revision_map))
    gone = [row for row in left if row in rows and row not in targets]
    return [*(StampStep((row,), (), False, True, revision_map) for row in gone), *steps]


def _refuse_relative(revision_map: RevisionMap, symbol: Any) -> None:
    relative = Relative.parse(symbol)
    if relative is None:
        return
    if relative.branch:
        revision_map.get_revision(relative.branch)
    name = f"{relative.symbol or ''}{relative.text}"
    raise ResolutionError(f"No such revision or branch '{name}'", name)


def _left(revision_map: RevisionMap, heads: list[str], symbol: Any) -> Sequence[str]:
    """Return the rows that a symbol without a revision takes away: those of ``base``, of all or of one branch."""
    branch, _, name = symbol.rpartition("@") if isinstance(symbol, str) else ("", "", symbol)
    if name not in {"base", "head", "heads", None}:
        raise ResolutionError(f"No such revision or branch '{symbol}'", symbol)
    if name in {"head", "heads"}:
        return ()
    if not branch:
        return heads
    lineage = set(revision_map.filter_for_lineage(heads, branch))
    named = [found.revision for found in revision_map.get_revisions(branch)]
    above = revision_map._graph.descendants(named)  # noqa: SLF001 - same package
    return [row for row in heads if row in lineage or row in above]
