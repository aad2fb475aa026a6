"""Checksums of revision files, so that a file that is edited after it was applied can be told.

What says nothing to a database does not count: comments, empty lines, spaces at the ends of lines, the kind of line ends.
The rule is about lines of text, because both ends must agree on it whatever Python they run.
"""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stillhouse_engine.script import ScriptDirectory


def checksum(source: bytes) -> str:
    """Return the checksum of a revision file's content."""
    lines = (line.rstrip() for line in source.splitlines())
    told = b"\n".join(line for line in lines if line and not line.lstrip().startswith(b"#"))
    return hashlib.sha256(told).hexdigest()[:32]


def checksum_of_file(path: str) -> str | None:
    """Return the checksum of a revision file; None when it is not there, or is compiled."""
    if not path.endswith(".py"):
        return None
    try:
        state = os.stat(path)  # noqa: PTH116 - thousands of them, at each census
        return _remembered(path, state.st_mtime_ns, state.st_size)
    except OSError:
        return None


@lru_cache(maxsize=16384)
def _remembered(path: str, _written: int, _size: int) -> str:
    """Read a file once for as long as it stays as it is."""
    return checksum(Path(path).read_bytes())


def checksums_of(script: ScriptDirectory, revisions: Iterable[str]) -> dict[str, str]:
    """Return the checksums of some revisions' files, by revision."""
    found = {}
    for revision in revisions:
        digest = checksum_of_file(str(script.get_revision(revision).path))
        if digest is not None:
            found[revision] = digest
    return found
