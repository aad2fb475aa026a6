"""The order of a table's columns while a batch adds, drops and moves some.

Alembic sorts the columns by what stands before what: each column that was there before its follower, and a new one between
the columns that it was put between. It sorts level by level, so that a new column moves up where the column that it was
put behind is dropped. Ours is the same order, because programs insert into tables without naming the columns.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from sqlalchemy.exc import CircularDependencyError
from sqlalchemy.util import topological

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Pair = tuple[str, str]


class ColumnOrder:
    """The columns of a table by their old names, and what is known of their order.

    Args:
        names: the columns that are there.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names = list(names)
        self.existing = list(self.names)
        self.asked: dict[str, list[Pair]] = {}
        self.implied: dict[str, list[Pair]] = {}

    def place(self, name: str, before: str | None, after: str | None) -> None:
        """Put a new column in front of another, behind another, or at the end."""
        self.names.append(name)
        self.asked[name] = pairs_of(name, before, after)
        if before is None:
            before = self._follower(after) if after is not None else None
            after = (self.existing[-1] if self.existing else None) if after is None and before is None else after
        elif after is None:
            after = self._predecessor(before)
        self.implied[name] = [pair for pair in pairs_of(name, before, after) if pair not in self.asked[name]]

    def _predecessor(self, name: str) -> str | None:
        if name in self.existing:
            position = self.existing.index(name)
            return self.existing[position - 1] if position else None
        return next((upper for upper, lower in self._known() if lower == name), None)

    def _follower(self, name: str) -> str | None:
        if name in self.existing:
            return next(iter(self.existing[self.existing.index(name) + 1 :]), None)
        return next((lower for upper, lower in self._known() if upper == name), None)

    def _known(self) -> Iterable[Pair]:
        for name, pairs in self.asked.items():
            yield from pairs
            yield from self.implied[name]

    def move(self, name: str, before: str | None, after: str | None) -> None:
        """Put a column elsewhere; where others were put next to it, that does not hold them any more."""
        self.drop(name)
        for pairs in (*self.asked.values(), *self.implied.values()):
            pairs[:] = [pair for pair in pairs if name not in pair]
        self.place(name, before, after)

    def drop(self, name: str) -> None:
        """Take a column away."""
        self.names.remove(name)
        if name in self.existing:
            self.existing.remove(name)

    def sorted(self, asked_of_all: Sequence[Sequence[str]]) -> list[str]:
        """Return the columns in order.

        Args:
            asked_of_all: sequences of columns, which replace the order that the table has.

        Raises:
            CircularDependencyError: what was asked for contradicts itself.
        """
        asked = [pair for pairs in self.asked.values() for pair in pairs]
        if asked_of_all:
            return self._sorted([*asked, *(pair for each in asked_of_all for pair in itertools.pairwise(each))])
        asked += itertools.pairwise(self.existing)
        try:
            return self._sorted([*asked, *(pair for pairs in self.implied.values() for pair in pairs)])
        except CircularDependencyError:  # a column came back elsewhere than others remember it
            return self._sorted(asked)

    def _sorted(self, pairs: Iterable[Pair]) -> list[str]:
        there = set(self.names)
        known = [pair for pair in pairs if there.issuperset(pair)]
        return list(topological.sort(known, self.names, deterministic_order=True))


def pairs_of(name: str, before: str | None, after: str | None) -> list[Pair]:
    """Return what stands before what, where a column is put between two others."""
    pairs = [*([(name, before)] if before else []), *([(after, name)] if after else [])]
    return [(upper, lower) for upper, lower in pairs if upper != lower]
