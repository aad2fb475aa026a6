"""What a run is bound to besides its destination: where it was planned from, and when it may commit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stillhouse_engine.errors import HoldError, UnexpectedRevisionsError

if TYPE_CHECKING:
    from collections.abc import Callable

HOLDABLE = frozenset({"postgresql", "sqlite"})
"""The dialects whose DDL waits for the end of its transaction."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Conditions of a run.

    Attributes:
        expected: the revisions that must be applied when it begins, under its lock; None for whatever is found.
        hold: keep everything in one transaction, which the run's ``after`` callback may hold open.
        found: told the revisions that each attempt begins with.
    """

    expected: tuple[str, ...] | None = None
    hold: bool = False
    found: Callable[[tuple[str, ...]], None] | None = None

    def check(self, heads: tuple[str, ...], *, ours: bool) -> None:
        """Take note of where an attempt begins.

        Args:
            heads: the revisions that are applied.
            ours: this run itself brought the database there, in an attempt before.

        Raises:
            UnexpectedRevisionsError: they are not the expected ones.
        """
        if self.found is not None:
            self.found(heads)
        if self.expected is not None and not ours and set(heads) != set(self.expected):
            raise UnexpectedRevisionsError(sorted(self.expected), sorted(heads))


def refuse_unholdable(dialect: str, *, begun: bool) -> None:
    """Refuse to hold a transaction where there is none, or where DDL commits by itself.

    Args:
        dialect: its name.
        begun: whether the revisions are about to run in a transaction.

    Raises:
        HoldError: DDL commits at once on this dialect, or env.py began no transaction.
    """
    if dialect not in HOLDABLE:
        raise HoldError(f"{dialect} commits each DDL statement at once")
    if not begun:
        raise HoldError("env.py runs the revisions outside of context.begin_transaction()")
