"""The configuration of a project: an ini file, a pyproject table, or what a program sets itself."""

from __future__ import annotations

import logging
import os
import re
import sys
import tomllib
import warnings
from configparser import ConfigParser, NoSectionError
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from stillhouse_engine.errors import CommandError, SettingError
from stillhouse_engine.messaging import write_outstream

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping

__all__ = ["Config"]

log = logging.getLogger("alembic.config")

TRUE = frozenset({"true", "yes", "on", "y", "t", "1"})
FALSE = frozenset({"false", "no", "off", "n", "f", "0", ""})
SEPARATORS = {"space": " ", "newline": "\n", "os": os.pathsep, ":": ":", ";": ";"}


class Config:
    """What a command works with.

    Args:
        file_: an ini file; it may be absent as long as nothing is asked of it.
        toml_file: a ``pyproject.toml``; its ``[tool.alembic]`` table is read.
        ini_section: the section of the ini file that is this project's.
        output_buffer: where offline SQL goes; standard output by default.
        stdout: where ``print_stdout()`` writes.
        cmd_opts: the parsed command line, if there is one.
        config_args: further variables for ``%(name)s``, in either file.
        attributes: anything that env.py shall find in ``config.attributes``, such as a connection.
    """

    def __init__(  # noqa: PLR0917 - Alembic's signature
        self,
        file_: str | os.PathLike[str] | None = None,
        toml_file: str | os.PathLike[str] | None = None,
        ini_section: str = "alembic",
        output_buffer: TextIO | None = None,
        stdout: TextIO | None = None,
        cmd_opts: Namespace | None = None,
        config_args: Mapping[str, Any] | None = None,
        attributes: dict[str, Any] | None = None,
    ) -> None:
        self.config_file_name: str | None = None if file_ is None else os.fspath(file_)
        self.toml_file_name: str | None = None if toml_file is None else os.fspath(toml_file)
        self.config_ini_section = ini_section
        self.output_buffer = output_buffer
        self.stdout: TextIO = stdout if stdout is not None else sys.stdout
        self.cmd_opts = cmd_opts
        self.config_args: dict[str, Any] = dict(config_args or {})
        self.toml_args: dict[str, Any] = dict(config_args or {})
        if attributes:
            self.attributes.update(attributes)

    @cached_property
    def attributes(self) -> dict[str, Any]:
        """A dictionary for whatever a program wants to hand to its env.py."""
        return {}

    @property
    def messaging_opts(self) -> dict[str, Any]:
        """How chatty commands are."""
        return {"quiet": bool(getattr(self.cmd_opts, "quiet", False))}

    @property
    def _config_file_path(self) -> Path | None:
        return None if self.config_file_name is None else Path(self.config_file_name)

    @property
    def _toml_file_path(self) -> Path | None:
        return None if self.toml_file_name is None else Path(self.toml_file_name)

    def print_stdout(self, text: str, *arg: Any) -> None:
        """Write a line to ``stdout``, unless ``--quiet``; with arguments, the text is a ``%`` format."""
        if self.messaging_opts["quiet"]:
            return
        write_outstream(self.stdout, str(text) % arg if arg else str(text), "\n")

    @cached_property
    def file_config(self) -> ConfigParser:
        """The ini file as a ``ConfigParser``, with ``here`` for the folder it is in."""
        path = self._config_file_path
        here = path.absolute().parent.as_posix() if path is not None else "."
        self.config_args["here"] = here
        parser = ConfigParser(self.config_args)
        if path is not None:
            if getattr(self.cmd_opts, "verbose", False):
                log.info("Loading config from file: %s", path)
            try:
                parser.read([path], encoding="utf-8")
            except UnicodeDecodeError:
                parser.read([path], encoding="locale")
        else:
            parser.add_section(self.config_ini_section)
        return parser

    @cached_property
    def toml_alembic_config(self) -> Mapping[str, Any]:
        """The table ``[tool.alembic]`` of the pyproject file; empty when there is none.

        Raises:
            CommandError: the file is not TOML.
        """
        path = self._toml_file_path
        if path is None or not path.exists():
            return {}
        try:
            with path.open("rb") as file:
                tools = tomllib.load(file).get("tool", {})
        except tomllib.TOMLDecodeError as error:
            raise CommandError(f"{path}: {error}") from error
        table: Any = tools.get("alembic", {}) if isinstance(tools, dict) else None
        if not isinstance(table, dict):
            raise CommandError(f"{path}: [tool.alembic] must be a table")
        return table

    def get_template_directory(self) -> str:
        """Return the folder of the templates that ``init`` offers; programs may override this."""
        return str(Path(__file__).absolute().parent / "templates")

    def _get_template_path(self) -> Path:
        return Path(self.get_template_directory())

    def get_section(self, name: str, default: Mapping[str, str] | None = None) -> Any:
        """Return all options of a section of the ini file, or ``default`` when there is no such section."""
        if not self.file_config.has_section(name):
            return default
        return dict(self.file_config.items(name))

    def set_main_option(self, name: str, value: str) -> None:
        """Set an option of the project's section, in memory. A literal ``%`` is written ``%%``."""
        self.set_section_option(self.config_ini_section, name, value)

    def remove_main_option(self, name: str) -> None:
        """Remove an option of the project's section, in memory."""
        self.file_config.remove_option(self.config_ini_section, name)

    def set_section_option(self, section: str, name: str, value: str) -> None:
        """Set an option of any section, in memory. A literal ``%`` is written ``%%``."""
        if not self.file_config.has_section(section):
            self.file_config.add_section(section)
        self.file_config.set(section, name, value)

    def get_section_option(self, section: str, name: str, default: str | None = None) -> str | None:
        """Return an option of a section of the ini file.

        Raises:
            CommandError: there is no such file or section.
        """
        if not self.file_config.has_section(section):
            raise CommandError(f"No config file {self.config_file_name!r} found, or file has no '[{section}]' section")
        if self.file_config.has_option(section, name):
            return self.file_config.get(section, name)
        return default

    def get_main_option(self, name: str, default: str | None = None) -> str | None:
        """Return an option of the project's section of the ini file."""
        return self.get_section_option(self.config_ini_section, name, default)

    def get_alembic_option(self, name: str, default: str | None = None) -> Any:
        """Return an option from the ini file's section or, when that has none, from the pyproject table."""
        if self.file_config.has_option(self.config_ini_section, name):
            return self.file_config.get(self.config_ini_section, name)
        return self._get_toml_config_value(name, default)

    def get_alembic_boolean_option(self, name: str) -> bool:
        """Return an option that is true or false; absent means false.

        Raises:
            CommandError: the pyproject table holds something else.
        """
        if self.file_config.has_option(self.config_ini_section, name):
            return self.file_config.get(self.config_ini_section, name) == "true"
        value = self._get_toml_config_value(name, None)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise CommandError(f"boolean value expected for TOML parameter {name!r}")
        return value

    @property
    def runs_environment(self) -> bool:
        """Tell whether ``revision_environment`` is set: commands that write revisions run env.py.

        Raises:
            SettingError: it is neither true nor false.
        """
        value = self.get_alembic_option("revision_environment")
        word = str(value or "").strip().lower()
        if word not in TRUE | FALSE:
            raise SettingError("revision_environment", value, "'true' or 'false'")
        return word in TRUE

    def _get_toml_config_value(self, name: str, default: Any | None = None) -> Any:
        value = self.toml_alembic_config.get(name)
        return default if value is None else self._interpolated(value)

    def _interpolated(self, value: Any) -> Any:
        """Put ``%(here)s`` and friends into the strings of a TOML value."""
        if isinstance(value, str):
            path = self._toml_file_path
            self.toml_args["here"] = path.absolute().parent.as_posix() if path is not None else "."
            try:
                return value % self.toml_args if "%" in value else value
            except (KeyError, TypeError, ValueError) as error:
                raise CommandError(
                    f"{path}: cannot fill in {value!r} ({error}); %(here)s is the file's folder, and a literal % is written %%"
                ) from error
        if isinstance(value, list):
            return [self._interpolated(part) for part in value]
        if isinstance(value, dict):
            return {name: self._interpolated(part) for name, part in value.items()}
        return value

    def _get_file_separator_char(self, *names: str) -> str | None:
        for name in names:
            choice = self.get_main_option(name)
            if choice is None:
                continue
            if name == "version_path_separator":
                _deprecated(
                    "The version_path_separator configuration parameter is deprecated; please use path_separator"
                )
            if choice not in SEPARATORS:
                raise SettingError(name, choice, "'space', 'newline', 'os', ':', ';'")
            return SEPARATORS[choice]
        return None

    def get_version_locations_list(self) -> list[str] | None:
        """Return the folders of revisions; None when the default folder serves."""
        text = self._ini_option("version_locations")
        if text is None:
            found: list[str] | None = self._get_toml_config_value("version_locations")
            return found
        separator = self._get_file_separator_char("path_separator", "version_path_separator")
        if separator:
            return _split(text, separator)
        _deprecated(
            "No path_separator found in configuration; falling back to legacy splitting on spaces/commas for "
            "version_locations.  Consider adding path_separator=os to Alembic config."
        )
        return [part for part in re.split(r", *|(?: +)", text) if part]

    def get_prepend_sys_paths_list(self) -> list[str] | None:
        """Return the folders to put in front of the import path; None when there are none."""
        text = self._ini_option("prepend_sys_path")
        if text is None:
            found: list[str] | None = self._get_toml_config_value("prepend_sys_path")
            return found
        separator = self._get_file_separator_char("path_separator")
        if separator or not text:
            return _split(text, separator)
        _deprecated(
            "No path_separator found in configuration; falling back to legacy splitting on spaces, commas, and colons "
            "for prepend_sys_path.  Consider adding path_separator=os to Alembic config."
        )
        return [part for part in re.split(r", *|(?: +)|\:", text) if part]

    def get_hooks_list(self) -> list[dict[str, Any]]:
        """Return the post-write hooks, in order, each with its ``_hook_name``.

        Raises:
            CommandError: a hook has no name.
        """
        declared = self._ini_hooks()
        if declared is not None:
            return declared
        hooks = []
        for table in self._get_toml_config_value("post_write_hooks") or []:
            options = dict(table)
            if "name" not in options:
                raise CommandError(
                    "Missing name for hook: a [[tool.alembic.post_write_hooks]] table needs a key 'name'"
                )
            hooks.append(
                {**{key: value for key, value in options.items() if key != "name"}, "_hook_name": options["name"]}
            )
        return hooks

    def _ini_hooks(self) -> list[dict[str, Any]] | None:
        section: Mapping[str, str] = self.get_section("post_write_hooks", {})
        names = [name for name in re.split(r"[\s,]+", section.get("hooks", "")) if name]
        if not names:
            return None
        return [
            {
                **{key[len(name) + 1 :]: value for key, value in section.items() if key.startswith(f"{name}.")},
                "_hook_name": name,
            }
            for name in names
        ]

    def _ini_option(self, name: str) -> str | None:
        try:
            return self.file_config.get(self.config_ini_section, name, fallback=None)
        except NoSectionError:
            return None


def _split(text: str, separator: str | None) -> list[str]:
    return [part.strip() for part in text.split(separator) if part.strip()]


def _deprecated(message: str) -> None:
    warnings.warn(message, DeprecationWarning, stacklevel=2)
