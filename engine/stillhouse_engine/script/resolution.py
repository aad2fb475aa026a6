"""From symbols that people type (``head``, ``users@head``, ``ae10``) to revisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stillhouse_engine.errors import MultipleHeads, ReplacedRevisionError, ResolutionError, RevisionError
from stillhouse_engine.script.nodes import Revision, to_tuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stillhouse_engine.script.graph import RevisionGraph

LEAST_PARTIAL = 4
SHOWN_CANDIDATES = 3


class Resolver:
    """Looks up symbols in a graph."""

    def __init__(self, graph: RevisionGraph) -> None:
        self.graph = graph

    def numbers(self, symbol: Any) -> tuple[tuple[str, ...], str | None]:
        """Split a symbol into the ids (or names) it stands for and its branch, if it names one.

        Raises:
            MultipleHeads: ``head`` where there are several.
            RevisionError: the symbol is no string.
        """
        branch = None
        if isinstance(symbol, str) and "@" in symbol:
            branch, symbol = symbol.split("@", 1)
        elif symbol is not None and (not symbol or not isinstance(symbol, str | tuple)) and symbol != ():
            raise _no_name(symbol)
        if symbol == "heads":
            return (self.filter_for_lineage(self.graph.heads, branch) if branch else self.graph.real_heads), branch
        if symbol == "head":
            head = self.current_head(branch)
            return ((head,) if head else ()), branch
        if symbol == "base" or symbol is None:
            return (), branch
        return to_tuple(symbol), branch

    def revision(self, symbol: Any) -> Revision | None:
        """Return the one revision that a symbol stands for; None for ``base`` and for an empty graph.

        Raises:
            MultipleHeads: it stands for several.
            ResolutionError: it stands for none.
        """
        numbers, branch = self.numbers(symbol)
        if len(numbers) > 1:
            raise MultipleHeads(numbers, symbol)
        if branch and not numbers:
            self.branch_revision(branch)
        return self.identified(numbers[0], branch) if numbers else None

    def revisions(self, symbol: Any) -> tuple[Revision, ...]:
        """Return every revision that a symbol, or a sequence of symbols, stands for."""
        if isinstance(symbol, list | tuple | set | frozenset):
            return tuple(found for part in symbol for found in self.revisions(part))
        numbers, branch = self.numbers(symbol)
        if len(numbers) == 1 and numbers[0].startswith("-") and numbers[0][1:].isdigit():
            heads = [self.graph.by_id[head] for head in self.graph.real_heads]
            walked = (
                self.walk(head, int(numbers[0]))[0] for head in heads if not branch or branch in head.branch_labels
            )
            return tuple(found for found in walked if found is not None)
        return tuple(self.identified(number, branch) for number in numbers)

    def current_head(self, branch: str | None = None) -> str | None:
        """Return the only head (of a branch).

        Raises:
            MultipleHeads: there are several.
        """
        heads = self.graph.heads
        if branch:
            heads = self.filter_for_lineage(heads, branch)
        if len(heads) > 1:
            raise MultipleHeads(heads, f"{branch}@head" if branch else "head")
        return heads[0] if heads else None

    def branch_revision(self, label: str) -> Revision:
        """Return the revision that declares a branch label, or that a branch is named by.

        Raises:
            ResolutionError: there is no such branch.
        """
        if label in self.graph.labels:
            return self.graph.labels[label]
        try:
            return self.identified(label)
        except ReplacedRevisionError:
            raise
        except ResolutionError as error:
            raise ResolutionError(f"No such branch: '{label}'", label) from error

    def identified(self, name: Any, branch: str | None = None) -> Revision:
        """Return the revision of an id, a label or the beginning of an id.

        Args:
            name: the id.
            branch: the branch that it must be on, if any.

        Raises:
            ResolutionError: there is none, there are several, or it is not on the branch.
        """
        owner = self.branch_revision(branch) if branch else None
        if not isinstance(name, str) or not name:
            raise _no_name(name)
        found = self.graph.by_id.get(name) or self.graph.labels.get(name) or self._by_prefix(name, branch)
        if owner is not None and found.revision not in self._lineage([owner.revision]):
            raise ResolutionError(f"Revision {found.revision} is not a member of branch '{branch}'", name)
        return found

    def _by_prefix(self, name: str, branch: str | None) -> Revision:
        known = (*self.graph.by_id, *self.graph.labels)
        found = [key for key in known if len(key) >= LEAST_PARTIAL and key.startswith(name)]
        if branch and found:
            found = list(self.filter_for_lineage(found, branch))
        if len(found) > 1:
            shown = ", ".join(f"'{key}'" for key in found[:SHOWN_CANDIDATES])
            raise ResolutionError(f"Multiple revisions start with '{name}': {shown}...", name)
        if not found:
            self._refuse_replaced(name)
            hint = "; please ensure at least four characters are present for partial revision identifier matches"
            raise ResolutionError(
                f"No such revision or branch '{name}'{hint if len(name) < LEAST_PARTIAL else ''}", name
            )
        return self.graph.by_id[found[0]] if found[0] in self.graph.by_id else self.graph.labels[found[0]]

    def _refuse_replaced(self, name: str) -> None:
        """Refuse a revision whose place a squashed one has taken.

        Raises:
            ReplacedRevisionError: with that one.
        """
        known = self.graph.replaced
        found = (
            [name] if name in known else [key for key in known if key.startswith(name) and len(name) >= LEAST_PARTIAL]
        )
        if len(found) == 1:
            raise ReplacedRevisionError(found[0], known[found[0]].revision)

    def _lineage(self, ids: Iterable[str], *, dependencies: bool = False) -> set[str]:
        starts = list(ids)
        return self.graph.ancestors(starts, dependencies=dependencies) | self.graph.descendants(
            starts, dependencies=dependencies
        )

    def filter_for_lineage(
        self, targets: Iterable[str], check_against: str | None, *, dependencies: bool = False
    ) -> tuple[str, ...]:
        """Return the ids that are below or above a branch's revision.

        Args:
            targets: ids or labels.
            check_against: a branch label, an id or a symbol.
            dependencies: whether lineage goes over dependencies, too.
        """
        numbers, branch = self.numbers(check_against)
        names = (*((branch,) if branch else ()), *numbers)
        lineage = self._lineage([self.identified(name).revision for name in names], dependencies=dependencies)
        return tuple(key for key in targets if self.identified(key).revision in lineage)

    def walk(self, start: Revision | None, steps: int, branch: str | None = None) -> tuple[Revision | None, int]:
        """Go up (positive) or down some steps; return where that ends, and how many steps there were.

        Args:
            start: where to start; None is below the bases.
            steps: how many steps; the last one down leads below a base.
            branch: the branch to stay on where several lead up.

        Raises:
            RevisionError: several revisions come next.
        """
        lineage = self._lineage([self.identified(branch).revision]) if branch and steps > 0 else None
        at = start.revision if start else None
        taken = 0
        while taken < abs(steps):
            if steps < 0 and at is None:
                break
            nearby = self._next(at, lineage) if steps > 0 else self.graph.down[at or ""]
            if len(nearby) > 1:
                raise RevisionError("Ambiguous walk")
            if steps > 0 and not nearby:
                break
            at = nearby[0] if nearby else None
            taken += 1
        return (self.graph.by_id[at] if at is not None else None), taken

    def _next(self, at: str | None, lineage: set[str] | None) -> list[str]:
        above = list(self.graph.bases) if at is None else self.graph.down_followers[at]
        return above if lineage is None else [key for key in above if key in lineage]

    def all_current(self, symbols: Any) -> set[str]:
        """Return applied revisions and all that they stand on, dependencies included."""
        return self.graph.ancestors(found.revision for found in self.revisions(symbols))


def _no_name(symbol: Any) -> RevisionError:
    if isinstance(symbol, str):
        return ResolutionError(f"No such revision or branch '{symbol}'", symbol)
    return RevisionError(f"revision identifier {symbol!r} is not a string; ensure database driver settings are correct")
