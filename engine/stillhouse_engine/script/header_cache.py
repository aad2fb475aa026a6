"""Headers of revision files, kept by modification time and size.

In memory always. For folders with many revisions also in ``__pycache__``, next to what Python itself keeps there, under Python's own
rules: not when ``sys.dont_write_bytecode`` or another cache prefix is set, and never as a condition of working.
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import suppress
from typing import Any

from stillhouse_engine.script.headers import Header, parse_header, read_source
from stillhouse_engine.script.scripts import Script

WORTH_A_FILE = 200
SETTLED_NANOSECONDS = 2_000_000_000
FORMAT = 1
NAME = "stillhouse-headers.json"

Stamp = tuple[int, int]


class HeaderCache:
    """Reads headers once per state of a file."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Stamp, Header]] = {}
        self._state: dict[str, tuple[Header, dict[str, Any]]] = {}
        self._folders: set[str] = set()

    def read(self, entry: os.DirEntry[str]) -> Header:
        """Return the header of a directory entry.

        Raises:
            NotLiteralError: only an import can tell.
            MigrationScriptError: the file cannot be read.
        """
        status = entry.stat()
        stamp = (status.st_mtime_ns, status.st_size)
        known = self._known.get(entry.path)
        if known is not None and known[0] == stamp:
            return known[1]
        header = parse_header(read_source(entry.path))
        self._known[entry.path] = (stamp, header)
        return header

    def script(self, entry: os.DirEntry[str]) -> Script | None:
        """Return the revision of a directory entry; None when its header does not tell all.

        Raises:
            NotLiteralError: only an import can tell.
            MigrationScriptError: the file cannot be read.
            RevisionError: the revision follows itself, or its id is not allowed.
        """
        header = self.read(entry)
        known = self._state.get(entry.path)
        if known is not None and known[0] is header:
            return Script.from_state(known[1])
        if not header.is_complete:
            return None
        script = Script.from_header(header, entry.path)
        self._state[entry.path] = (header, dict(script.__dict__))
        return script

    def open_folder(self, folder: str, count: int) -> None:
        """Take over what an earlier process has read in a folder."""
        if count < WORTH_A_FILE or folder in self._folders:
            return
        self._folders.add(folder)
        with suppress(OSError, ValueError, TypeError, KeyError), open(_cache_path(folder), "rb") as file:  # noqa: PTH123 - symmetrical with the reader
            kept = json.load(file)
            if kept["format"] != [FORMAT, sys.version_info[:2] >= (3, 13)]:
                return
            prefix = folder + os.sep
            for name, (mtime, size, values, doc) in kept["headers"].items():
                self._known.setdefault(prefix + name, ((mtime, size), Header(_tuples(values), doc)))

    def close_folder(self, folder: str, names: list[str], misses: int) -> None:
        """Leave what was read in a folder to later processes, when that was much."""
        if misses < WORTH_A_FILE or sys.dont_write_bytecode or sys.pycache_prefix is not None:
            return
        settled = time.time_ns() - SETTLED_NANOSECONDS
        headers = {}
        for name in names:
            known = self._known.get(folder + os.sep + name)
            if known is not None and known[0][0] < settled:
                headers[name] = (*known[0], known[1].values, known[1].doc)
        with suppress(OSError, TypeError):
            _write(_cache_path(folder), {"format": [FORMAT, sys.version_info[:2] >= (3, 13)], "headers": headers})

    def misses(self, entries: list[os.DirEntry[str]]) -> int:
        """Count the entries of which nothing is known."""
        return sum(entry.path not in self._known for entry in entries)


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    """Undo what JSON does to tuples."""
    if any(value.__class__ is list for value in values.values()):
        return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    return values


def _cache_path(folder: str) -> str:
    return os.path.join(folder, "__pycache__", NAME)  # noqa: PTH118 - symmetrical with the others


def _write(path: str, kept: dict[str, Any]) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120 - symmetrical with the others
    part = f"{path}.{os.getpid()}"
    with open(part, "w", encoding="utf-8") as file:  # noqa: PTH123 - symmetrical with the others
        file.write(json.dumps(kept))  # three times faster than json.dump()
    os.replace(part, path)  # noqa: PTH105 - symmetrical with the others


SHARED = HeaderCache()
