"""Finds folders of a project, and the revision files in them."""

from __future__ import annotations

import importlib.util
import os
import re
import warnings
from collections import defaultdict
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from stillhouse_engine.errors import CommandError, MigrationScriptError
from stillhouse_engine.script.headers import NotLiteralError
from stillhouse_engine.script.loading import load_revision
from stillhouse_engine.script.records import SHARED, read_record
from stillhouse_engine.script.scripts import Script

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stillhouse_engine.script.records import Folder

SKIPPED = (".#", "__init__")
HEXADECIMAL = re.compile(r"([a-f0-9]+)\.py$")
COMPILED_TAG = re.compile(r"\.(?:cpython|pypy)[^.]*(?:\.opt-\d)?\.py[co]$")


def folder_of(location: str) -> str:
    """Return the folder that a setting names: a path, or ``package:path`` inside an installed package.

    Further colons stand for slashes: ``package:folder:folder``.

    Raises:
        CommandError: there is no such package.
    """
    if os.path.isabs(location) or ":" not in location:  # noqa: PTH117 - a string comes in and a string goes out
        return location
    package, _, inside = location.partition(":")
    try:
        spec = importlib.util.find_spec(package)
    except ImportError:
        spec = None
    if spec is None:
        raise CommandError(f"No module named '{package}', which the location '{location}' is to be found in")
    if spec.submodule_search_locations:
        root = next(iter(spec.submodule_search_locations))
    else:
        root = os.path.dirname(spec.origin or "")  # noqa: PTH120 - a string comes in and a string goes out
    return str(Path(root, *inside.replace(":", "/").split("/")))


def read_scripts(folders: list[Path], *, recursive: bool, sourceless: bool, importing: bool = True) -> list[Script]:
    """Read the revisions of some folders, file by file in the order of their names, without importing them.

    Args:
        folders: where they are.
        recursive: whether sub-folders count.
        sourceless: whether compiled files count; those are always imported.
        importing: whether a file may be imported where only that tells what it is.

    Raises:
        CommandError: a file has no revision.
        MigrationScriptError: a file cannot be read or, where only that tells, imported.
        NotLiteralError: a file would have to be imported.
    """
    seen: defaultdict[str, set[str]] = defaultdict(set)
    scripts: list[Script] = []
    for folder in folders:
        for subfolder in _tree(str(folder)) if recursive else [str(folder)]:
            scripts += _read_folder(subfolder, seen, sourceless=sourceless, importing=importing)
    return scripts


def _tree(folder: str) -> Iterator[str]:
    for root, names, _ in os.walk(folder, topdown=True):
        names[:] = sorted(name for name in names if name != "__pycache__")
        yield root


def _read_folder(folder: str, seen: defaultdict[str, set[str]], *, sourceless: bool, importing: bool) -> list[Script]:
    """Read one folder; ``seen`` has the names that were read in each real one."""
    if not os.path.isdir(folder):  # noqa: PTH112 - thousands of names
        return []
    names, linked = _names(folder, (".py", ".pyc", ".pyo") if sourceless else (".py",))
    real = os.path.realpath(folder)
    if linked or not seen[real].isdisjoint(names):
        names = list(_unseen(folder, real, names, linked, seen))
    else:
        seen[real].update(names)
    scripts = _read_files(folder, names, importing=importing)
    return [*scripts, *_read_compiled(folder, set(names))] if sourceless else scripts


def _names(folder: str, endings: tuple[str, ...]) -> tuple[list[str], set[str]]:
    """Return the names of the revision files in a folder, in order, and those of them that are links."""
    names, linked = [], set()
    with os.scandir(folder) as found:
        for entry in found:
            name = entry.name
            if name.endswith(endings) and not name.startswith(SKIPPED):
                names.append(name)
                if entry.is_symlink():
                    linked.add(name)
    names.sort()
    return names, linked


def _unseen(
    folder: str, real: str, names: list[str], linked: set[str], seen: defaultdict[str, set[str]]
) -> Iterator[str]:
    """Leave out files that other folders, or links, have brought already."""
    for name in names:
        place, own = real, name
        if name in linked:
            place, own = os.path.split(os.path.realpath(os.path.join(folder, name)))  # noqa: PTH118 - thousands of names
        if own in seen[place]:
            warnings.warn(
                f"File {place}{os.sep}{own} loaded twice! ignoring. Please ensure version_locations is unique.",
                UserWarning,
                stacklevel=2,
            )
            continue
        seen[place].add(own)
        yield name


def _read_files(folder: str, names: list[str], *, importing: bool) -> list[Script]:
    known = SHARED.of_folder(folder, len(names))
    prefix, misses, scripts = folder + os.sep, 0, []
    with _looking_into(folder) as status_of:
        for name in names:
            path, record, status = prefix + name, known.get(name), status_of(name)
            if record is not None and record[0] == status.st_mtime_ns and record[1] == status.st_size:
                scripts.append(Script.from_record(record, path))
            else:
                misses += 1
                scripts.append(_read_file(path, name, status, known, importing=importing))
    SHARED.keep(folder, names, misses)
    return scripts


@contextmanager
def _looking_into(folder: str) -> Iterator[Callable[[str], os.stat_result]]:
    """Yield what tells the status of a folder's files: where the system can, without finding the folder for each again."""
    if os.stat not in os.supports_dir_fd:
        yield lambda name: os.stat(os.path.join(folder, name))  # noqa: PTH116, PTH118 - thousands of names
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield partial(os.stat, dir_fd=descriptor)
    finally:
        os.close(descriptor)


def _read_compiled(folder: str, sources: set[str]) -> Iterator[Script]:
    """Read what has only its compiled form left, in ``__pycache__``."""
    cache = Path(folder, "__pycache__")
    for path in sorted(cache.glob("*.pyc")) if cache.is_dir() else ():
        name = COMPILED_TAG.sub(".py", path.name)
        if name != path.name and not name.startswith(SKIPPED) and name not in sources and f"{name}c" not in sources:
            yield _imported(str(path), name)


def read_file(path: Path) -> Script:
    """Read one revision file.

    Raises:
        CommandError: it has no revision.
        MigrationScriptError: it cannot be read or, where only that tells, imported.
    """
    return _read_file(str(path), path.name, path.stat(), {})


def _read_file(path: str, name: str, status: os.stat_result, known: Folder, *, importing: bool = True) -> Script:
    """Read a revision file, and note what it says."""
    try:
        record = read_record(path, status) if name.endswith(".py") else None
    except NotLiteralError:
        record = None
    if record is None:
        if not importing:
            raise NotLiteralError(path)
        return _imported(path, name)
    known[name] = record
    return Script.from_record(record, path)


def _imported(path: str, name: str) -> Script:
    """Read a revision by importing its file."""
    module = load_revision(path)
    revision = getattr(module, "revision", None)
    if revision is None:
        legacy = HEXADECIMAL.match(name)
        if legacy is None:
            raise CommandError(
                f"Could not determine revision id from filename {name}. Be sure the 'revision' variable is declared inside "
                "the script (please see 'Upgrading from Alembic 0.1 to 0.2' in the documentation)."
            )
        revision = legacy.group(1)
    if not isinstance(revision, str):
        raise MigrationScriptError(f"revision must be a string, not {revision!r}", file=path)
    if not hasattr(module, "down_revision"):
        raise MigrationScriptError(
            "has no down_revision; say which revision it follows, or None for the first", file=path, revision=revision
        )
    return Script(module, revision, path)
