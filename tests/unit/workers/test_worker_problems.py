from __future__ import annotations

import sqlite3

import pytest
import sqlalchemy as sa

from stillhouse_engine import errors
from stillhouse_engine.worker.problems import problem_of, state_of
from stillhouse_engine.worker.scrub import scrub, secrets_of


def raised(source: str, filename: str = "/app/versions/r1.py") -> BaseException:
    """Raise something in a file of a user's."""
    try:
        exec(compile(source, filename, "exec"), {"sa": sa, "errors": errors})
    except BaseException as error:  # noqa: BLE001
        return error
    raise AssertionError("nothing was raised")


def test_an_error_in_a_users_file_names_it():
    problem = problem_of(raised("\n\nraise ValueError('bad data')"), revision="r1")
    assert (problem.kind, problem.message) == ("raised", "ValueError: bad data")
    assert (problem.file, problem.line, problem.revision) == ("/app/versions/r1.py", 3, "r1")
    assert "r1.py" in problem.traceback


def test_a_failing_statement_is_shown():
    source = "e = sa.create_engine('sqlite://')\nwith e.connect() as c: c.exec_driver_sql('drop table users')"
    problem = problem_of(raised(source))
    assert (problem.kind, problem.message, problem.statement) == ("sql", "no such table: users", "drop table users")
    assert (problem.file, problem.line) == ("/app/versions/r1.py", 2)


def test_a_syntax_error_points_to_its_line():
    problem = problem_of(raised("x = 1\ndef broken(:\n"))
    assert (problem.kind, problem.file, problem.line) == ("syntax", "/app/versions/r1.py", 2)


def test_a_users_own_network_error_is_not_the_databases():
    problem = problem_of(raised("raise ConnectionRefusedError('api.example.org')"))
    assert problem.kind == "raised"


def test_a_refused_connection_is_the_databases():
    assert problem_of(ConnectionRefusedError(111, "Connect call failed ('127.0.0.1', 1)")).kind == "unreachable"


@pytest.mark.parametrize(
    ("error", "kind", "state"),
    [
        (errors.LockBusyError("users", "pid 3"), "busy", "busy"),
        (errors.IndeterminateError("CREATE INDEX", "no index"), "indeterminate", "indeterminate"),
        (errors.MultipleHeads(["a", "b"], "head"), "multiple_heads", "failed"),
        (errors.ResolutionError("no such revision 'x'", "x"), "unknown_revision", "failed"),
        (errors.LoopDetected("a"), "cycle", "failed"),
        (errors.VersionMovedError("alembic_version", ["a"], ["b"]), "version_moved", "failed"),
        (errors.CommandError("can't"), "command", "failed"),
        (SystemExit(2), "exited", "failed"),
        (ModuleNotFoundError("No module named 'shop'"), "import", "failed"),
    ],
)
def test_each_error_has_its_kind_and_state(error, kind, state):
    assert (problem_of(error).kind, state_of(error)) == (kind, state)


def test_a_wrapped_database_error_keeps_the_revisions_facts_and_the_databases_kind():
    cause = sa.exc.OperationalError("alter table users", {}, sqlite3.OperationalError("database is locked"))
    cause.orig.sqlite_errorname = "SQLITE_BUSY"
    error = errors.MigrationScriptError("locked", file="r1.py", line=9, revision="r1", statement="alter table users")
    error.__cause__ = cause
    problem = problem_of(error)
    assert (problem.kind, problem.revision, problem.line, problem.statement) == ("locked", "r1", 9, "alter table users")
    assert "another program holds a lock" in problem.hint


def test_no_password_leaves_the_worker():
    secrets = secrets_of("postgresql://app:g%40nz+geheim@db/users")
    text = "connecting to postgresql://app:g%40nz+geheim@db/users with g@nz+geheim, password=other"
    assert scrub(text, secrets) == "connecting to postgresql://app:***@db/users with ***, password=***"
    assert problem_of(ValueError("it is g@nz+geheim"), secrets=secrets).message == "ValueError: it is ***"


@pytest.mark.parametrize(
    "url", ["postgresql://postgres:postgres@db/x", "sqlite:///x.db", "postgresql://app@db/x", "mysql://a:abc@db/x"]
)
def test_what_is_no_secret_stays_readable(url):
    assert secrets_of(url) == frozenset()
