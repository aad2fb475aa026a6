"""The revision graph as Alembic's users know it: ``Revision``, ``RevisionMap`` and their errors."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from stillhouse_engine.errors import (
    CycleDetected,
    DependencyCycleDetected,
    DependencyLoopDetected,
    LoopDetected,
    MultipleHeads,
    RangeNotAncestorError,
    ResolutionError,
    RevisionError,
)
from stillhouse_engine.script.graph import RevisionGraph
from stillhouse_engine.script.nodes import Revision, scalar, to_tuple
from stillhouse_engine.script.resolution import Resolver
from stillhouse_engine.script.targets import Downgrade, Upgrade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = [
    "CycleDetected",
    "DependencyCycleDetected",
    "DependencyLoopDetected",
    "LoopDetected",
    "MultipleHeads",
    "RangeNotAncestorError",
    "ResolutionError",
    "Revision",
    "RevisionError",
    "RevisionMap",
    "is_revision",
    "tuple_rev_as_scalar",
]


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Keep the garbage collector from walking over what is being loaded: many objects that all stay.

    Afterwards they count as old, like all that is there by then: the next young collection would walk over them at once.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            if not gc.get_freeze_count():  # what a program has frozen stays so
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def is_revision(rev: Any) -> Revision:
    """Return a revision, refusing anything else.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(rev, Revision):
        raise TypeError(f"expected a Revision, got {rev!r}")
    return rev


def tuple_rev_as_scalar(rev: Any) -> Any:
    """Return None, the only revision, or all of them as a tuple."""
    return scalar(to_tuple(rev))


class RevisionMap:
    """Looks up and lists revisions; reads them from the generator when first asked."""

    def __init__(self, generator: Callable[[], Iterable[Revision]]) -> None:
        self._generator = generator

    @cached_property
    def _graph(self) -> RevisionGraph:
        with collector_at_rest():
            return RevisionGraph(self._generator())

    @cached_property
    def _resolver(self) -> Resolver:
        return Resolver(self._graph)

    @property
    def _revision_map(self) -> dict[Any, Any]:
        return {**self._graph.by_id, **self._graph.labels, None: None, (): None}

    @property
    def heads(self) -> tuple[str, ...]:
        """All ids that no ``down_revision`` names."""
        return self._graph.heads

    @property
    def bases(self) -> tuple[str, ...]:
        """All ids without a ``down_revision``."""
        return self._graph.bases

    @property
    def _real_heads(self) -> tuple[str, ...]:
        return self._graph.real_heads

    @property
    def _real_bases(self) -> tuple[str, ...]:
        return self._graph.real_bases

    def add_revision(self, revision: Revision, _replace: bool = False) -> None:
        """Add a revision, or put it in the place of the one with its id."""
        known = dict(self._graph.by_id)
        for node in known.values():
            node.forget_labels()
        if not _replace and revision.revision in known:
            RevisionGraph([*known.values(), revision])  # warns that there are two
        known[revision.revision] = revision
        self.__dict__["_graph"] = RevisionGraph(known.values())
        self.__dict__.pop("_resolver", None)

    def get_current_head(self, branch_label: str | None = None) -> str | None:
        """Return the only head, or the only head of a branch; None when there are no revisions.

        Raises:
            MultipleHeads: there are several.
        """
        return self._resolver.current_head(branch_label)

    def get_revision(self, id_: Any) -> Revision | None:
        """Return the one revision that a symbol stands for; None for ``base``."""
        return self._resolver.revision(id_)

    def get_revisions(self, id_: Any) -> tuple[Revision, ...]:
        """Return all revisions that a symbol, or a sequence of symbols, stands for."""
        return self._resolver.revisions(id_)

    def filter_for_lineage(
        self, targets: Iterable[Any], check_against: str | None, include_dependencies: bool = False
    ) -> tuple[Any, ...]:
        """Return those targets that are below or above the revision of a branch."""
        by_id = {getattr(target, "revision", target): target for target in targets}
        kept = self._resolver.filter_for_lineage(by_id, check_against, dependencies=include_dependencies)
        return tuple(by_id[key] for key in kept)

    def iterate_revisions(  # noqa: PLR0917 - Alembic's signature
        self,
        upper: Any,
        lower: Any,
        implicit_base: bool = False,
        inclusive: bool = False,
        assert_relative_length: bool = True,
        select_for_downgrade: bool = False,
    ) -> Iterator[Revision]:
        """List revisions from ``upper`` down to ``lower``, the newest first.

        Args:
            upper: symbol(s) of the newest.
            lower: symbol(s) of where to stop.
            implicit_base: where ``lower`` is on other branches, go down to the base.
            inclusive: whether ``lower`` belongs to the list.
            assert_relative_length: whether a relative symbol must find all its steps.
            select_for_downgrade: list what a downgrade from ``upper`` to ``lower`` takes back.
        """
        if select_for_downgrade:
            selection = Downgrade(self._resolver, strict=assert_relative_length).select(
                upper, lower, inclusive=inclusive
            )
        else:
            selection = Upgrade(self._resolver, strict=assert_relative_length).select(
                upper, lower, inclusive=inclusive, implicit_base=implicit_base
            )
        return iter(self._graph.listing(selection.members, selection.heads))

    def followers(self, id_: str) -> tuple[str, ...]:
        """Return the ids that name a revision as their ``down_revision``, in the order of their files."""
        return tuple(self._graph.down_followers[id_])

    def _get_all_current(self, id_: Any) -> set[Revision]:
        applied = self._graph.in_order(self._resolver.all_current(id_))
        return {self._graph.by_id[key] for key in self._graph.tops(applied, dependencies=False)}

    def _resolve_revision_number(self, id_: Any) -> tuple[tuple[str, ...], str | None]:
        return self._resolver.numbers(id_)

    def _get_ancestor_nodes(self, targets: Iterable[Any], include_dependencies: bool = True) -> Iterator[Revision]:
        ids = [found.revision for target in targets for found in self._one(target)]
        return (self._graph.by_id[key] for key in self._graph.ancestors(ids, dependencies=include_dependencies))

    def _get_descendant_nodes(self, targets: Iterable[Any], include_dependencies: bool = True) -> Iterator[Revision]:
        ids = [found.revision for target in targets for found in self._one(target)]
        return (self._graph.by_id[key] for key in self._graph.descendants(ids, dependencies=include_dependencies))

    def _one(self, target: Any) -> tuple[Revision, ...]:
        return (target,) if isinstance(target, Revision) else self._resolver.revisions(target)
