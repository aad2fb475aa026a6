"""Plans a new revision file: where it goes, and what it follows."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillhouse_engine.errors import CommandError
from stillhouse_engine.script.nodes import Revision, scalar, to_tuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stillhouse_engine.script.revision import RevisionMap

MULTIPLE_HEADS = "Multiple heads are present; please specify the head revision on which the new revision should be based, or perform a merge."


@dataclass(frozen=True, slots=True)
class NewRevision:
    """What somebody asks for.

    Attributes:
        revision: its id.
        head: symbol(s) of what it follows.
        splice: whether that may be something other than a head.
        branch_labels: its labels.
        version_path: the folder it goes to.
        depends_on: symbol(s) of what it depends on.
    """

    revision: str
    head: Any
    splice: bool
    branch_labels: Any
    version_path: str | os.PathLike[str] | None
    depends_on: Any


@dataclass(frozen=True, slots=True)
class PlannedRevision:
    """What it comes to.

    Attributes:
        folder: where the file goes.
        down_revision: ids of what it follows.
        branch_labels: its labels.
        depends_on: ids and labels of what it depends on.
    """

    folder: Path
    down_revision: tuple[str, ...]
    branch_labels: tuple[str, ...] | None
    depends_on: tuple[str, ...]

    def variables(self, revision: str) -> dict[str, Any]:
        """Return what the template is told."""
        return {
            "up_revision": revision,
            "down_revision": scalar(self.down_revision),
            "branch_labels": self.branch_labels,
            "depends_on": list(self.depends_on) if len(self.depends_on) > 1 else scalar(self.depends_on),
        }


def rev_id() -> str:
    """Make a new revision id: twelve hexadecimal digits."""
    return uuid.uuid4().hex[-12:]


def revisions_below(revision_map: RevisionMap, wanted: NewRevision) -> tuple[Revision, ...]:
    """Return what a new revision follows.

    Raises:
        RevisionError: its id is not allowed, or what it follows is unknown or ambiguous.
    """
    Revision.verify_rev_id(wanted.revision)
    return revision_map.get_revisions(wanted.head)


def plan_revision(
    revision_map: RevisionMap, locations: Sequence[Path], wanted: NewRevision, below: tuple[Revision, ...]
) -> PlannedRevision:
    """Find out what a new revision depends on, and where its file goes.

    Args:
        revision_map: the graph.
        locations: the folders of revisions.
        wanted: what somebody asks for.
        below: what it follows.

    Raises:
        RevisionError: a dependency is unknown or ambiguous, or the revision would break the graph.
        CommandError: it does not follow a head, or it is not clear where it goes.
    """
    heads: list[Revision] = list({revision.revision: revision for revision in below}.values())
    if len(heads) < len(below):
        raise CommandError("Duplicate head revisions specified")
    for head in heads:
        if not head.is_head and not wanted.splice:
            raise CommandError(
                f"Revision {head.revision} is not a head revision; please specify --splice to create a new branch from "
                "this revision"
            )
    labels = to_tuple(wanted.branch_labels) if wanted.branch_labels is not None else None
    depends_on = tuple(_dependency(revision_map, symbol) for symbol in to_tuple(wanted.depends_on) if symbol)
    down = tuple(head.revision for head in heads)
    _refuse_clash(revision_map, wanted.revision, labels or ())
    Revision(wanted.revision, down, depends_on, labels)  # refuses loops
    folder = _folder(locations, wanted.version_path, heads)
    return PlannedRevision(folder, down, labels, depends_on)


def _dependency(revision_map: RevisionMap, symbol: str) -> str:
    """Return a label as it is and anything else as the full id."""
    found = revision_map.get_revision(symbol)
    if found is None:
        raise CommandError(f"Can't locate revision identified by '{symbol}'")
    return symbol if symbol in found.branch_labels else found.revision


def _refuse_clash(revision_map: RevisionMap, revision: str, labels: tuple[str, ...]) -> None:
    known = revision_map._revision_map  # noqa: SLF001 - same package
    if revision in known:
        owner = known[revision]
        where = f" ({owner.path})" if hasattr(owner, "path") else ""
        raise CommandError(f"Revision {revision} is present already{where}; choose another --rev-id")
    for label in labels:
        if label in known:
            raise CommandError(
                f"Branch name '{label}' in revision {revision} already used by revision {known[label].revision}"
            )


def _folder(locations: Sequence[Path], version_path: str | os.PathLike[str] | None, heads: Sequence[Any]) -> Path:
    if version_path is not None:
        chosen = Path(version_path).absolute()
        if not any(os.path.normpath(chosen) == os.path.normpath(place) for place in locations):
            raise CommandError(f"Path {os.fspath(version_path)} is not represented in current version locations")
        return chosen
    if len(locations) == 1:
        return locations[0]
    if not heads:
        raise CommandError("Multiple version locations present, please specify --version-path")
    beside = Path(heads[0].path).absolute().parent
    return next((place for place in locations if beside.is_relative_to(place)), beside)
