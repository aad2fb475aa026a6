"""What a worker is told about a project and a database."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProjectSpec:
    root: str
    import_path: tuple[str, ...] = ()
    script_location: str | None = None
    alembic_ini: str | None = None
    ini_section: str = "alembic"


@dataclass(frozen=True, slots=True)
class DatabaseSpec:
    name: str
    url: str
    schema: str | None = None
    version_table: str = "alembic_version"
    version_table_schema: str | None = None
    metadata: str | None = None
    lock_timeout: float = 0.5
    statement_timeout: float | None = None
    x_arguments: tuple[str, ...] = ()
