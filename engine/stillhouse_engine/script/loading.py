"""Imports one of the user's files, and says clearly which one and where when that fails."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import re
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from stillhouse_engine.errors import EngineError, MigrationScriptError

if TYPE_CHECKING:
    from types import ModuleType


def load_file(path: Path | str) -> ModuleType:
    """Import a file by its path, as a module that is its own; what it raises comes through as it is.

    Args:
        path: a ``.py`` or ``.pyc`` file.

    Raises:
        MigrationScriptError: it is not there, or is no valid Python.
    """
    path = Path(path)
    name = re.sub(r"\W", "_", path.name)
    kind = importlib.machinery.SourceFileLoader if path.suffix == ".py" else importlib.machinery.SourcelessFileLoader
    loader = kind(name, str(path))
    spec = importlib.util.spec_from_file_location(name, str(path), loader=loader)
    if spec is None or not path.exists():
        raise MigrationScriptError("there is no such Python file", file=str(path))
    module = importlib.util.module_from_spec(spec)
    try:
        loader.exec_module(module)
    except SyntaxError as error:
        raise MigrationScriptError(
            f"{type(error).__name__}: {error.msg}", file=error.filename or str(path), line=error.lineno
        ) from error
    return module


def load_revision(path: Path | str, revision: str | None = None) -> ModuleType:
    """Import a revision file.

    Args:
        path: the file.
        revision: the id that its header tells, for errors.

    Raises:
        MigrationScriptError: it is no valid Python, or fails while it is imported.
    """
    try:
        return load_file(path)
    except MigrationScriptError as error:
        raise MigrationScriptError(
            error.reason, file=error.file, line=error.line, revision=revision
        ) from error.__cause__
    except EngineError:
        raise
    except Exception as error:
        raise MigrationScriptError(
            f"{type(error).__name__}: {error}", file=str(path), line=line_in(error, path), revision=revision
        ) from error


def line_in(error: BaseException, path: Path | str) -> int | None:
    """Return the last line of a file that an error went through."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return lines[-1] if lines else None


def compiled_file(path: Path) -> Path | None:
    """Return the compiled form of a file that Python keeps in ``__pycache__`` or next to it, if there is one."""
    cached = Path(importlib.util.cache_from_source(str(path)))
    beside = path.with_suffix(".pyc")
    return next((place for place in (cached, beside) if place.exists()), None)


def prepend_paths(paths: list[str]) -> None:
    """Put folders at the front of the import path."""
    sys.path[:] = [*paths, *(place for place in sys.path if place not in paths)]
