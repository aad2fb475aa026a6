"""The steps of a run, and what each changes in the version table.

Everything here is decided purely: a step knows its revisions and, given the rows that a version table holds, which rows
it removes, adds or replaces. The runtime carries that out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stillhouse_engine.errors import MigrationScriptError
from stillhouse_engine.script.nodes import scalar, to_tuple
from stillhouse_engine.script.version_rows import RowChange, VersionRows, replace_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from stillhouse_engine.script.nodes import Revision
    from stillhouse_engine.script.revision import RevisionMap

__all__ = ["MigrationInfo", "MigrationStep", "RevisionStep", "RowChange", "StampStep"]


class MigrationInfo:
    """What a step does, for ``on_version_apply`` callbacks.

    Attributes:
        is_upgrade: whether it goes up.
        is_stamp: whether it only writes the version table.
        up_revision_ids: the revisions at its upper end.
        down_revision_ids: the revisions at its lower end.
        revision_map: the graph.
    """

    def __init__(
        self,
        revision_map: RevisionMap,
        is_upgrade: bool,
        is_stamp: bool,
        up_revisions: str | tuple[str, ...],
        down_revisions: str | tuple[str, ...],
    ) -> None:
        self.revision_map = revision_map
        self.is_upgrade = is_upgrade
        self.is_stamp = is_stamp
        self.up_revision_ids: tuple[str, ...] = to_tuple(up_revisions)
        self.down_revision_ids: tuple[str, ...] = to_tuple(down_revisions)

    @property
    def is_migration(self) -> bool:
        """Tell whether a revision's function runs."""
        return not self.is_stamp

    @property
    def source_revision_ids(self) -> tuple[str, ...]:
        """The revisions that are active before the step."""
        return self.down_revision_ids if self.is_upgrade else self.up_revision_ids

    @property
    def destination_revision_ids(self) -> tuple[str, ...]:
        """The revisions that are active after the step."""
        return self.up_revision_ids if self.is_upgrade else self.down_revision_ids

    @property
    def up_revision_id(self) -> str | None:
        """The revision at the upper end; the first of them where a stamp starts from several."""
        return self.up_revision_ids[0] if self.up_revision_ids else None

    @property
    def up_revision(self) -> Revision | None:
        """The revision at the upper end."""
        return self.revision_map.get_revision(self.up_revision_id)

    @property
    def up_revisions(self) -> tuple[Revision, ...]:
        """The revisions at the upper end."""
        return self.revision_map.get_revisions(self.up_revision_ids)

    @property
    def down_revisions(self) -> tuple[Revision, ...]:
        """The revisions at the lower end."""
        return self.revision_map.get_revisions(self.down_revision_ids)

    @property
    def source_revisions(self) -> tuple[Revision, ...]:
        """The revisions that are active before the step."""
        return self.revision_map.get_revisions(self.source_revision_ids)

    @property
    def destination_revisions(self) -> tuple[Revision, ...]:
        """The revisions that are active after the step."""
        return self.revision_map.get_revisions(self.destination_revision_ids)


class MigrationStep(VersionRows):
    """One step of a run.

    Attributes:
        from_revisions_no_deps: where it starts, for people: without dependencies.
        to_revisions_no_deps: where it ends, for people: without dependencies.
        is_upgrade: whether it goes up.
        migration_fn: the function to run.
    """

    from_revisions_no_deps: tuple[str, ...]
    to_revisions_no_deps: tuple[str, ...]
    is_upgrade: bool
    is_stamp: bool

    @property
    def migration_fn(self) -> Callable[..., Any]:
        """The function to run."""
        raise NotImplementedError

    @property
    def name(self) -> str:
        """The name of the function to run."""
        raise NotImplementedError

    @property
    def doc(self) -> str | None:
        """What the revision's file says of itself."""
        raise NotImplementedError

    @property
    def info(self) -> MigrationInfo:
        """What the step does, for callbacks."""
        raise NotImplementedError

    @classmethod
    def upgrade_from_script(cls, revision_map: RevisionMap, script: Revision) -> RevisionStep:
        """Return the step that applies a revision."""
        return RevisionStep(revision_map, script, True)

    @classmethod
    def downgrade_from_script(cls, revision_map: RevisionMap, script: Revision) -> RevisionStep:
        """Return the step that takes a revision back."""
        return RevisionStep(revision_map, script, False)

    @property
    def is_downgrade(self) -> bool:
        """Tell whether it goes down."""
        return not self.is_upgrade

    @property
    def short_log(self) -> str:
        """The step in a few words."""
        return f"{self.name} {', '.join(self.from_revisions_no_deps)} -> {', '.join(self.to_revisions_no_deps)}"

    def __str__(self) -> str:
        return f"{self.short_log}, {self.doc}" if self.doc else self.short_log


class RevisionStep(MigrationStep):
    """Applies one revision, or takes it back."""

    is_stamp = False

    def __init__(self, revision_map: RevisionMap, revision: Any, is_upgrade: bool) -> None:
        self.revision_map = revision_map
        self.revision = revision
        self.is_upgrade = is_upgrade

    def __repr__(self) -> str:
        return f"RevisionStep({self.revision.revision!r}, is_upgrade={self.is_upgrade!r})"

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, RevisionStep) and other.revision == self.revision and other.is_upgrade == self.is_upgrade
        )

    def __hash__(self) -> int:
        return hash((self.revision.revision, self.is_upgrade))

    @property
    def migration_fn(self) -> Callable[..., Any]:
        """``upgrade`` or ``downgrade`` of the revision's module, which is imported now.

        Raises:
            MigrationScriptError: the file cannot be imported, or has no such function.
        """
        function: Callable[..., Any] | None = getattr(self.revision.module, self.name, None)
        if function is None:
            raise MigrationScriptError(
                f"has no function {self.name}(); write one, with only 'pass' in it where there is nothing to do",
                file=getattr(self.revision, "path", None),
                revision=self.revision.revision,
            )
        return function

    @property
    def name(self) -> str:
        """``upgrade`` or ``downgrade``."""
        return "upgrade" if self.is_upgrade else "downgrade"

    @property
    def doc(self) -> str | None:
        """The first line of the revision's docstring."""
        doc: str | None = self.revision.doc
        return doc

    @property
    def insert_version_num(self) -> str:
        """The row of the version table that an upgrade adds."""
        revision: str = self.revision.revision
        return revision

    @property
    def delete_version_num(self) -> str:
        """The row of the version table that a downgrade removes."""
        return self.insert_version_num

    @property
    def _below(self) -> tuple[str, ...]:
        below: tuple[str, ...] = self.revision._all_down_revisions  # noqa: SLF001 - same package
        return below

    @property
    def from_revisions(self) -> tuple[str, ...]:
        """Where it starts, dependencies included."""
        return self._below if self.is_upgrade else (self.revision.revision,)

    @property
    def to_revisions(self) -> tuple[str, ...]:
        """Where it ends, dependencies included."""
        return (self.revision.revision,) if self.is_upgrade else self._below

    @property
    def from_revisions_no_deps(self) -> tuple[str, ...]:  # type: ignore[override]
        """Where it starts, without dependencies."""
        down: tuple[str, ...] = self.revision._versioned_down_revisions  # noqa: SLF001 - same package
        return down if self.is_upgrade else (self.revision.revision,)

    @property
    def to_revisions_no_deps(self) -> tuple[str, ...]:  # type: ignore[override]
        """Where it ends, without dependencies."""
        down: tuple[str, ...] = self.revision._versioned_down_revisions  # noqa: SLF001 - same package
        return (self.revision.revision,) if self.is_upgrade else down

    @property
    def info(self) -> MigrationInfo:
        """What the step does, for callbacks."""
        return MigrationInfo(self.revision_map, self.is_upgrade, False, (self.revision.revision,), self._below)

    def row_changes(self, heads: Collection[str]) -> list[RowChange]:
        """Return what changes in a version table that holds ``heads``."""
        if self.is_upgrade:
            return replace_rows([row for row in self._below if row in heads], [self.revision.revision])
        return replace_rows([self.revision.revision], self._left_behind(heads))

    def should_unmerge_branches(self, heads: Collection[str]) -> bool:
        """Tell whether a revision that stands on several is replaced, also where only one of those has no other on it."""
        return not self.is_upgrade and len(self._below) > 1 and bool(self._left_behind(heads))

    def _left_behind(self, heads: Collection[str]) -> list[str]:
        """Return what is at the top once this revision is gone: what it stood on, unless something else stands on it."""
        others = [head for head in heads if head != self.revision.revision]
        covered = self.revision_map._graph.ancestors(others)  # noqa: SLF001 - same package
        return self.revision_map._graph.tops([row for row in self._below if row not in covered])  # noqa: SLF001 - same package


class StampStep(MigrationStep):
    """Moves rows of the version table without running anything."""

    is_stamp = True
    doc = None

    def __init__(
        self,
        from_: str | Collection[str] | None,
        to_: str | Collection[str] | None,
        is_upgrade: bool,
        branch_move: bool,
        revision_map: RevisionMap | None = None,
    ) -> None:
        self.from_: tuple[str, ...] = to_tuple(from_)
        self.to_: tuple[str, ...] = to_tuple(to_)
        self.is_upgrade = is_upgrade
        self.branch_move = branch_move
        self.revision_map = revision_map

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StampStep) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def __repr__(self) -> str:
        return f"StampStep({self.from_!r}, {self.to_!r}, is_upgrade={self.is_upgrade!r})"

    def _identity(self) -> tuple[Any, ...]:
        return (self.from_, self.to_, self.is_upgrade, self.branch_move)

    def stamp_revision(self, **_: Any) -> None:
        """Do nothing: the version table is all there is to it."""

    @property
    def migration_fn(self) -> Callable[..., Any]:
        """A function that does nothing."""
        return self.stamp_revision

    @property
    def name(self) -> str:
        """``stamp_revision``."""
        return "stamp_revision"

    @property
    def insert_version_num(self) -> str | tuple[str, ...] | None:
        """The row of the version table that it adds."""
        return scalar(self.to_)

    @property
    def delete_version_num(self) -> str | tuple[str, ...] | None:
        """The row of the version table that it removes."""
        return scalar(self.from_)

    @property
    def from_revisions(self) -> tuple[str, ...]:
        """Where it starts."""
        return self.from_

    @property
    def to_revisions(self) -> tuple[str, ...]:
        """Where it ends."""
        return self.to_

    @property
    def from_revisions_no_deps(self) -> tuple[str, ...]:  # type: ignore[override]
        """Where it starts."""
        return self.from_

    @property
    def to_revisions_no_deps(self) -> tuple[str, ...]:  # type: ignore[override]
        """Where it ends."""
        return self.to_

    @property
    def info(self) -> MigrationInfo:
        """What the step does, for callbacks."""
        up, down = (self.to_, self.from_) if self.is_upgrade else (self.from_, self.to_)
        assert self.revision_map is not None  # noqa: S101 - steps of a script directory have it
        return MigrationInfo(self.revision_map, self.is_upgrade, True, up, down)

    def row_changes(self, heads: Collection[str]) -> list[RowChange]:
        """Return what changes in a version table that holds ``heads``."""
        return replace_rows([row for row in self.from_ if row in heads], [row for row in self.to_ if row not in heads])
