"""Commands that make a project: init, list_templates."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from stillhouse_engine.errors import CommandError
from stillhouse_engine.messaging import msg, status
from stillhouse_engine.script import ScriptDirectory

if TYPE_CHECKING:
    from stillhouse_engine.config import Config

DEFAULT_INI = "alembic.ini"
PYPROJECT = "pyproject.toml"
TEMPLATE_SUFFIX = ".mako"
STAYS_A_TEMPLATE = "script.py.mako"


def list_templates(config: Config) -> None:
    """List available templates.

    Args:
        config: the configuration.
    """
    config.print_stdout("Available templates:\n")
    root = Path(config.get_template_directory())
    for folder in sorted(place for place in root.iterdir() if (place / "README").is_file()):
        first = (folder / "README").read_text(encoding="utf-8").partition("\n")[0].strip()
        config.print_stdout("%s - %s", folder.name, first)
    config.print_stdout("\nTemplates are used via the 'init' command, e.g.:")
    config.print_stdout("\n  alembic init --template generic ./scripts")


def init(config: Config, directory: str, template: str = "generic", package: bool = False) -> None:
    """Initialize a new scripts directory.

    Args:
        config: the configuration.
        directory: the folder to make.
        template: which template to use.
        package: whether the folders become Python packages.

    Raises:
        CommandError: the folder is not empty, or there is no such template.
    """
    target = Path(directory)
    if target.exists() and any(target.iterdir()):
        raise CommandError(f"Directory {directory} already exists and is not empty")
    source = Path(config.get_template_directory()) / template
    if not source.is_dir():
        raise CommandError(f"No such template {source}")
    quiet = config.messaging_opts
    versions = target.absolute() / "versions"
    for folder in (target.absolute(), versions):
        if not folder.exists():
            with status(f"Creating directory {folder}", **quiet):
                folder.mkdir(parents=True)
    script = ScriptDirectory(directory, messaging_opts=quiet)
    settings = [_write(config, script, part) for part in sorted(source.iterdir(), key=_order) if part.is_file()]
    if package:
        for folder in (target.absolute(), versions):
            with status(f"Adding {folder / '__init__.py'}", **quiet):
                (folder / "__init__.py").touch()
    _advise([place for place in settings if place is not None], **quiet)


def _order(part: Path) -> tuple[int, str]:
    """Write the script directory's own files before the settings that point to it."""
    return (2 if part.name.startswith(DEFAULT_INI) else 1 if part.name.startswith(PYPROJECT) else 0, part.name)


def _write(config: Config, script: ScriptDirectory, part: Path) -> Path | None:
    """Write one file of a template; return it when it holds settings to edit."""
    name = part.name if part.name == STAYS_A_TEMPLATE else part.name.removesuffix(TEMPLATE_SUFFIX)
    if name == DEFAULT_INI:
        return _write_ini(script, part, Path(config.config_file_name or DEFAULT_INI).absolute())
    if name == PYPROJECT:
        return _write_pyproject(script, part, Path(config.toml_file_name or PYPROJECT).absolute())
    destination = Path(script.dir, name)
    if name == part.name:
        script._copy_file(part, destination)  # noqa: SLF001 - Alembic's name for it
    else:
        script._generate_template(part, destination)  # noqa: SLF001 - Alembic's name for it
    return None


def _write_ini(script: ScriptDirectory, part: Path, destination: Path) -> Path:
    if destination.exists():
        msg(f"File {destination} already exists, skipping", **script.messaging_opts)
        return destination
    if not destination.parent.is_dir():
        raise CommandError(f"There is no folder {destination.parent} to write {destination.name} into")
    location = _location(script.dir, destination)
    script._generate_template(part, destination, script_location=location)  # noqa: SLF001 - Alembic's name for it
    return destination


def _write_pyproject(script: ScriptDirectory, part: Path, destination: Path) -> Path:
    location = _location(script.dir, destination)
    if not destination.exists():
        script._generate_template(part, destination, script_location=location)  # noqa: SLF001 - Alembic's name for it
        return destination
    with destination.open("rb") as file:
        present = "alembic" in tomllib.load(file).get("tool", {})
    if present:
        text = f"File {destination} already exists and already has a [tool.alembic] section, skipping"
        msg(text, **script.messaging_opts)
    else:
        script._append_template(part, destination, script_location=location)  # noqa: SLF001 - Alembic's name for it
    return destination


def _location(directory: str, settings: Path) -> str:
    """Return the script directory as settings name it: relative to their own folder unless it was given absolutely."""
    if Path(directory).is_absolute():
        return Path(directory).as_posix()
    relative = os.path.relpath(Path(directory).absolute(), settings.parent)
    return "%(here)s" if relative == os.curdir else f"%(here)s/{Path(relative).as_posix()}"


def _advise(settings: list[Path], *, quiet: bool) -> None:
    pyproject = [place for place in settings if place.suffix == ".toml"]
    ini = [place for place in settings if place.suffix != ".toml"]
    parts = [f"configuration settings in {place}" for place in pyproject]
    parts += [f"configuration/connection/logging settings in {place}" for place in ini]
    msg(f"Please edit {' and '.join(parts)} before proceeding.", quiet=quiet)
