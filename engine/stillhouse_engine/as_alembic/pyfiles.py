"""Files and modules, as ``alembic.util`` names what it does with them."""

from __future__ import annotations

import importlib.util
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillhouse_engine.errors import CommandError
from stillhouse_engine.script.loading import compiled_file, load_file

if TYPE_CHECKING:
    from types import ModuleType

__all__ = [
    "coerce_resource_to_filename",
    "load_module_py",
    "load_python_file",
    "open_in_editor",
    "pyc_file_from_path",
    "template_to_file",
]

is_posix = os.name == "posix"
py311 = sys.version_info >= (3, 11)
py312 = sys.version_info >= (3, 12)
py313 = sys.version_info >= (3, 13)
py314 = sys.version_info >= (3, 14)


def load_python_file(dir_: str | os.PathLike[str], filename: str | os.PathLike[str]) -> ModuleType:
    """Import a file of a folder as a module of its own."""
    return load_file(Path(dir_) / filename)


def load_module_py(module_id: str, path: str | os.PathLike[str]) -> ModuleType:
    """Import a file as a module."""
    del module_id  # the engine names modules after their files
    return load_file(Path(path))


def pyc_file_from_path(path: str | os.PathLike[str]) -> Path | None:
    """Return the compiled form of a file, if there is one."""
    return compiled_file(Path(path))


def coerce_resource_to_filename(fname_or_resource: str) -> Path:
    """Return a path; ``package:path`` is below that package's folder.

    Raises:
        CommandError: there is no such package.
    """
    package, colon, rest = fname_or_resource.partition(":")
    if not colon or Path(fname_or_resource).is_absolute():
        return Path(fname_or_resource)
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise CommandError(f"there is no package {package!r} for {fname_or_resource!r}")
    return Path(next(iter(spec.submodule_search_locations)), *rest.split(":"))


def template_to_file(
    template_file: str | os.PathLike[str],
    dest: str | os.PathLike[str],
    output_encoding: str,
    *,
    append_with_newlines: bool = False,
    **kw: Any,
) -> None:
    """Write a Mako template, filled in, to a file.

    Raises:
        CommandError: the template fails.
    """
    from mako.exceptions import text_error_template  # type: ignore[import-untyped]
    from mako.template import Template  # type: ignore[import-untyped]

    template = Template(filename=str(template_file))  # noqa: S702 - it makes Python, not HTML
    try:
        output = template.render_unicode(**kw).encode(output_encoding)
    except Exception as error:
        raise CommandError(f"Template rendering failed: {text_error_template().render_unicode()}") from error
    with Path(dest).open("ab" if append_with_newlines else "wb") as file:
        file.write(b"\n\n" + output if append_with_newlines else output)


def open_in_editor(filename: str, environ: dict[str, str] | None = None) -> None:
    """Open a file in the editor of ``$EDITOR`` or ``$VISUAL``.

    Raises:
        CommandError: no editor is set, or it fails.
    """
    settings = os.environ if environ is None else environ
    editor = settings.get("EDITOR") or settings.get("VISUAL")
    if not editor:
        raise CommandError("No editor found; set the environment variable EDITOR")
    try:
        subprocess.run([*shlex.split(editor), filename], check=True)  # noqa: S603 - the user's own editor
    except (OSError, subprocess.CalledProcessError) as error:
        raise CommandError(f"Error executing editor ({error})") from error
