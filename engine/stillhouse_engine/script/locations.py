"""Finds folders of a project, and the revision files in them."""

from __future__ import annotations

import importlib.util
import os
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from stillhouse_engine.errors import CommandError, MigrationScriptError
from stillhouse_engine.script.header_cache import SHARED
from stillhouse_engine.script.headers import NotLiteralError
from stillhouse_engine.script.loading import load_revision
from stillhouse_engine.script.scripts import Script

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = re.compile(r"(?!\.\#|__init__)(.*\.py)$")
SOURCELESS = re.compile(r"(?!\.\#|__init__)(.*\.py)(c|o)?$")
HEXADECIMAL = re.compile(r"([a-f0-9]+)\.py$")
COMPILED_TAG = re.compile(r"\.(?:cpython|pypy)[^.]*(?:\.opt-\d)?\.py[co]$")


def folder_of(location: str) -> str:
    """Return the folder that a setting names: a path, or ``package:path`` inside an installed package.

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
    return str(Path(root, *inside.split("/")))


def read_scripts(folders: list[Path], *, recursive: bool, sourceless: bool) -> Iterator[Script]:
    """Read the revisions of some folders, file by file in the order of their names, without importing them.

    Raises:
        CommandError: a file has no revision.
        MigrationScriptError: a file cannot be read or, where only that tells, imported.
    """
    seen: set[str] = set()
    for folder in folders:
        for subfolder in _tree(str(folder)) if recursive else [str(folder)]:
            yield from _read_folder(subfolder, seen, sourceless=sourceless)


def _tree(folder: str) -> Iterator[str]:
    for root, names, _ in os.walk(folder, topdown=True):
        names[:] = sorted(name for name in names if name != "__pycache__")
        yield root


def _read_folder(folder: str, seen: set[str], *, sourceless: bool) -> Iterator[Script]:
    if not os.path.isdir(folder):  # noqa: PTH112 - thousands of names
        return
    pattern = SOURCELESS if sourceless else SOURCE
    with os.scandir(folder) as found:
        entries = sorted((entry for entry in found if pattern.match(entry.name)), key=lambda entry: entry.name)
    real = os.path.realpath(folder)
    SHARED.open_folder(folder, len(entries))
    misses = SHARED.misses(entries)
    for entry in entries:
        path = os.path.realpath(entry.path) if entry.is_symlink() else real + os.sep + entry.name
        if path in seen:
            warnings.warn(
                f"File {path} loaded twice! ignoring. Please ensure version_locations is unique.",
                UserWarning,
                stacklevel=2,
            )
            continue
        seen.add(path)
        yield read_script(entry)
    SHARED.close_folder(folder, [entry.name for entry in entries], misses)
    if sourceless:
        yield from _read_compiled(folder, {entry.name for entry in entries})


def _read_compiled(folder: str, sources: set[str]) -> Iterator[Script]:
    """Read what has only its compiled form left, in ``__pycache__``."""
    cache = Path(folder, "__pycache__")
    for path in sorted(cache.glob("*.pyc")) if cache.is_dir() else ():
        name = COMPILED_TAG.sub(".py", path.name)
        if name != path.name and SOURCE.match(name) and name not in sources and f"{name}c" not in sources:
            yield _imported(str(path), name)


def read_file(path: Path) -> Script:
    """Read one revision file by its path; see ``read_script()``."""
    with os.scandir(path.parent) as found:
        return next(read_script(entry) for entry in found if entry.name == path.name)


def read_script(entry: os.DirEntry[str]) -> Script:
    """Read one revision file.

    Raises:
        CommandError: it has no revision.
        MigrationScriptError: it cannot be read or, where only that tells, imported.
    """
    if not entry.name.endswith(".py"):
        return _imported(entry.path, entry.name)
    try:
        script = SHARED.script(entry)
    except NotLiteralError:
        script = None
    return script or _imported(entry.path, entry.name)


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
