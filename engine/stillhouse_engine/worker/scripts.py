"""Whether a project's files have changed since it was opened: a worker outlives many a deployment."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LOOK_SECONDS = 0.5  # a thousand jobs that start at once look once


class ScriptFiles:
    """The state of the files in some folders, as the file system tells it.

    Args of the constructor:
        folders: the script directory and its version locations.
        clock: monotonic seconds.
    """

    def __init__(self, folders: Iterable[str | os.PathLike[str]], clock: Callable[[], float] = time.monotonic) -> None:
        self._folders = tuple(folders)
        self._clock = clock
        self._seen = self._look()
        self._looked = clock()

    def changed(self, *, at_once: bool = False) -> bool:
        """Tell whether a file came, went or was written.

        Args:
            at_once: look, however short ago the last look was: a plan made right after a deployment must see it.
        """
        now = self._clock()
        if not at_once and now - self._looked < LOOK_SECONDS:
            return False
        self._looked = now
        return self._look() != self._seen

    def _look(self) -> frozenset[tuple[str, int, int]]:
        return frozenset(found for folder in self._folders for found in _files(folder))


def _files(folder: str | os.PathLike[str]) -> list[tuple[str, int, int]]:
    """List the source files of a folder and of those in it, with size and time of the last change."""
    found = []
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return []
    for entry in entries:
        if entry.is_dir() and entry.name != "__pycache__":
            found += _files(entry.path)
        elif entry.name.endswith((".py", ".pyc", ".sql")):
            state = entry.stat()
            found.append((entry.path, state.st_mtime_ns, state.st_size))
    return found
