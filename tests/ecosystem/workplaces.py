"""Programs that drive Alembic by their own management commands, and where each side of a comparison runs one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlalchemy as sa
from real_projects import JOURNAL, postgres_schema, sqlite_schema

if TYPE_CHECKING:
    from pathlib import Path

SQLITE, POSTGRESQL, MARIADB = "sqlite", "postgresql", "mariadb"
BOTH = {SQLITE: "sqlite", POSTGRESQL: "psycopg2"}


@dataclass(frozen=True)
class ManagedProject:
    """A project and what is run of it.

    Attributes:
        environment: name of the pinned list.
        steps: commands, after each of which the schemas are compared; ``{url}`` and ``{folder}`` are filled in.
        drivers: driver names by dialect.
        settings: environment variables.
        files: files of the working folder, by name; those of one dialect stand under its name.
        kept: indexes that Alembic's batches lose, or lose a part of, on SQLite; ours keep them.
    """

    environment: str
    steps: tuple[str, ...]
    drivers: dict[str, str] = field(default_factory=lambda: BOTH)
    settings: dict[str, str] = field(default_factory=dict)
    files: dict[str, str | dict[str, str]] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Workplace:
    """Where one side works: its folder and its database."""

    folder: Path
    dialect: str
    driver: str
    server: object
    database: str

    @property
    def url(self) -> str:
        if self.dialect == SQLITE:
            return f"{self.driver}:///{self.folder / 'database.db'}"
        return self.server.url(self.database, self.driver)

    def fill(self, text: str) -> str:
        return text.format(url=self.url, folder=self.folder)

    def schema(self):
        """Return the schema, and the revisions that the version tables tell."""
        if self.dialect == SQLITE:
            files = sorted(self.folder.glob("**/*.db"))
            return {file.name: (sqlite_schema(file), revisions(f"sqlite:///{file}")) for file in files}
        if self.dialect == MARIADB:
            return mariadb_schema(self.url)
        return postgres_schema(self.server, self.database), revisions(self.server.url(self.database, "psycopg"))


def without_kept(schema, kept):
    """Return the schema of a SQLite database without the indexes of those names."""
    return {file: ([row for row in rows if row[1] not in kept], told) for file, (rows, told) in schema.items()}


def revisions(url: str) -> list[tuple[str, str]]:
    """Return the rows of every version table, with the table's name."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        inspector = sa.inspect(connection)
        names = [name for name in inspector.get_table_names() if "version" in name]
        kept = [name for name in names if "version_num" in {column["name"] for column in inspector.get_columns(name)}]
        rows = [
            (name, row.version_num) for name in kept for row in connection.execute(sa.text(f"SELECT * FROM {name}"))
        ]
        return sorted(rows)


def mariadb_schema(url: str):
    """Return the lines of how every table would be created, and the revisions.

    The lines are sorted: Alembic creates the indexes of a new table in the order of a set.
    """
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        tables = sorted(set(sa.inspect(connection).get_table_names()) - {JOURNAL})
        written = [connection.exec_driver_sql(f"SHOW CREATE TABLE `{table}`").one()[1] for table in tables]
        lines = [sorted(re.sub(r",?$", "", line) for line in text.splitlines()) for text in written]
        return lines, revisions(url)


def prepare(project: ManagedProject, place: Workplace) -> dict[str, str]:
    """Write the files of a workplace, and return its environment variables."""
    place.folder.mkdir()
    for name, text in project.files.items():
        template = text if isinstance(text, str) else text[place.dialect]
        (place.folder / name).write_text(place.fill(template))
    return {key: place.fill(value) for key, value in project.settings.items()}
