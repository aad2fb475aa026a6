"""The revision graph, built once from revisions and then only read.

Everything here is linear in revisions and links, and iterative: histories of many thousand revisions are ordinary.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from stillhouse_engine.errors import CycleDetected, DependencyCycleDetected, RevisionError
from stillhouse_engine.script.nodes import Revision, to_tuple
from stillhouse_engine.script.ordering import listing_order, newest_first

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence


class RevisionGraph:
    """Revisions by id, their links in both directions, and their branch labels.

    Attributes:
        by_id: every revision, in the order in which they were read.
        labels: the revision that declares each branch label.
        heads: ids that no ``down_revision`` names. bases: ids without a ``down_revision``.
        real_heads: ids that nothing names, dependencies included. real_bases: the same downwards.
        parents: what each revision follows, without dependencies that an ancestor already has.
        followers: for each id every revision that names it, dependencies included.
        replaced: the squashed revision that has taken the place of each revision that is no more.

    Raises:
        CycleDetected: revisions follow one another in a circle (or a subclass: with dependencies).
        RevisionError: a branch label is used twice, or ``down_revision`` or ``depends_on`` names what does not exist.
    """

    def __init__(self, revisions: Iterable[Revision]) -> None:
        self.by_id: dict[str, Revision] = {}
        for revision in revisions:
            if revision.revision in self.by_id:
                warnings.warn(f"Revision {revision.revision} is present more than once", UserWarning, stacklevel=2)
            self.by_id[revision.revision] = revision
        self.replaced = {old: node for node in self.by_id.values() for old in node.replaces if old not in self.by_id}
        self.labels: dict[str, Revision] = {}
        self._claim_labels()
        self._resolve_dependencies()
        self.down: dict[str, tuple[str, ...]] = {key: node._down for key, node in self.by_id.items()}  # noqa: SLF001 - same package
        depends = any(node._resolved_dependencies for node in self.by_id.values())  # noqa: SLF001 - same package
        self.everything = (
            {key: node._all_down_revisions for key, node in self.by_id.items()} if depends else self.down  # noqa: SLF001 - same package
        )
        self.down_followers = self._followers(self.down)
        self.followers = self._followers(self.everything) if depends else self.down_followers
        self._tell_followers()
        self._refuse_cycles(self.down, self.down_followers, CycleDetected)
        if depends:
            self._refuse_cycles(self.everything, self.followers, DependencyCycleDetected)
        self.parents = self._normalized() if depends else self.down
        self.heads = tuple(key for key, found in self.down_followers.items() if not found)
        self.bases = tuple(key for key, found in self.down.items() if not found)
        self.real_heads = tuple(key for key, found in self.followers.items() if not found)
        self.real_bases = tuple(key for key, found in self.everything.items() if not found)
        self._spread_labels()

    def _claim_labels(self) -> None:
        for node in self.by_id.values():
            for label in node._orig_branch_labels:  # noqa: SLF001 - same package
                other = self.labels.get(label) or self.by_id.get(label)
                if other is not None:
                    raise RevisionError(
                        f"Branch name '{label}' in revision {node.revision} already used by revision {other.revision}"
                    )
                self.labels[label] = node

    def _resolve_dependencies(self) -> None:
        for node in self.by_id.values():
            if node.dependencies is None:
                continue
            resolved = []
            for name in to_tuple(node.dependencies):
                target = self.by_id.get(name) or self.labels.get(name) or self._by_prefix(name)
                if target is None:
                    raise RevisionError(
                        f"Revision {node.revision} depends on '{name}', which is no revision or branch label"
                    )
                resolved.append(target.revision)
            node._resolved_dependencies = tuple(dict.fromkeys(resolved))  # noqa: SLF001 - same package

    def _by_prefix(self, name: str) -> Revision | None:
        found = [node for key, node in self.by_id.items() if key.startswith(name)] if len(name) > 3 else []  # noqa: PLR2004 - Alembic's least length of a partial id
        return found[0] if len(found) == 1 else None

    def _followers(self, links: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
        """Turn links around."""
        followers: dict[str, list[str]] = {key: [] for key in self.by_id}
        for key, below in links.items():
            for parent in below:
                try:
                    followers[parent].append(key)
                except KeyError:
                    squashed = self.replaced.get(parent)
                    gone = f"was squashed into {squashed.revision}" if squashed else "is not present"
                    mend = f"give {key} that as its" if squashed else f"restore its file, or give {key} another"
                    raise RevisionError(
                        f"Revision {parent}, the down_revision of {self.by_id[key]!r}, {gone}; {mend} down_revision"
                    ) from None
        return followers

    def _tell_followers(self) -> None:
        for key, node in self.by_id.items():
            node._followers = self.down_followers[key]  # noqa: SLF001 - same package
            node._all_followers = self.followers[key]  # noqa: SLF001 - same package

    def _refuse_cycles(
        self,
        parents: Mapping[str, Sequence[str]],
        children: Mapping[str, Sequence[str]],
        error: type[CycleDetected],
    ) -> None:
        ordered = _unwound(parents, children)
        if len(ordered) == len(self.by_id):
            return
        heads = [key for key in self.by_id if not children[key]]
        bases = [key for key in self.by_id if not parents[key]]
        if not heads or not bases:
            raise error(list(self.by_id))
        whole = reach(heads, parents) & reach(bases, children)
        outside = [key for key in self.by_id if key not in whole]
        if outside:
            raise error(sorted(outside))
        above = set(ordered)
        below = set(_unwound(children, parents))
        raise error(sorted(key for key in self.by_id if key not in above and key not in below))

    def _normalized(self) -> Mapping[str, tuple[str, ...]]:
        """Drop dependencies that a revision below already declares: they say nothing new, and would change the listing order."""
        counts: dict[str, int] = {}
        for node in self.by_id.values():
            for target in node._resolved_dependencies:  # noqa: SLF001 - same package
                counts[target] = counts.get(target, 0) + 1
        bits = {target: 1 << index for index, target in enumerate(key for key, count in counts.items() if count > 1)}
        parents = self._new_parents(bits) if bits else self.everything
        for key, node in self.by_id.items():
            node._parents = parents[key]  # noqa: SLF001 - same package
        return parents

    def _new_parents(self, bits: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
        declared: dict[str, int] = {}
        parents: dict[str, tuple[str, ...]] = {}
        for key in reversed(newest_first(self.by_id, self.down)):
            node, below = self.by_id[key], 0
            for parent in self.down[key]:
                below |= declared[parent]
            new = [target for target in node._resolved_dependencies if not below & bits.get(target, 0)]  # noqa: SLF001 - same package
            parents[key] = tuple(dict.fromkeys((*self.down[key], *new)))
            for target in node._resolved_dependencies:  # noqa: SLF001 - same package
                below |= bits.get(target, 0)
            declared[key] = below
        return parents

    def _spread_labels(self) -> None:
        for label, owner in self.labels.items():
            above = reach([owner.revision], self.down_followers)
            for key in above:
                self.by_id[key].branch_labels.add(label)
            below = self.down[owner.revision]
            if any(self._is_fork(key) for key in above):
                below = ()
            while below and not self._is_fork(below[0]):
                self.by_id[below[0]].branch_labels.add(label)
                below = self.down[below[0]]

    def _is_fork(self, key: str) -> bool:
        """Tell whether several revisions stand on one, or it on several."""
        return len(self.followers[key]) > 1 or len(self.down[key]) > 1

    def ancestors(self, ids: Iterable[str], *, dependencies: bool = True) -> set[str]:
        """Return revisions and everything below them."""
        return reach(ids, self.everything if dependencies else self.down)

    def descendants(self, ids: Iterable[str], *, dependencies: bool = True) -> set[str]:
        """Return revisions and everything above them."""
        return reach(ids, self.followers if dependencies else self.down_followers)

    def listing(self, members: Collection[str], heads: Iterable[str]) -> list[Revision]:
        """List members from the newest to the oldest, starting with some heads."""
        return [self.by_id[key] for key in listing_order(members, heads, self.parents)]

    def in_order(self, ids: Iterable[str]) -> list[str]:
        """Return ids in the order in which their revisions were read."""
        wanted = set(ids)
        return [key for key in self.by_id if key in wanted]

    def tops(self, ids: Collection[str], *, dependencies: bool = True) -> list[str]:
        """Return those ids that none of the others stands on, in their order."""
        wanted = dict.fromkeys(ids)
        links = self.everything if dependencies else self.down
        below = reach((parent for key in wanted for parent in links[key]), links)
        return [key for key in wanted if key not in below]


def _unwound(parents: Mapping[str, Sequence[str]], children: Mapping[str, Sequence[str]]) -> list[str]:
    """Return ids so that each comes before the ones it follows; those on a cycle, and below one, are left out."""
    open_ends = {key: len(found) for key, found in children.items()}
    ready = [key for key, found in children.items() if not found]
    for key in ready:
        for parent in parents[key]:
            open_ends[parent] -= 1
            if not open_ends[parent]:
                ready.append(parent)
    return ready


def reach(starts: Iterable[str], links: Mapping[str, Iterable[str]] | Callable[[str], Iterable[str]]) -> set[str]:
    """Return what can be reached over links, the starts included."""
    follow = links if callable(links) else links.__getitem__
    seen = set(starts)
    todo = list(seen)
    while todo:
        for other in follow(todo.pop()):
            if other not in seen:
                seen.add(other)
                todo.append(other)
    return seen
