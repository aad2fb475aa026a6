"""Opens a file in the person's editor."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING

from stillhouse_engine.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULTS = ("sensible-editor", "editor", "nano", "vim", "code")


def open_in_editor(path: str, environ: Mapping[str, str] | None = None) -> None:
    """Open a file in ``$VISUAL``, ``$EDITOR``, or the first editor that this machine has, and wait.

    Raises:
        CommandError: there is no editor, or it failed.
    """
    command = [*find_editor(os.environ if environ is None else environ), path]
    try:
        subprocess.run(command, check=True)  # noqa: S603 - the person's own editor
    except (OSError, subprocess.SubprocessError) as error:
        raise CommandError(f"Error executing editor ({error})") from error


def find_editor(environ: Mapping[str, str]) -> list[str]:
    """Return the command of an editor.

    Raises:
        CommandError: there is none.
    """
    wanted = [environ[name] for name in ("VISUAL", "EDITOR") if environ.get(name)]
    for choice in (*wanted, *DEFAULTS):
        words = shlex.split(choice)
        found = shutil.which(words[0], path=environ.get("PATH")) if words else None
        if found:
            return [found, *words[1:]]
    raise CommandError("No editor found; set the environment variable EDITOR")
