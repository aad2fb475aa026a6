"""Fleets of fresh databases that the benchmarks upgrade, on PostgreSQL and on SQLite."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from sample_projects import SampleProject
    from servers import PostgresServer


class Fleet:
    """Databases of one kind, and one project for all of them.

    Attributes:
        kind: what the table calls it.
        driver: the bare driver of the limit.
        urls: the databases, with the asynchronous driver that Stillhouse uses.
    """

    kind = ""
    driver = ""

    def __init__(self, project: SampleProject, folder: Path) -> None:
        self.project = project
        self.folder = folder
        self.urls: list[str] = []
        self._counter = itertools.count(1)
        self._script: str | None = None
        project.write_env()
        plain = project.folder / "migrations_plain"
        if not plain.exists():
            shutil.copytree(project.migrations, plain, ignore=shutil.ignore_patterns("env.py", "__pycache__"))

    def fill(self, databases: int) -> None:
        """Make empty databases."""
        raise NotImplementedError

    def clear(self) -> None:
        """Drop them."""
        raise NotImplementedError

    def check(self) -> None:
        """Make sure that every one of them is at the head.

        Raises:
            SystemExit: one is not; the figures would be worthless.
        """
        for url in self.urls:
            if self.version_of(url) != self.project.head:
                raise SystemExit(f"{url} is not at the head")

    def version_of(self, url: str) -> str:
        """Return what a database's version table says."""
        raise NotImplementedError

    def alembic_url(self, url: str) -> str:
        """Return a URL with the driver that Alembic uses."""
        raise NotImplementedError

    def ini_files(self) -> list[Path]:
        """Write an alembic.ini for each database."""
        return [self._ini(url, number) for number, url in enumerate(self.urls)]

    def script(self) -> str:
        """Return the SQL of the whole upgrade, as Alembic's offline mode writes it, without its transaction."""
        if self._script is None:
            command = [sys.executable, "-m", "alembic", "-c", str(self.ini_files()[0]), "upgrade", "head", "--sql"]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            self._script = "\n".join(line for line in out.splitlines() if line not in ("BEGIN;", "COMMIT;"))
        return self._script

    def _ini(self, url: str, number: int) -> Path:
        path = self.folder / f"{self.driver}_{number}.ini"
        path.write_text(
            f"[alembic]\nscript_location = {self.project.migrations}\nsqlalchemy.url = {self.alembic_url(url)}\n"
        )
        return path


class PostgresFleet(Fleet):
    """Databases of one PostgreSQL server."""

    kind = "PostgreSQL"
    driver = "asyncpg"

    def __init__(self, server: PostgresServer, project: SampleProject, folder: Path) -> None:
        super().__init__(project, folder)
        self.server = server

    def fill(self, databases: int) -> None:
        """Make empty databases."""
        names = [f"bench_{next(self._counter)}" for _ in range(databases)]
        self._all(f'CREATE DATABASE "{name}"' for name in names)
        self.urls = [self.server.url(name) for name in names]

    def clear(self) -> None:
        """Drop them."""
        self._all(f'DROP DATABASE "{url.rpartition("/")[2]}" WITH (FORCE)' for url in self.urls)

    def version_of(self, url: str) -> str:
        """Return what a database's version table says."""
        with psycopg.connect(url.replace("+asyncpg", "")) as connection:
            row = connection.execute("select version_num from alembic_version").fetchone()
        return str(row[0]) if row else ""

    def alembic_url(self, url: str) -> str:
        """Return a URL with the driver that Alembic uses."""
        return url.replace("+asyncpg", "+psycopg")

    def _all(self, statements: object) -> None:
        with psycopg.connect(self.server.url().replace("+asyncpg", ""), autocommit=True) as connection:
            for statement in statements:  # type: ignore[attr-defined]
                connection.execute(statement)


class SQLiteFleet(Fleet):
    """Files."""

    kind = "SQLite"
    driver = "sqlite3"

    def fill(self, databases: int) -> None:
        """Name files that do not exist."""
        self.urls = [f"sqlite+aiosqlite:///{self.folder / f'bench_{next(self._counter)}.db'}" for _ in range(databases)]

    def clear(self) -> None:
        """Delete them."""
        for url in self.urls:
            Path(url.partition("///")[2]).unlink()

    def version_of(self, url: str) -> str:
        """Return what a database's version table says."""
        with contextlib.closing(sqlite3.connect(url.partition("///")[2])) as connection:
            return str(connection.execute("select version_num from alembic_version").fetchone()[0])

    def alembic_url(self, url: str) -> str:
        """Return a URL with the driver that Alembic uses."""
        return url.replace("+aiosqlite", "")
