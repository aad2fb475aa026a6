"""The order in which revisions of a graph are listed and run.

The order is depth-first along one branch for as long as possible: a branch is left only where the next revision still has
unlisted followers; then the first branch that leads to it goes on. Alembic lists revisions in this order, and users read
it in ``history`` and in the log of every upgrade, so it is kept to the letter. Work grows with the number of revisions and
links; the look-up of "the first branch that leads here" is a bit test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class _Branches:
    """The places from which listing may go on, in order; a place is a position that moves down its branch."""

    def __init__(self, nodes: Iterable[str]) -> None:
        self.nodes: list[str | None] = []
        self.before: list[int] = []
        self.after: list[int] = []
        self.first = self.last = -1
        self.place: set[str] = set()
        for node in nodes:
            self.append(node)

    def append(self, node: str) -> None:
        """Open a place after all others."""
        index = len(self.nodes)
        self.nodes.append(node)
        self.before.append(self.last)
        self.after.append(-1)
        if self.last >= 0:
            self.after[self.last] = index
        else:
            self.first = index
        self.last = index
        self.place.add(node)

    def move(self, index: int, node: str) -> None:
        """Let a place go on to the next revision of its branch."""
        self.nodes[index] = node
        self.place.add(node)

    def close(self, index: int) -> int:
        """Remove a place; return the place before it, or the first one."""
        before, after = self.before[index], self.after[index]
        self.nodes[index] = None
        if before >= 0:
            self.after[before] = after
        else:
            self.first = after
        if after >= 0:
            self.before[after] = before
        else:
            self.last = before
        return before if before >= 0 else self.first


class _Lineage:
    """Tells whether a revision is reached from a place, by one bit for each revision that may have to wait."""

    def __init__(self, members: Mapping[str, int], parents: Mapping[str, tuple[str, ...]], waiting: set[str]) -> None:
        self.bits: dict[str, int] = {}
        self.masks: dict[str, int] = {}
        self.hints: dict[str, int] = {}
        for node in reversed(newest_first(members, parents)):
            mask = 0
            for parent in parents[node]:
                if parent in members:
                    mask |= self.masks[parent] | self.bits.get(parent, 0)
            self.masks[node] = mask
            if node in waiting:
                self.bits[node] = 1 << len(self.bits)

    def first_above(self, node: str, branches: _Branches) -> int:
        """Return the first place that leads down to a waiting revision."""
        bit = self.bits[node]
        index = max(self.hints.get(node, 0), branches.first)
        while True:
            held = branches.nodes[index]
            if held is not None and held != node and self.masks[held] & bit:
                self.hints[node] = index  # places only move away from a revision, never towards it
                return index
            index += 1


def followers(members: Iterable[str], parents: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """Count, for each member, the members that directly follow it."""
    counts = dict.fromkeys(members, 0)
    for node in counts:
        for parent in parents[node]:
            if parent in counts:
                counts[parent] += 1
    return counts


def newest_first(members: Iterable[str], parents: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return members so that each comes before the ones it follows; members on a cycle are left out."""
    counts = followers(members, parents)
    ready = [node for node, count in counts.items() if not count]
    for node in ready:
        for parent in parents[node]:
            if parent in counts:
                counts[parent] -= 1
                if not counts[parent]:
                    ready.append(parent)
    return ready


def listing_order(members: Iterable[str], heads: Iterable[str], parents: Mapping[str, tuple[str, ...]]) -> list[str]:
    """List revisions from the newest to the oldest, branch by branch.

    Args:
        members: the ids to list, without a cycle.
        heads: the ids to start with, in order.
        parents: for each id the ids it follows.
    """
    waiting = followers(members, parents)
    starts = dict.fromkeys(head for head in heads if head in waiting)
    starts.update(dict.fromkeys(node for node, count in waiting.items() if not count))
    lineage: _Lineage | None = None
    may_wait = {node for node, count in waiting.items() if count > 1 or node in starts}
    branches = _Branches(starts)
    listed: list[str] = []
    place = branches.first
    while place >= 0:
        node = branches.nodes[place]
        assert node is not None  # noqa: S101 - closed places are unlinked
        if waiting[node]:
            lineage = lineage or _Lineage(waiting, parents, may_wait)
            place = lineage.first_above(node, branches)
            continue
        listed.append(node)
        place = _go_down(node, place, branches, waiting, parents)
    return listed


def _go_down(
    node: str, place: int, branches: _Branches, waiting: dict[str, int], parents: Mapping[str, tuple[str, ...]]
) -> int:
    """Take a listed revision off its place; return where listing goes on."""
    fresh = []
    for parent in parents[node]:
        if parent in waiting:
            waiting[parent] -= 1
            if parent not in branches.place:
                fresh.append(parent)
    if not fresh:
        return branches.close(place)
    branches.move(place, fresh[0])
    for parent in fresh[1:]:
        branches.append(parent)
    return place
