"""Environments of programs that build on Alembic, run twice: over the import bridge, and with Alembic itself.

An environment has neither Alembic nor Stillhouse in it. The engine's folder is put on the path of one run, a folder with
Alembic alone on the path of the other. They are made once, in the project's cache folder, and made anew when their list of
packages changes.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from real_projects import ALEMBIC, make_alembic, uv

if TYPE_CHECKING:
    from collections.abc import Callable

PINNED = Path(__file__).parent / "pinned"
ENGINE = Path(__file__).parents[2] / "engine"
CACHE = Path(__file__).parents[2] / ".cache" / "environments"
ALEMBIC_SCRIPT = "#!/usr/bin/env python\nimport sys\nfrom alembic.config import main\nsys.exit(main(prog='alembic'))\n"
PATIENCE = 240  # seconds; reached by a broken build only
SIDES = ("stillhouse", "alembic")


def make_environment(folder: Path, name: str) -> None:
    """Make the environment of one pinned list."""
    quiet = [uv(), "--quiet"]
    subprocess.run([*quiet, "venv", "--python", sys.executable, folder], check=True)
    install = [*quiet, "pip", "install", "--python", folder / "bin" / "python", "--no-deps", "--compile-bytecode"]
    subprocess.run([*install, "-r", PINNED / f"{name}.txt"], check=True)


def make_reference(folder: Path, _name: str) -> None:
    """Install Alembic alone, with a console script that runs under whichever Python is first on PATH."""
    make_alembic(folder)
    script = folder / "bin" / "alembic"
    script.write_text(ALEMBIC_SCRIPT)
    script.chmod(0o755)


def cached(name: str, content: str, make: Callable[[Path, str], None]) -> Path:
    """Return a folder of the cache, made where it is not there yet; what it depends on is part of its name."""
    depends = f"{sys.version}\n{sys.executable}\n{content}"
    folder = CACHE / f"{name}-{sha256(depends.encode()).hexdigest()[:12]}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # dies with the test run that holds it
        whole = folder / "whole"
        if not whole.exists():
            shutil.rmtree(folder, ignore_errors=True)
            make(folder, name)
            whole.touch()
    return folder


@dataclass(frozen=True)
class Environment:
    """An environment, and how programs run in it.

    Attributes:
        programs: its ``bin`` folder.
        reference: the folder with Alembic.
    """

    programs: Path
    reference: Path

    def start(self, side: str, words, cwd: Path, **settings: str) -> subprocess.CompletedProcess:
        """Run a program; ``words`` are a console script, ``-m`` and a module, or a file, and arguments."""
        python, paths, on_path = self.programs / "python", [self.programs], ENGINE
        if side == "stillhouse":
            command = [python, "-m", "stillhouse_engine.as_alembic", *words]
        else:
            on_path = self.reference
            paths.append(self.reference / "bin")
            scripts = [path / words[0] for path in paths if "/" not in words[0] and (path / words[0]).exists()]
            command = [scripts[0], *words[1:]] if scripts else [python, *words]
        environment = {
            "PATH": os.pathsep.join((*map(str, paths), os.defpath)), "HOME": str(cwd), "LANG": "C.UTF-8", "PYTHONPATH": str(on_path),
            "PYTHONWARNINGS": "ignore", "NO_COLOR": "1", **settings,
        }  # fmt: skip
        return subprocess.run(
            command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
        )

    def run(self, side: str, words, cwd: Path, **settings: str) -> subprocess.CompletedProcess:
        """Run a program that is to succeed."""
        done = self.start(side, words, cwd, **settings)
        assert done.returncode == 0, f"{side}: {words}\n{done.stdout}\n{done.stderr}"
        return done


def environment(name: str) -> Environment:
    """Return the environment of a pinned list."""
    made = cached(name, (PINNED / f"{name}.txt").read_text(), make_environment)
    return Environment(made / "bin", cached("alembic", " ".join(ALEMBIC), make_reference))


def on_both_sides(action):
    """Call ``action(side)`` for both sides at once, and return the two results."""
    with ThreadPoolExecutor(len(SIDES)) as threads:
        return list(threads.map(action, SIDES))
