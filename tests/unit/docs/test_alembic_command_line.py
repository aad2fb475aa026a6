"""Promise: the page of the Alembic-shaped command line has every command with every argument, and no others."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from stillhouse_engine.cli import CommandLine

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "alembic-command-line.md").read_text()
SECTIONS = {
    title: re.findall(r"^\| (`.*?) \| ", text, re.MULTILINE)
    for title, text in re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
}
LINE = CommandLine(prog="alembic")
PARSERS = {"Options of all commands": LINE.parser, **LINE.subparsers.choices}


def arguments(parser: argparse.ArgumentParser) -> list[list[str]]:
    return [
        action.option_strings or [action.dest]
        for action in parser._actions
        if not isinstance(action, argparse._HelpAction | argparse._SubParsersAction)
    ]


def test_every_command_has_a_section():
    assert sorted(SECTIONS) == sorted([*PARSERS, "Targets", "Dry runs"])


@pytest.mark.parametrize("title", PARSERS)
def test_every_argument_is_documented(title):
    assert [re.findall(r"`([^`]+)`", row) for row in SECTIONS[title]] == arguments(PARSERS[title])
