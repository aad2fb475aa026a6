"""The file by which a daemon tells commands of the same user where it listens, with a token that is good for this run only.

The daemon keeps it open and locked, so that one that a killed daemon has left behind is known for what it is: its port may
be another program's by now.

It lies beside an SQLite state store (``state.db.daemon``), else in ``.stillhouse`` beside the fleet file, readable by its owner
only. It is found without reading the fleet file as YAML: a command that only asks the daemon must not wait for that.
"""
# ruff: noqa: PTH100, PTH103, PTH105, PTH108, PTH118, PTH120, PTH123 - pathlib would add a tenth to the start of every command that asks the daemon

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
from typing import IO, TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

SUFFIX = ".daemon"
DEFAULT_STATE = ".stillhouse/state.db"
STATE_URL = re.compile(r"^state_url:[ \t]*(?P<value>.*)$", re.MULTILINE)
PLAIN_SQLITE = re.compile(r"""^(?P<quote>['"]?)sqlite(\+\w+)?:///(?P<path>[^?#$'"{}\s]+)(?P=quote)\s*(#.*)?$""")


class Announcement(NamedTuple):
    """What a daemon says about itself."""

    url: str
    token: str
    pid: int


def path_beside(state_file: str | None, fleet_file: str) -> str:
    """Return the file's place, given the SQLite store's absolute path, if the store is one."""
    if state_file is not None:
        return state_file + SUFFIX
    folder, name = os.path.split(os.path.abspath(fleet_file))
    return os.path.join(folder, ".stillhouse", name + SUFFIX)


def likely_path(fleet_file: str) -> str | None:
    """Return the file's place as far as a glance at the fleet file tells; None when it cannot be told, or there is no file."""
    try:
        with open(fleet_file, encoding="utf-8") as file:
            found = STATE_URL.search(file.read())
    except (OSError, UnicodeDecodeError):
        return None
    folder = os.path.dirname(os.path.abspath(fleet_file))
    if found is None:
        return path_beside(os.path.join(folder, DEFAULT_STATE), fleet_file)
    plain = PLAIN_SQLITE.match(found["value"])
    if plain is None:
        return path_beside(None, fleet_file)
    return path_beside(os.path.join(folder, plain["path"].removeprefix("./")), fleet_file)


def read(path: str) -> Announcement | None:
    """Return what a file says; None when it is not there, not readable, made by another user, or its daemon is gone."""
    try:
        with open(path, encoding="utf-8") as file:
            owner = os.fstat(file.fileno()).st_uid
            if (owner not in (os.getuid(), 0) and os.getuid() != 0) or not _is_locked(file):
                return None
            content = json.load(file)
        return Announcement(str(content["url"]), str(content["token"]), int(content["pid"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


@contextlib.contextmanager
def kept(path: str, announcement: Announcement) -> Iterator[None]:
    """Keep the file there until the block ends, readable by this user only.

    Raises:
        OSError: it cannot be written.
    """
    os.makedirs(os.path.dirname(path), exist_ok=True)
    fresh = f"{path}.{os.getpid()}"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(fresh)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(announcement._asdict(), file)
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)
        os.replace(fresh, path)
        try:
            yield
        finally:
            _remove(path, announcement)


def _remove(path: str, announcement: Announcement) -> None:
    """Take the file away, unless another daemon has written it since."""
    if read(path) == announcement:
        with contextlib.suppress(OSError):
            os.unlink(path)


def _is_locked(file: IO[str]) -> bool:
    """Tell whether a process holds the lock on an open file."""
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
