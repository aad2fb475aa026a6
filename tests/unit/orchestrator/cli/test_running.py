"""How errors become messages and exit codes."""

from __future__ import annotations

import click
import pytest

from stillhouse_orchestrator.cli.exits import Exit
from stillhouse_orchestrator.cli.root import root, run
from stillhouse_orchestrator.cli.running import CommandFailedError, failing_cleanly
from stillhouse_orchestrator.errors import ConnectionFailedError


def test_an_error_of_ours_keeps_its_words_and_its_hint():
    with pytest.raises(CommandFailedError) as caught, failing_cleanly():
        raise ConnectionFailedError("unreachable", "db1:5432", "it refused", "start it")
    assert (str(caught.value), caught.value.hint, caught.value.exit_code) == (
        "db1:5432: it refused",
        "start it",
        Exit.FAILED,
    )


def test_one_error_inside_groups_is_shown_alone():
    inner = ConnectionFailedError("unreachable", "db1:5432", "it refused")
    with pytest.raises(CommandFailedError, match="it refused"), failing_cleanly():
        raise ExceptionGroup("tasks", [ExceptionGroup("more", [inner])])


def test_a_bug_is_called_a_bug_and_shows_no_password(monkeypatch):
    monkeypatch.delenv("STILLHOUSE_DEBUG", raising=False)
    with pytest.raises(CommandFailedError, match="a bug of Stillhouse") as caught, failing_cleanly():
        {}["postgresql://app:hunter22@db1/users"]
    assert "hunter22" not in str(caught.value)


def test_debugging_lets_a_bug_through(monkeypatch):
    monkeypatch.setenv("STILLHOUSE_DEBUG", "1")
    with pytest.raises(ZeroDivisionError), failing_cleanly():
        1 / 0  # noqa: B018


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["--version"], Exit.FINE), (["nonsense"], Exit.USAGE), (["status", "--nonsense"], Exit.USAGE), ([], Exit.USAGE)],
)
def test_exit_codes_of_the_command_line_itself(arguments, code, capsys):
    assert run(arguments) == code


def test_a_missing_fleet_file_is_a_mistake_of_the_user(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["validate"]) == Exit.USAGE
    err = capsys.readouterr().err
    assert "there is no such file" in err
    assert "stillhouse init" in err


def test_the_fleet_file_may_be_named_before_or_after_the_command_or_in_the_environment(tmp_path, monkeypatch, capsys):
    for arguments, environment in (
        (["-f", "a.yaml", "validate"], {}),
        (["validate", "-f", "a.yaml"], {}),
        (["validate"], {"STILLHOUSE_FLEET": "a.yaml"}),
        (["-f", "b.yaml", "validate", "-f", "a.yaml"], {"STILLHOUSE_FLEET": "c.yaml"}),
    ):
        with monkeypatch.context() as patch:
            patch.chdir(tmp_path)
            patch.delenv("STILLHOUSE_FLEET", raising=False)
            for key, value in environment.items():
                patch.setenv(key, value)
            assert run(arguments) == Exit.USAGE
            assert "a.yaml: there is no such file" in capsys.readouterr().err


def test_the_alembic_command_is_listed_with_the_others():
    assert "alembic" in root.list_commands(click.Context(root))
