"""Where a database's project lies on disk, and whether it is there."""

from __future__ import annotations

import os
import re
import shutil
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from .fleet import ProjectDeclaration
from .references import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .databases import DatabaseSettings
    from .document import Location

PACKAGE_PATH = re.compile(r"[A-Za-z_][\w.]+:.*")


def project_of(settings: DatabaseSettings, folder: str) -> ProjectDeclaration:
    """Return the project of a database; equal projects are the same object."""
    return _project(
        folder,
        settings.import_path,
        migrations=settings.migrations,
        ini=settings.alembic_ini,
        section=settings.ini_section,
        python=settings.python,
    )


@lru_cache(maxsize=1024)
def _project(
    folder: str,
    import_path: tuple[str, ...],
    *,
    migrations: str | None,
    ini: str | None,
    section: str,
    python: str | None,
) -> ProjectDeclaration:
    found = None if ini is None else absolute(folder, ini)
    return ProjectDeclaration(
        root=folder if found is None else os.path.dirname(found),  # noqa: PTH120 (as above)
        import_path=tuple(absolute(folder, place) for place in import_path),
        script_location=migrations
        if migrations is None or PACKAGE_PATH.fullmatch(migrations)
        else absolute(folder, migrations),
        alembic_ini=found,
        ini_section=section,
        python=None if python is None else _interpreter(folder, python),
    )


def absolute(folder: str, place: str) -> str:
    """Return an absolute path; symbolic links stay, because a virtual environment's interpreter is one."""
    return os.path.normpath(os.path.join(folder, os.path.expanduser(place)))  # noqa: PTH111, PTH118 (pathlib is ten times slower here)


def _interpreter(folder: str, python: str) -> str:
    if "/" in python or "\\" in python:
        return absolute(folder, python)
    return shutil.which(python) or python


def check_project(project: ProjectDeclaration) -> Iterator[Finding]:
    """Find what a project names and is not on disk, or may not be read; locations are below the declaration."""
    script = project.script_location
    if script is not None and not PACKAGE_PATH.fullmatch(script):
        yield from _folder(("migrations",), script, "the script directory")
    for index, place in enumerate(project.import_path):
        yield from _folder(("import_path", index), place, "the import path")
    if project.alembic_ini is not None:
        yield from _file(("alembic_ini",), project.alembic_ini)
    if project.python is not None and not os.access(project.python, os.X_OK):
        hint = (
            "make the environment, or mend the path"
            if "/" in project.python
            else "no such command on PATH; give a path"
        )
        yield Finding(("python",), f"there is no interpreter {project.python}", hint)


def _folder(location: Location, place: str, noun: str) -> Iterator[Finding]:
    path = Path(place)
    if not path.exists():
        hint = "make it with: stillhouse alembic init DIR, or mend the path" if "script" in noun else "mend the path"
        yield Finding(location, f"{noun} {place} does not exist", hint)
    elif not path.is_dir():
        yield Finding(location, f"{noun} {place} is not a folder", "name the folder, not a file in it")
    elif not os.access(path, os.R_OK | os.X_OK):
        yield Finding(
            location, f"{noun} {place} cannot be read", "give the user that runs Stillhouse the right to read it"
        )


def _file(location: Location, place: str) -> Iterator[Finding]:
    path = Path(place)
    if not path.is_file():
        yield Finding(
            location,
            f"the file {place} does not exist",
            "mend the path; relative paths start at the fleet file's folder",
        )
    elif not os.access(path, os.R_OK):
        yield Finding(
            location, f"the file {place} cannot be read", "give the user that runs Stillhouse the right to read it"
        )
