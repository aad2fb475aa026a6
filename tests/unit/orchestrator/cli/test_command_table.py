"""The table of commands: everything in it exists, has help, is documented; nothing heavy is imported to list it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from stillhouse_orchestrator.cli.lazy import LazyGroup
from stillhouse_orchestrator.cli.root import PLACES, root

HEAVY = ("sqlalchemy", "pydantic", "asyncio", "fastapi", "structlog", "rich", "yaml")
REFERENCE = Path(__file__).parents[4] / "docs" / "reference" / "command-line.md"


def commands(group: click.Group, prefix: str = "") -> list[tuple[str, click.Command]]:
    context = click.Context(group)
    found = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found.append((f"{prefix}{name}", command))
        if isinstance(command, click.Group):
            found += commands(command, f"{prefix}{name} ")
    return found


ALL = commands(root)


@pytest.mark.parametrize("arguments", [["--help"], ["drift", "--help"]])
def test_help_imports_nothing_heavy(arguments):
    program = (
        "import sys; from stillhouse_orchestrator.cli.root import run\n"
        f"run({arguments!r}); print(*sys.modules, file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    imported = {name.partition(".")[0] for name in result.stderr.split()}
    assert not imported & set(HEAVY)


@pytest.mark.parametrize(("name", "command"), ALL, ids=[name for name, _ in ALL])
def test_every_command_says_what_it_does_and_is_documented(name, command):
    assert command.help
    assert f"`stillhouse {name}" in REFERENCE.read_text(), f"docs/reference/command-line.md does not show {name}"


@pytest.mark.parametrize(("name", "command"), ALL, ids=[name for name, _ in ALL])
def test_every_option_is_documented_with_its_command(name, command):
    text = REFERENCE.read_text()
    options = {
        option
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
        if option.startswith("--")
    }
    missing = sorted(option for option in options if f"`{option}" not in text)
    assert not missing


def test_summaries_are_sentences_of_one_line():
    group = root
    assert isinstance(group, LazyGroup)
    for place in PLACES.values():
        assert place.summary.endswith(".")
        assert len(place.summary) < 70
