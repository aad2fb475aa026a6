#!/usr/bin/env python3
"""Set up the project and run it: ``python3 dev.py demo`` or ``python3 dev.py test``.

Needs Python 3.11 to 3.13 with pip or uv, and nothing else: it makes ``.venv`` from ``requirements.lock`` on the first run.
Only the standard library is imported here, because this file runs before anything is installed.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
CACHE = ROOT / ".cache"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / "installed-from"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
SOURCES = ("config", "engine", "orchestrator")
MARIADB = ("mariadb-server-core", "mariadb-client-core")
COMPATIBLE = ((3, 11), (3, 13))


def run(*command: str | Path, **environment: str) -> None:
    """Run a command in the project's folder; a failing one ends this program with its exit code.

    Bytecode is kept, whatever the machine's habit: a test run starts hundreds of processes that import the same modules.
    """
    words = [str(word) for word in command]
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    result = subprocess.run(words, cwd=ROOT, env={**inherited, **environment}, check=False)
    if result.returncode:
        print(f"dev.py: failed with exit code {result.returncode}: {' '.join(words)}", file=sys.stderr)
        raise SystemExit(result.returncode)


def uv() -> list[str]:
    """Find uv, or install it into the cache folder with pip."""
    if found := shutil.which("uv"):
        return [found]
    target = CACHE / "uv"
    program = target / "bin" / "uv"
    if not program.exists():
        print("dev.py: installing uv into .cache", flush=True)
        run(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", target, "uv")
    return [str(program)]


def supported(version: tuple[int, int]) -> bool:
    """Tell whether the project runs on a Python version (major, minor)."""
    return COMPATIBLE[0] <= version <= COMPATIBLE[1]


def make_environment(folder: Path, python: str, *overrides: str) -> None:
    """Make a virtual environment from the lock file, with the project installed in place.

    Args:
        folder: where it goes.
        python: the interpreter, as uv understands it.
        overrides: requirements that replace locked ones.
    """
    stamp = folder / "installed-from"
    wanted = hashlib.sha256(
        b"\n".join(
            [LOCK.read_bytes(), (ROOT / "pyproject.toml").read_bytes(), python.encode(), *map(str.encode, overrides)]
        )
    ).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    tool = uv()
    print(f"dev.py: installing the locked requirements into {folder.name}", flush=True)
    run(*tool, "venv", "--quiet", "--allow-existing", "--python", python, folder, UV_PYTHON_DOWNLOADS="never")
    interpreter = folder / BIN.name / "python"
    quiet = ("--quiet", "--compile-bytecode", "--python", interpreter)
    run(*tool, "pip", "sync", *quiet, LOCK)
    run(*tool, "pip", "install", *quiet, "--no-deps", "--no-build-isolation", "-e", ROOT)
    if overrides:
        run(*tool, "pip", "install", *quiet, *overrides)
    run(interpreter, "-m", "compileall", "-q", *SOURCES)
    stamp.write_text(wanted)


def set_up() -> None:
    """Make ``.venv``."""
    python = sys.executable if supported(sys.version_info[:2]) else ">=3.11,<3.14"
    make_environment(VENV, python)


def newest_python() -> str:
    """Return the newest supported interpreter of this machine: of those on PATH, and those that pyenv keeps."""
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for minor in range(COMPATIBLE[1][1], COMPATIBLE[0][1] - 1, -1):
        candidates = [*kept.glob(f"3.{minor}.*/bin/python"), shutil.which(f"python3.{minor}")]
        for candidate in filter(None, candidates):
            if subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode == 0:
                return str(candidate)
    return str(BIN / "python")


def install_mariadb() -> None:
    """Install MariaDB's server binaries on a Debian machine that CI owns; elsewhere its tests skip and say so."""
    if shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin") and shutil.which("my_print_defaults"):
        return
    if not os.environ.get("CI") or not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("apt-get"):
        print("dev.py: MariaDB is not installed: its tests will be skipped", flush=True)
        return
    run("apt-get", "update", "-qq")
    run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *MARIADB, DEBIAN_FRONTEND="noninteractive")


def step(title: str, *command: str | Path, **environment: str) -> None:
    """Run one check under a heading and say how long it took."""
    print(f"\n== {title}", flush=True)
    start = time.monotonic()
    run(*command, **environment)
    print(f"   {title}: {time.monotonic() - start:.0f} s", flush=True)


def check() -> None:
    """Run the static checks."""
    step("lint", BIN / "ruff", "check", ".")
    step("format", BIN / "ruff", "format", "--check", ".")
    step("types", BIN / "mypy")
    step("layers", BIN / "lint-imports")


def test(arguments: list[str]) -> None:
    """Run every check and every test, the older SQLAlchemy included."""
    install_mariadb()
    if arguments:
        run(BIN / "pytest", *arguments)
        return
    check()
    environment = ROOT / ".venv-sqlalchemy20"
    make_environment(environment, newest_python(), "sqlalchemy>=2.0.36,<2.1")
    step(
        "the engine's tests on SQLAlchemy 2.0 and the newest Python",
        environment / BIN.name / "pytest", "-q", "-n", "2", "tests/unit/engine", "tests/integration/engine",
    )  # fmt: skip
    step("tests", BIN / "pytest", "-q", "-n", "2", "--cov", "--cov-report=term", "--durations=15")


def fuzz(examples: int) -> None:
    """Run the tests over schemas, models and batches that are made up at random, with other ones each time.

    However long one takes: a test that fails is run again and again until its example is small.
    """
    generated = sorted(ROOT.glob("tests/**/test_generated_*.py"))
    run(BIN / "pytest", "-q", "--timeout=0", *generated, STILLHOUSE_EXAMPLES=str(examples))


def main() -> None:
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(prog="dev.py", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("setup", help="make .venv and nothing else")
    demo = commands.add_parser("demo", help="migrate a small fleet, cause drift, find it, repair it")
    demo.add_argument("folder", nargs="?", help="where the fleet is written (default: a temporary folder)")
    commands.add_parser("check", help="lint, format, types, layers")
    tests = commands.add_parser("test", help="every check and test; with arguments: pytest with these arguments")
    tests.add_argument("arguments", nargs=argparse.REMAINDER)
    fuzzing = commands.add_parser("fuzz", help="many generated schemas, models and batches, other ones each time")
    fuzzing.add_argument("examples", nargs="?", type=int, default=500, help="how many of each (default: 500)")
    chosen = parser.parse_args()
    set_up()
    if chosen.command == "demo":
        run(BIN / "stillhouse", "demo", *([chosen.folder] if chosen.folder else []))
    elif chosen.command == "check":
        check()
    elif chosen.command == "test":
        test(chosen.arguments)
    elif chosen.command == "fuzz":
        fuzz(chosen.examples)


if __name__ == "__main__":
    main()
