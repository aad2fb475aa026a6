"""Runs formatters and other programs on a revision file that was just written."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from stillhouse_engine.errors import CommandError
from stillhouse_engine.messaging import status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

REVISION_SCRIPT_TOKEN = "REVISION_SCRIPT_FILENAME"  # noqa: S105 - a placeholder in option strings

_registry: dict[str, Callable[..., Any]] = {}


def register(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a function available as a hook ``type``; it is called with the file's path and the hook's options."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        _registry[name] = function
        return function

    return decorate


def _invoke(name: str, revision_path: str | os.PathLike[str], options: Mapping[str, Any]) -> Any:
    """Run one hook.

    Raises:
        CommandError: there is no hook of that type.
    """
    try:
        hook = _registry[name]
    except KeyError as error:
        raise CommandError(f"No formatter with name '{name}' registered") from error
    return hook(os.fspath(revision_path), options)


def _run_hooks(path: str | os.PathLike[str], hooks: list[dict[str, Any]]) -> None:
    """Run all hooks, in order."""
    for hook in hooks:
        name = hook.get("_hook_name", "")
        try:
            kind = hook["type"]
        except KeyError as error:
            raise CommandError(
                f"Key '{name}.type' (or 'type' in toml) is required for post write hook '{name}'"
            ) from error
        with status(f"Running post write hook {name!r}", newline=True):
            _invoke(kind, path, hook)


def _parse_cmdline_options(cmdline_options_str: str, path: str) -> list[str]:
    """Split an option string and put the file's path into it, in front when the string does not say where."""
    words = shlex.split(cmdline_options_str, posix=os.name != "nt")
    if not any(REVISION_SCRIPT_TOKEN in word for word in words):
        words.insert(0, REVISION_SCRIPT_TOKEN)
    return [word.replace(REVISION_SCRIPT_TOKEN, path) for word in words]


def _get_required_option(options: Mapping[str, Any], name: str) -> str:
    try:
        value: str = options[name]
    except KeyError as error:
        hook = options.get("_hook_name", "")
        raise CommandError(f"Key {hook}.{name} is required for post write hook '{hook}'") from error
    return value


def _run_hook(path: str, options: Mapping[str, Any], command: list[str], *, ignore_output: bool) -> None:
    more: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL} if ignore_output else {}
    words = [*command, *_parse_cmdline_options(options.get("options", ""), path)]
    try:
        subprocess.run(words, cwd=options.get("cwd"), check=False, **more)  # noqa: S603 - the project's own configuration
    except OSError as error:
        hook = options.get("_hook_name", "")
        raise CommandError(f"Post write hook '{hook}' cannot run {words[0]}: {error.strerror}") from error


@register("console_scripts")
def console_scripts(
    path: str, options: Mapping[str, Any], ignore_output: bool = False, verify_version: tuple[int, ...] | None = None
) -> None:
    """Run an installed console script with this interpreter."""
    name = _get_required_option(options, "entrypoint")
    try:
        (entry,) = importlib.metadata.entry_points(group="console_scripts", name=name)
    except ValueError as error:
        raise CommandError(f"Could not find entrypoint console_scripts.{name}") from error
    check = f"; assert tuple({entry.module}.__version__.split('.')) >= {verify_version!r}" if verify_version else ""
    call = f"import {entry.module}{check}; {entry.module}.{entry.attr}()"
    _run_hook(path, options, [sys.executable, "-c", call], ignore_output=ignore_output)


@register("exec")
def exec_(path: str, options: Mapping[str, Any], ignore_output: bool = False) -> None:
    """Run any program."""
    _run_hook(path, options, [_get_required_option(options, "executable")], ignore_output=ignore_output)


@register("module")
def module(path: str, options: Mapping[str, Any], ignore_output: bool = False) -> None:
    """Run a module with this interpreter."""
    name = _get_required_option(options, "module")
    if importlib.util.find_spec(name) is None:
        raise CommandError(f"Could not find module {name}")
    _run_hook(path, options, [sys.executable, "-m", name], ignore_output=ignore_output)
