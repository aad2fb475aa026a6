"""One revision as a node of the graph: what its file says of itself, and who follows it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from stillhouse_engine.errors import DependencyLoopDetected, LoopDetected, RevisionError

ILLEGAL = re.compile("[-@+:]")


def to_tuple(value: Any) -> tuple[Any, ...]:
    """Return what Alembic's variables allow (nothing, a string, a sequence) as a tuple."""
    if value is None:
        return ()
    if isinstance(value, str) or not isinstance(value, Iterable):
        return (value,)
    return tuple(value)


def scalar(value: tuple[str, ...]) -> str | tuple[str, ...] | None:
    """Return the shortest form of a tuple of revisions: None, the only one, or the tuple itself."""
    if not value:
        return None
    return value[0] if len(value) == 1 else value


class Revision:
    """A node of the revision graph.

    Attributes:
        revision: the revision's id.
        down_revision: id(s) of the revision(s) before it.
        dependencies: ids or labels that must be applied before it, as the file has them.
        replaces: of a squashed revision, the ids of all revisions whose place it takes, its own among them.
    """

    dependencies: str | tuple[str, ...] | None = None
    replaces: tuple[str, ...] = ()
    _orig_branch_labels: tuple[str, ...] = ()
    _resolved_dependencies: tuple[str, ...] = ()
    _parents: tuple[str, ...] | None = None
    _followers: Sequence[str] = ()
    _all_followers: Sequence[str] = ()

    def __init__(
        self,
        revision: str,
        down_revision: str | tuple[str, ...] | None,
        dependencies: str | tuple[str, ...] | None = None,
        branch_labels: str | tuple[str, ...] | None = None,
    ) -> None:
        self._down = to_tuple(down_revision)
        declared = to_tuple(dependencies)
        self.verify(revision, self._down, declared)
        self.revision: str = revision
        self.down_revision: str | tuple[str, ...] | None = scalar(self._down)
        if declared:
            self.dependencies = scalar(declared) or None  # of an empty name alone Alembic takes no notice
        if branch_labels is not None:
            self._orig_branch_labels = to_tuple(branch_labels)

    @classmethod
    def verify(cls, revision: str, down: tuple[str, ...], dependencies: tuple[str, ...]) -> None:
        """Refuse a revision that follows itself, and ids that would read as a symbol."""
        if revision in down:
            raise LoopDetected(revision)
        if revision in dependencies:
            raise DependencyLoopDetected(revision)
        cls.verify_rev_id(revision)

    @classmethod
    def verify_rev_id(cls, revision: str) -> None:
        """Refuse ids that would read as a symbol.

        Raises:
            RevisionError: the id holds ``@``, ``-``, ``+`` or ``:``.
        """
        if ILLEGAL.search(revision):
            found = set(ILLEGAL.findall(revision))
            raise RevisionError(
                f"Character(s) '{', '.join(sorted(found))}' not allowed in revision identifier '{revision}'"
            )

    @cached_property
    def branch_labels(self) -> set[str]:
        """Every label that its branch goes by, its own and inherited ones."""
        return set(self._orig_branch_labels)

    def forget_labels(self) -> None:
        """Take back what an earlier graph said of its labels."""
        self.__dict__.pop("branch_labels", None)

    @property
    def nextrev(self) -> frozenset[str]:
        """Ids of the revisions that name it as their ``down_revision``."""
        return frozenset(self._followers)

    @property
    def _all_nextrev(self) -> frozenset[str]:
        return frozenset(self._all_followers)

    def add_nextrev(self, revision: Revision) -> None:
        """Note a revision that follows this one."""
        self._all_followers = (*self._all_followers, revision.revision)
        if self.revision in revision._down:
            self._followers = (*self._followers, revision.revision)

    @property
    def _versioned_down_revisions(self) -> tuple[str, ...]:
        return self._down

    @property
    def _all_down_revisions(self) -> tuple[str, ...]:
        more = self._resolved_dependencies
        return tuple(dict.fromkeys(self._down + more)) if more else self._down

    @property
    def _normalized_down_revisions(self) -> tuple[str, ...]:
        return self._down if self._parents is None else self._parents

    @property
    def is_head(self) -> bool:
        """Tell whether no revision names this one as its ``down_revision``."""
        return not self._followers

    @property
    def is_base(self) -> bool:
        """Tell whether it has no ``down_revision``."""
        return self.down_revision is None

    @property
    def is_branch_point(self) -> bool:
        """Tell whether several revisions name it as their ``down_revision``."""
        return len(self.nextrev) > 1

    @property
    def is_merge_point(self) -> bool:
        """Tell whether it has several ``down_revision``."""
        return len(self._down) > 1

    @property
    def _is_real_head(self) -> bool:
        return not self._all_followers

    @property
    def _is_real_base(self) -> bool:
        return not self._down and self.dependencies is None

    @property
    def _is_real_branch_point(self) -> bool:
        return len(self._all_nextrev) > 1

    def __repr__(self) -> str:
        words = [repr(self.revision), repr(self.down_revision)]
        if self.dependencies:
            words.append(f"dependencies={self.dependencies!r}")
        if self.branch_labels:
            words.append(f"branch_labels={self.branch_labels!r}")
        return f"{type(self).__name__}({', '.join(words)})"
