"""The configuration of a project that a fleet names: its ini or pyproject file, and its script directory made absolute."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stillhouse_engine.config import Config
from stillhouse_engine.errors import MigrationScriptError

if TYPE_CHECKING:
    from stillhouse_engine.runtime.specs import ProjectSpec


def project_config(spec: ProjectSpec) -> Config:
    """Read a project's configuration.

    Raises:
        MigrationScriptError: it names neither a script directory nor a configuration file.
    """
    root = Path(spec.root).resolve()
    config = Config(*_files(root, spec), ini_section=spec.ini_section)
    location = spec.script_location or config.get_alembic_option("script_location")
    if not location:
        raise MigrationScriptError("the project names neither a script directory nor an alembic.ini", file=spec.root)
    absolute = location if ":" in location else str(root / location)
    config.set_main_option("script_location", absolute.replace("%", "%%"))
    return config


def _files(root: Path, spec: ProjectSpec) -> tuple[Path | None, Path | None]:
    """Return the ini file and the pyproject file, either of which may be all there is."""
    if not spec.alembic_ini:
        return None, None
    named = root / spec.alembic_ini
    if named.suffix == ".toml":
        return None, named
    beside = named.with_name("pyproject.toml")
    return named, beside if beside.is_file() else None
