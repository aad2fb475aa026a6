"""What a step changes in the version table: row by row, and in the words that Alembic's steps have for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

__all__ = ["RowChange", "VersionRows", "describe_changes", "replace_rows"]


@dataclass(frozen=True, slots=True)
class RowChange:
    """One change of the version table: a row replaced, or only added, or only removed."""

    remove: str | None
    add: str | None


def replace_rows(gone: Iterable[str], new: Iterable[str]) -> list[RowChange]:
    """Return the changes that take some rows away and add others, one of them in place where both exist."""
    remove, add = list(gone), list(new)
    if not remove or not add:
        return [*(RowChange(row, None) for row in remove), *(RowChange(None, row) for row in add)]
    return [
        *(RowChange(row, None) for row in remove[:-1]),
        *(RowChange(None, row) for row in add[1:]),
        RowChange(remove[-1], add[0]),
    ]


@dataclass(frozen=True, slots=True)
class Sorted:
    """Changes by their kind: rows only removed, rows only added, and the one that is replaced."""

    gone: tuple[str, ...]
    new: tuple[str, ...]
    replaced: tuple[str, str] | None


def sort_changes(changes: Sequence[RowChange]) -> Sorted:
    """Sort changes by their kind."""
    gone = tuple(change.remove for change in changes if change.remove is not None and change.add is None)
    new = tuple(change.add for change in changes if change.add is not None and change.remove is None)
    both = [(change.remove, change.add) for change in changes if change.remove is not None and change.add is not None]
    return Sorted(gone, new, both[0] if both else None)


def describe_changes(changes: Sequence[RowChange]) -> str:
    """Return the changes of one step in a line for the log, as Alembic words it."""
    found = sort_changes(changes)
    if found.replaced is None:
        return f"branch delete {', '.join(found.gone)}" if found.gone else f"new branch insert {', '.join(found.new)}"
    update = "update {} to {}".format(*found.replaced)
    if found.gone:
        return f"merge, delete {list(found.gone)}, {update}"
    return f"unmerge, insert {found.new}, {update}" if found.new else update


class VersionRows:
    """What Alembic's steps can be asked about the version table; ``row_changes()`` has all the answers.

    Each question takes the rows that the version table holds before the step.
    """

    def row_changes(self, heads: Collection[str]) -> list[RowChange]:
        """Return what changes in a version table that holds ``heads``."""
        raise NotImplementedError

    def should_create_branch(self, heads: Collection[str]) -> bool:
        """Tell whether a row is added, and none goes."""
        found = sort_changes(self.row_changes(heads))
        return bool(found.new) and found.replaced is None

    def should_delete_branch(self, heads: Collection[str]) -> bool:
        """Tell whether a row goes, and none comes instead."""
        found = sort_changes(self.row_changes(heads))
        return bool(found.gone) and found.replaced is None

    def should_merge_branches(self, heads: Collection[str]) -> bool:
        """Tell whether one row comes instead of several."""
        found = sort_changes(self.row_changes(heads))
        return bool(found.gone) and found.replaced is not None

    def should_unmerge_branches(self, heads: Collection[str]) -> bool:
        """Tell whether several rows come instead of one."""
        found = sort_changes(self.row_changes(heads))
        return bool(found.new) and found.replaced is not None

    def merge_branch_idents(self, heads: Collection[str]) -> tuple[list[str], str, str]:
        """Return the rows that go, the row that is replaced, and by what."""
        found = sort_changes(self.row_changes(heads))
        return (list(found.gone), *_replaced(found))

    def unmerge_branch_idents(self, heads: Collection[str]) -> tuple[str, str, tuple[str, ...]]:
        """Return the row that is replaced, by what, and the rows that come besides."""
        found = sort_changes(self.row_changes(heads))
        return (*_replaced(found), found.new)

    def update_version_num(self, heads: Collection[str]) -> tuple[str, str]:
        """Return the row that is replaced, and by what."""
        return _replaced(sort_changes(self.row_changes(heads)))


def _replaced(found: Sorted) -> tuple[str, str]:
    if found.replaced is None:
        raise ValueError(
            "this step replaces no row of the version table; ask should_create_branch() and the like first"
        )
    return found.replaced
