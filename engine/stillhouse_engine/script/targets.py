"""Which revisions lie between where a database is and where it shall be."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stillhouse_engine.errors import MultipleHeads, RangeNotAncestorError, RevisionError
from stillhouse_engine.script.nodes import Revision, to_tuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from stillhouse_engine.script.resolution import Resolver

RELATIVE = re.compile(r"(?:(.+?)@)?(\w+)?((?:\+|-)\d+)")
NOTHING_TO_DROP = "Nothing to drop"


@dataclass(frozen=True, slots=True)
class Relative:
    """A target such as ``users@ae10+2``."""

    branch: str | None
    symbol: str | None
    text: str

    @property
    def steps(self) -> int:
        """Return the number of steps, negative for downwards."""
        return int(self.text)

    @classmethod
    def parse(cls, target: Any) -> Relative | None:
        """Read a target; None when it is not relative."""
        match = RELATIVE.fullmatch(target) if isinstance(target, str) else None
        return cls(*match.groups()) if match else None

    def failure(self) -> RevisionError:
        """Return the error for a history that is too short."""
        return RevisionError(f"Relative revision {self.text} didn't produce {abs(self.steps)} migrations")


def walk_from_symbol(resolver: Resolver, relative: Relative, *, strict: bool) -> Revision | None:
    """Return the revision that a target such as ``head-1`` stands for; None is the base.

    Raises:
        RevisionError: there are fewer steps, and ``strict`` asks for all of them.
    """
    symbol = f"{relative.branch}@{relative.symbol}" if relative.branch and relative.steps <= 0 else relative.symbol
    found, taken = resolver.walk(resolver.revision(symbol), relative.steps, relative.branch)
    if strict and taken < abs(relative.steps):
        raise RevisionError("Walked too far")
    return found


@dataclass(frozen=True, slots=True)
class Selection:
    """Revisions to run, and where their listing starts."""

    members: Collection[str]
    heads: Iterable[str]


class Upgrade:
    """Selects what an upgrade, or a listing from one revision to another, goes through."""

    def __init__(self, resolver: Resolver, *, strict: bool = True) -> None:
        self.resolver = resolver
        self.graph = resolver.graph
        self.strict = strict

    def select(self, upper: Any, lower: Any, *, inclusive: bool, implicit_base: bool) -> Selection:
        """Return what is above ``lower`` up to ``upper``.

        Args:
            upper: target symbol(s).
            lower: id(s) or symbol of what is already there.
            inclusive: whether the lower end belongs to it.
            implicit_base: whether branches of ``upper`` that ``lower`` is not on start at their base.

        Raises:
            RangeNotAncestorError: ``lower`` is not below ``upper`` and ``implicit_base`` is not given.
            RevisionError: ids of one end stand on one another, or the history is too short.
        """
        targets = self._on_branch_of(lower, self.targets(lower, upper))
        self._refuse_overlap(targets)
        lowest = self._lower(lower, upper, targets)
        needed = self.graph.ancestors(targets)
        if not implicit_base and not needed.issuperset(lowest):
            raise RangeNotAncestorError(lower, upper)
        self._refuse_overlap(lowest)
        there = self.graph.ancestors(lowest)
        members = needed - there
        if not implicit_base and lowest:
            members &= self.graph.descendants(lowest, dependencies=False)
        if inclusive:
            members |= {key for key in lowest if key in needed}
        return Selection(members, self.graph.in_order(targets))

    def _on_branch_of(self, lower: Any, targets: list[str]) -> list[str]:
        """Return the targets that stand on the branch of a lower end such as ``label@base``; all of them for any other."""
        branch, _, symbol = lower.partition("@") if isinstance(lower, str) else ("", "", "")
        if not branch or not symbol or Relative.parse(lower) is not None:
            return targets
        root = self.resolver.identified(branch)
        above = self.graph.descendants([root.revision], dependencies=False)
        labels = root.branch_labels
        return [key for key in targets if key in above or not labels.isdisjoint(self.graph.by_id[key].branch_labels)]

    def targets(self, current: Any, target: Any) -> list[str]:
        """Return the ids that a target symbol stands for, seen from some applied revisions."""
        relative = Relative.parse(target)
        if relative is None:
            return [found.revision for found in self.resolver.revisions(target)]
        if relative.symbol is not None:
            return self._from_symbol(relative)
        found = self._from_current(current, relative)
        return [found.revision]

    def _from_symbol(self, relative: Relative) -> list[str]:
        found = walk_from_symbol(self.resolver, relative, strict=self.strict)
        return [found.revision] if found else []

    def _from_current(self, current: Any, relative: Relative) -> Revision:
        if relative.steps <= 0:
            raise RevisionError(f"Relative revision {relative.steps} didn't produce {abs(relative.steps)} migrations")
        starts = list(dict.fromkeys(to_tuple(current)))
        if relative.branch:
            starts = self._on_branch(starts, relative.branch)
        if len(starts) > 1:
            raise RevisionError("Ambiguous upgrade from multiple current revisions")
        start = self.resolver.revision(starts[0]) if starts else None
        found, taken = self.resolver.walk(start, relative.steps, relative.branch)
        if found is None or (self.strict and taken < relative.steps):
            raise relative.failure()
        return found

    def _on_branch(self, current: list[str], branch: str) -> list[str]:
        """Return the applied revisions of a branch, else the newest that they have in common with it."""
        applied = [found.revision for found in self.resolver.revisions(current)]
        on_branch = self.resolver.filter_for_lineage(applied, branch)
        if not on_branch:
            below = self.graph.in_order(self.graph.ancestors(applied))
            on_branch = self.resolver.filter_for_lineage(below, branch)
        return self.graph.tops(on_branch)

    def _lower(self, lower: Any, upper: Any, targets: Sequence[str]) -> list[str]:
        relative = Relative.parse(lower)
        if relative is None or relative.symbol is not None or relative.steps >= 0:
            return [found.revision for found in self.resolver.revisions(lower)]
        if len(targets) > 1:
            raise MultipleHeads(targets, upper if isinstance(upper, str) else str(upper))
        _, revision = Downgrade(self.resolver, strict=self.strict).target(targets, lower)
        return [revision.revision] if revision else []

    def _refuse_overlap(self, ids: Collection[str]) -> None:
        if len(ids) < 2:  # noqa: PLR2004 - one cannot overlap
            return
        tops = set(self.graph.tops(ids))
        for key in ids:
            if key not in tops:
                above = next(top for top in ids if top != key and key in self.graph.ancestors([top]))
                raise RevisionError(f"Requested revision {above} overlaps with other requested revisions {key}")


class Downgrade:
    """Selects what a downgrade takes back."""

    def __init__(self, resolver: Resolver, *, strict: bool = True) -> None:
        self.resolver = resolver
        self.graph = resolver.graph
        self.strict = strict

    def select(self, upper: Any, lower: Any, *, inclusive: bool) -> Selection:
        """Return what is applied above ``lower``.

        Args:
            upper: id(s) of what is applied.
            lower: the symbol of the target.
            inclusive: whether the target itself is taken back, too.

        Raises:
            RangeNotAncestorError: the target is not applied.
            RevisionError: the symbol is ambiguous, or the history is too short.
        """
        branch, target = self.target(upper, lower)
        if branch:
            self.resolver.branch_revision(branch)  # a mistyped branch must not mean "all branches"
        if target is None:
            roots = list(self.graph.bases)
        elif inclusive:
            roots = [target.revision]
        else:
            roots = list(self.graph.down_followers[target.revision])
        if branch and len(roots) > 1:
            roots = self._roots_on_branch(roots, branch)
        heads = [found.revision for found in self.resolver.revisions(upper)]
        members = self.graph.ancestors(heads) & self.graph.descendants(roots)
        if target is not None and not members and target.revision not in heads:
            raise RangeNotAncestorError(NOTHING_TO_DROP, upper)
        return Selection(members, self.graph.in_order(heads))

    def _roots_on_branch(self, roots: list[str], branch: str) -> list[str]:
        below = self.graph.ancestors([self.resolver.branch_revision(branch).revision], dependencies=False)
        kept = [key for key in roots if key in below]
        if not kept:
            raise RevisionError("Not a valid downgrade target from current heads")
        return kept

    def target(self, current: Any, target: Any) -> tuple[str | None, Revision | None]:
        """Return the branch that a target symbol keeps to, if any, and the revision it stands for; None is the base."""
        relative = Relative.parse(target)
        if relative is None:
            branch, symbol = target.split("@", 1) if isinstance(target, str) and "@" in target else (None, target)
            return branch, self.resolver.revision(symbol)
        if relative.symbol is not None:
            return relative.branch, walk_from_symbol(self.resolver, relative, strict=self.strict)
        return self._from_current(current, relative)

    def _from_current(self, current: Any, relative: Relative) -> tuple[str | None, Revision | None]:
        starts = list(dict.fromkeys(to_tuple(current)))
        branch = relative.branch
        if relative.steps >= 0:
            raise relative.failure()
        if branch:
            applied = self.graph.in_order(self.resolver.all_current(starts))
            tops = self.resolver.filter_for_lineage(self.graph.tops(applied, dependencies=False), branch)
            starts = [key for key in tops if key in starts] or list(tops)
            if len(starts) != 1:
                raise RevisionError(
                    f"Relative revision {branch}@{relative.text} needs exactly one applied revision on branch '{branch}', "
                    f"found {', '.join(starts) or 'none'}; name the revision to downgrade to"
                )
        elif len(starts) > 1:
            warnings.warn(
                "downgrade -1 from multiple heads is ambiguous; this usage will be disallowed in a future release.",
                UserWarning,
                stacklevel=2,
            )
        branch = branch or (starts[0] if starts else None)
        start = self.resolver.revision(starts[0]) if starts else None
        found, taken = self.resolver.walk(start, relative.steps)
        if self.strict and taken < abs(relative.steps):
            raise relative.failure()
        return branch, found
