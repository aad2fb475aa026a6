"""The history as it was before it was squashed, for databases that stand inside a replaced range.

The originals of a squashed revision are kept in ``squashed/<its id>/`` in the script directory. They are read when a
database, or a person, names one of them, and not before. A squashed revision has the id of the newest original and stands where
the oldest one stood, so that the originals fit exactly into its place in the graph.
"""

from __future__ import annotations

from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from stillhouse_engine.errors import CommandError, ReplacedRevisionError
from stillhouse_engine.script.locations import read_scripts
from stillhouse_engine.script.revision import RevisionMap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from stillhouse_engine.script.scripts import Script

    T = TypeVar("T")

FOLDER = "squashed"


def folder_of_originals(directory: str, revision: str) -> Path:
    """Return the folder that keeps the originals of a squashed revision.

    Args:
        directory: the script directory.
        revision: the id of the squashed revision.
    """
    return Path(directory, FOLDER, revision).absolute()


def unsquashed(
    directory: str, scripts: Iterable[Script], *, sourceless: bool = False, importing: bool = True
) -> Iterator[Script]:
    """Yield revisions, the originals in the place of each squashed one whose originals are there.

    Originals that are squashed revisions themselves give way to theirs. Everything is a copy: the nodes of a graph know their
    followers.

    Args:
        directory: the script directory.
        scripts: its revisions.
        sourceless: whether compiled files count.
        importing: whether a file may be imported where only that tells what it is.
    """
    for script in scripts:
        folder = folder_of_originals(directory, script.revision)
        if not script.replaces or not folder.is_dir():
            kept = copy(script)
            kept.forget_labels()
            yield kept
            continue
        for original in read_scripts([folder], recursive=False, sourceless=sourceless, importing=importing):
            original.squashed_into = script.revision
            if original.revision == script.revision:
                yield original
            else:
                yield from unsquashed(directory, [original], sourceless=sourceless, importing=importing)


class History:
    """A script directory's revisions, as they are and as they were before they were squashed.

    Args:
        directory: the script directory.
        short: the revisions as they are.
        sourceless: whether compiled files count.
        importing: whether a file may be imported where only that tells what it is.
    """

    def __init__(self, directory: str, short: RevisionMap, *, sourceless: bool, importing: bool = True) -> None:
        self.directory = directory
        self.short = short
        self._reading = {"sourceless": sourceless, "importing": importing}
        self._long: RevisionMap | None = None

    @property
    def long(self) -> RevisionMap:
        """The revisions with the originals in the place of squashed ones."""
        if self._long is None:
            known: Any = self.short._graph.by_id.values()  # noqa: SLF001 - same package
            scripts = tuple(unsquashed(self.directory, known, **self._reading))
            self._long = RevisionMap(lambda: scripts)
        return self._long

    def grown(self) -> None:
        """Forget what is known of the long history: the short one has got another revision."""
        self._long = None

    def ask(self, work: Callable[[RevisionMap], T]) -> T:
        """Do something with the revisions as they are or, where that names an original, as they were.

        Raises:
            CommandError: it names an original that is no longer kept.
        """
        try:
            return work(self.short)
        except ReplacedRevisionError as error:
            folder = folder_of_originals(self.directory, error.by)
            if not folder.is_dir():
                raise CommandError(
                    f"Revision {error.argument} was squashed into {error.by}, and its file is not kept in {folder} any "
                    "more; restore that folder from version control, and try again"
                ) from error
        return work(self.long)

    def upgrade(self, work: Callable[[RevisionMap], list[T]], current: Any) -> list[T]:
        """Plan an upgrade.

        A squashed revision says what its originals make of an empty database. One that stands on others may find rows there, for
        which only the originals know what to do: a database that has begun its history takes them, while they are kept.

        Args:
            work: makes the steps.
            current: where the database stands.
        """
        steps = self.ask(work)
        return work(self.long) if current and any(self._stands_on_rows(step) for step in steps) else steps

    def _stands_on_rows(self, step: Any) -> bool:
        revision = step.revision
        return bool(
            revision.replaces
            and revision._all_down_revisions  # noqa: SLF001 - same package
            and folder_of_originals(self.directory, revision.revision).is_dir()
        )
