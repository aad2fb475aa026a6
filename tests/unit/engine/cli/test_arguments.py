from __future__ import annotations

import subprocess
import sys
from argparse import Namespace

import pytest
from sqlalchemy.exc import OperationalError

from stillhouse_engine.cli import CommandLine
from stillhouse_engine.errors import CommandError


def greet(config, name: str, message: str | None = None) -> None:
    """Greet somebody.

    Further paragraphs are not shown.
    """
    config.print_stdout("%s, %s", message, name)


def test_registered_functions_become_commands(capsys):
    line = CommandLine()
    line.register_command(greet)
    options = line.parser.parse_args(["greet", "world", "-m", "Hello"])
    assert (options.cmd[0], options.name, options.message) == (greet, "world", "Hello")
    with pytest.raises(SystemExit):
        line.parser.parse_args(["--help"])
    assert "Greet somebody." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (None, ("pyproject.toml", "alembic.ini")),
        (["a.ini"], ("pyproject.toml", "a.ini")),
        (["sub/pyproject.toml"], ("sub/pyproject.toml", "alembic.ini")),
        (["pyproject.toml", "b.ini"], ("pyproject.toml", "b.ini")),
    ],
)
def test_configuration_files_by_their_names(monkeypatch, given, found):
    monkeypatch.delenv("ALEMBIC_CONFIG", raising=False)
    assert CommandLine()._inis_from_config(Namespace(config=given)) == found


def test_configuration_file_from_the_environment(monkeypatch):
    monkeypatch.setenv("ALEMBIC_CONFIG", "env.ini")
    assert CommandLine()._inis_from_config(Namespace(config=None)) == ("pyproject.toml", "env.ini")


def test_two_ini_files_are_refused():
    with pytest.raises(CommandError, match="only one ini file may be indicated"):
        CommandLine()._inis_from_config(Namespace(config=["a.ini", "b.ini"]))


def test_help_and_listing_import_no_sqlalchemy():
    code = (
        "import sys, stillhouse_engine.cli; assert not [m for m in sys.modules if m.startswith(('sqlalchemy', 'mako'))]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_the_database_says_is_a_message_and_with_raiseerr_a_traceback(capsys):
    def refuse(config) -> None:
        """Fail as a driver does."""
        error = OperationalError("select 1", {}, Exception("connection refused"))
        error.add_note("while running revision r1")
        raise error

    line = CommandLine()
    line.register_command(refuse)
    with pytest.raises(SystemExit):
        line.main(["refuse"])
    with pytest.raises(OperationalError):
        line.main(["--raiseerr", "refuse"])

    assert "connection refused" in (said := "".join(capsys.readouterr()))
    assert "Background" not in said
    assert said.rstrip().endswith("while running revision r1")
