"""Environments for Alembic projects that nobody here wrote, and what Alembic itself makes of them.

Each project gets a virtual environment of its own from a pinned list, with neither Alembic nor Stillhouse in it. Alembic,
for the comparison, stands in a folder beside and is put on the path of the reference run alone.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from servers import PostgresServer

PINNED = Path(__file__).parent / "projects"
JOURNAL = "stillhouse_journal"
"""Stays, empty, where a revision had statements that do not commit with its version row; nothing of Alembic's is like it."""
ALEMBIC = ("alembic==1.20.1", "mako")
REFERENCE = """
import os, sys, logging
logging.basicConfig(level="WARNING")
ini, url = sys.argv[1:]
os.chdir(os.path.dirname(ini))
from alembic import command
from alembic.config import Config
config = Config(ini)
config.set_main_option("sqlalchemy.url", url)
command.upgrade(config, "head")
"""


@dataclass(frozen=True)
class RealProject:
    """A script directory inside a package from PyPI.

    Attributes:
        name: of the target.
        package: distribution, and name of the pinned list.
        ini: the alembic.ini, relative to site-packages.
        drivers: driver names that its environment has, by dialect.
    """

    name: str
    package: str
    ini: str
    drivers: dict[str, str]


ASYNC = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
SYNC = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg2"}
PROJECTS = (
    RealProject("optuna", "optuna", "optuna/storages/_rdb/alembic.ini", SYNC),
    RealProject("nova_main", "nova", "nova/db/main/alembic.ini", ASYNC),
    RealProject("nova_api", "nova", "nova/db/api/alembic.ini", ASYNC),
    RealProject("cinder", "cinder", "cinder/db/alembic.ini", ASYNC),
)


def uv() -> str:
    """Find uv: on PATH or beside this interpreter, or in the project's cache folder."""
    beside = Path(sys.executable).parent
    cache = Path(__file__).parents[2] / ".cache" / "uv" / "bin"
    found = shutil.which("uv", path=os.pathsep.join((os.environ.get("PATH", ""), str(beside), str(cache))))
    assert found, "uv is needed to make the projects' environments"
    return found


def make_environment(folder: Path, package: str) -> Path:
    """Make the environment of one package and return its interpreter."""
    python = folder / "bin" / "python"
    quiet = [uv(), "--quiet"]
    subprocess.run([*quiet, "venv", "--python", sys.executable, folder], check=True)
    pinned = PINNED / f"{package}.txt"
    subprocess.run([*quiet, "pip", "install", "--python", python, "--no-deps", "-r", pinned], check=True)
    return python


def make_alembic(folder: Path) -> Path:
    """Install Alembic alone into a folder that a reference run puts on its path."""
    command = [uv(), "--quiet", "pip", "install", "--python", sys.executable, "--no-deps", "--target", folder]
    subprocess.run([*command, *ALEMBIC], check=True)
    return folder


def site_packages(python: Path) -> Path:
    """Return the site-packages folder of an environment."""
    return next((python.parent.parent / "lib").glob("python*")) / "site-packages"


def run_reference(python: Path, alembic: Path, ini: Path, url: str) -> None:
    """Upgrade an empty database to head with Alembic itself."""
    environment = {**os.environ, "PYTHONPATH": str(alembic), "PYTHONWARNINGS": "ignore"}
    command = [python, "-c", REFERENCE, ini, url]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def sqlite_schema(file: Path) -> list[tuple[str, str, str, list[str]]]:
    """Return every object of a SQLite file with the lines of its text.

    The lines are sorted: Alembic writes the constraints of a table that it rebuilds in the order of a set.
    """
    with sqlite3.connect(file) as connection:
        rows = connection.execute(
            "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE tbl_name <> ? ORDER BY type, name", [JOURNAL]
        ).fetchall()
    connection.close()
    return [(kind, name, table, sorted(re.split(r",?\s*\n\s*", text or ""))) for kind, name, table, text in rows]


def postgres_schema(server: PostgresServer, database: str) -> list[str]:
    """Return ``pg_dump --schema-only`` of a database, without comments and session settings."""
    command = [
        server.bin / "pg_dump", "--schema-only", "--no-owner", f"--exclude-table={JOURNAL}", "-h", "127.0.0.1", "-p", str(server.port), "-U", "postgres",
        database,
    ]  # fmt: skip
    dump = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [line for line in dump.splitlines() if line.strip() and not line.startswith(("--", "\\", "SET "))]
