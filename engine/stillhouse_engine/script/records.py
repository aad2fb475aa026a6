"""What is known of revision files, kept by modification time and size.

In memory always. For folders with many revisions also in ``__pycache__``, next to what Python itself keeps there, under Python's own
rules: not when ``sys.dont_write_bytecode`` or another cache prefix is set, and never as a condition of working. The file is
plain tuples in the format that ``.pyc`` files have, and is as much to be trusted as those; another Python writes it anew.
"""

from __future__ import annotations

import importlib.util
import marshal
import os
import sys
import time
from contextlib import suppress
from typing import TypeAlias

from stillhouse_engine.script.headers import parse_header, read_source
from stillhouse_engine.script.nodes import Revision, to_tuple
from stillhouse_engine.script.replacing import DECLARED, replaced_by
from stillhouse_engine.script.standard import standard_header

Record: TypeAlias = tuple[int, int, str, tuple[str, ...], tuple[str, ...], tuple[str, ...], str, tuple[str, ...]]
"""Modification time in nanoseconds and size of a file; its revision's id, what it follows, what it depends on, its branch
labels, its docstring, and the revisions whose place it takes."""

Folder: TypeAlias = dict[str, Record]
"""Records by the names of their files."""

WORTH_A_FILE = 200
SETTLED_NANOSECONDS = 2_000_000_000
FORMAT = ("stillhouse revisions 3", importlib.util.MAGIC_NUMBER)
NAME = "stillhouse-revisions.bin"


class Records:
    """Knows the revision files of any number of folders."""

    def __init__(self) -> None:
        self._folders: dict[str, Folder] = {}

    def of_folder(self, folder: str, count: int) -> Folder:
        """Return what is known of a folder; the first time, take over what an earlier process has read there.

        Args:
            folder: the folder.
            count: how many revision files it has.
        """
        known = self._folders.get(folder)
        if known is None:
            known = _kept(_kept_in(folder)) if count >= WORTH_A_FILE else {}
            self._folders[folder] = known
        return known

    def keep(self, folder: str, names: list[str], misses: int) -> None:
        """Leave what was read in a folder to later processes, when that was much.

        Args:
            folder: the folder.
            names: the names of its revision files.
            misses: how many of them had to be read.
        """
        if misses < WORTH_A_FILE or sys.dont_write_bytecode or sys.pycache_prefix is not None:
            return
        known = self._folders[folder]
        settled = time.time_ns() - SETTLED_NANOSECONDS  # a file that changes again at once might keep its time and size
        records = {name: known[name] for name in names if name in known and known[name][0] < settled}
        with suppress(OSError):
            _write(_kept_in(folder), marshal.dumps((FORMAT, records)))


def read_record(path: str, status: os.stat_result) -> Record | None:
    """Read what a revision file says of itself; None when it does not say all that a node of the graph needs.

    Raises:
        NotLiteralError: only an import can tell.
        MigrationScriptError: the file cannot be read.
        RevisionError: the revision follows itself, or its id is not allowed.
    """
    source = read_source(path, status.st_size)
    standard = standard_header(source)
    if standard is not None:
        revision, down, depends_on, labels, doc = standard
    else:
        header = parse_header(source)
        if not header.is_complete:
            return None
        values = header.values
        revision, down, depends_on, labels = (
            values["revision"],
            *(to_tuple(values.get(name)) for name in ("down_revision", "depends_on", "branch_labels")),
        )
        doc = header.doc or ""
    Revision.verify(revision, down, depends_on)
    replaces = replaced_by(source, revision) if DECLARED in source else ()
    return (status.st_mtime_ns, status.st_size, revision, down, depends_on, labels, doc, replaces)


def _kept(path: str) -> Folder:
    """Read what was kept; nothing when it is damaged or of another version."""
    with suppress(OSError, ValueError, TypeError, EOFError), open(path, "rb") as file:  # noqa: PTH123 - symmetrical with the writer
        form, records = marshal.loads(file.read())  # noqa: S302 - as trusted as the .pyc files next to it
        if form == FORMAT and isinstance(records, dict):
            return records
    return {}


def _kept_in(folder: str) -> str:
    return os.path.join(folder, "__pycache__", NAME)  # noqa: PTH118 - symmetrical with the others


def _write(path: str, content: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120 - symmetrical with the others
    part = f"{path}.{os.getpid()}"
    with open(part, "wb") as file:  # noqa: PTH123 - symmetrical with the others
        file.write(content)
    os.replace(part, path)  # noqa: PTH105 - symmetrical with the others


SHARED = Records()
