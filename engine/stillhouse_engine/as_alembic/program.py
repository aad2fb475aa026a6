"""Running a program the way its users start it, inside this process."""

from __future__ import annotations

import runpy
import shutil
import sys
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

USAGE = "usage: python -m stillhouse_engine.as_alembic PROGRAM [ARGS…]   (a console script, -m MODULE, or a file)"
NOT_FOUND = 127
"""What a shell answers for a program that it cannot find."""


def run_program(words: Sequence[str]) -> Any:
    """Run a program with its arguments; return what its entry point returned.

    Args:
        words: a console script, ``-m`` and a module, or a file; then its arguments.
    """
    if not words or words[0] in {"-h", "--help"}:
        sys.stdout.write(f"{USAGE}\n")
        return 0 if words else 2
    if words[0] == "-m":
        return run_module(words[1:])
    program, *arguments = words
    if Path(program).is_file():
        return run_file(program, arguments)
    for script in entry_points(group="console_scripts", name=program):
        sys.argv = [shutil.which(program) or program, *arguments]
        sys.modules["__main__"] = main_module(sys.argv[0])
        return script.load()()
    if (found := shutil.which(program)) and is_python(Path(found)):
        return run_file(found, arguments)
    sys.stderr.write(f"stillhouse: there is no console script, module or Python file called {program!r}\n{USAGE}\n")
    return NOT_FOUND


def run_module(words: Sequence[str]) -> int:
    """Run a module as ``python -m`` does."""
    if not words:
        sys.stderr.write(f"{USAGE}\n")
        return 2
    sys.argv = list(words)
    if "" not in sys.path:
        sys.path.insert(0, "")
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)
    return 0


def run_file(path: str, arguments: Sequence[str]) -> int:
    """Run a file as ``python FILE`` does."""
    sys.argv = [path, *arguments]
    sys.path.insert(0, str(Path(path).resolve().parent))
    runpy.run_path(path, run_name="__main__")
    return 0


def main_module(path: str) -> ModuleType:
    """Return what ``__main__`` is to a console script: a file of no package, by which Click names it in its usage."""
    module = ModuleType("__main__")
    module.__file__ = path
    return module


def is_python(path: Path) -> bool:
    """Tell whether an installed script is written in Python."""
    with path.open("rb") as script:
        first = script.readline(200)
    return first.startswith(b"#!") and b"python" in first
