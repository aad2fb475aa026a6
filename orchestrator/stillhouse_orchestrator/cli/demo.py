"""``stillhouse demo``: the whole main job on an embedded fleet, told as it happens, and checked."""

from __future__ import annotations

import contextlib
import io
import json
import shlex
import sqlite3
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stillhouse_orchestrator import scaffolds
from stillhouse_orchestrator.cli import root
from stillhouse_orchestrator.cli.exits import Exit
from stillhouse_orchestrator.cli.running import CommandFailedError, failing_cleanly

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DATABASES = {"users_db": "users.db", "analytics_db": "analytics.db", "logs_db": "logs.db"}
VERSION_TABLES = {"users_db": "users_version", "analytics_db": "analytics_version", "logs_db": "logs_version"}
HEADS = {"users_db": "u003", "analytics_db": "a002", "logs_db": "l001"}
BY_HAND = {
    "users_db": ("ALTER TABLE users ADD COLUMN nickname VARCHAR(50)", "DROP INDEX ix_users_email"),
    "analytics_db": ("CREATE TABLE tmp_export (id INTEGER PRIMARY KEY, payload TEXT)",),
}
FOUND = {
    "users_db": {("extra", "column", "users.nickname"), ("missing", "index", "users.ix_users_email")},
    "analytics_db": {("extra", "table", "tmp_export")},
}


@click.command()
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(file_okay=False, path_type=Path))
def demo(folder: Path | None) -> int:
    """Migrate an embedded fleet of three databases, change two by hand, find the drift, repair it.

    Everything happens in DIR, which is kept, or in a temporary folder.
    """
    with failing_cleanly(), _folder(folder) as place:
        _tell(place, kept=folder is not None)
    return Exit.FINE


@contextlib.contextmanager
def _folder(folder: Path | None) -> Iterator[Path]:
    """Work in a folder; commands shown in the story then need no ``-f``."""
    with contextlib.ExitStack() as stack:
        place = Path(folder or stack.enter_context(tempfile.TemporaryDirectory(prefix="stillhouse-demo-")))
        place.mkdir(parents=True, exist_ok=True)
        stack.enter_context(contextlib.chdir(place))
        yield Path.cwd()


def _tell(place: Path, *, kept: bool) -> None:
    _heading(1, "A fleet of three databases with different metadata and different version tables")
    scaffolds.write("demo", place)
    click.echo((place / "fleet.yaml").read_text())
    _heading(2, "Bring all of them to their heads, at once")
    _run("up")
    _run("status")
    _expect_versions()
    _heading(3, "Somebody changes two of them by hand, at midnight")
    for target, statements in BY_HAND.items():
        _by_hand(target, statements)
    _heading(4, "The drift is found, object by object, and an alert opens")
    _run("drift", "check", "--log-level", "warning", "--log-format", "console", expected=Exit.DRIFT)
    _run("alerts", "list")
    _expect_found()
    _heading(5, "Repair: the SQL is shown, run under the migration lock, and the result verified")
    for target in BY_HAND:
        _run("drift", "repair", target, "--yes")
    _heading(6, "In sync again; the alerts resolved themselves")
    _run("drift", "check")
    _run("alerts", "list")
    _run("history", "--event", "drift.", "--limit", "10")
    _expect_repaired()
    where = f"look around in {place}" if kept else "run `stillhouse demo DIR` to keep the folder and look around"
    click.secho(
        f"\nThe demo's own checks passed: three databases at their heads, drift found, named and repaired; {where}.",
        bold=True,
    )


def _heading(number: int, text: str) -> None:
    click.secho(f"\n{number}. {text}\n", bold=True)


def _run(*arguments: str, expected: Exit = Exit.FINE) -> None:
    """Run one command as a person would, and check how it ended."""
    click.secho(f"$ stillhouse {shlex.join(arguments)}", fg="blue")
    code = root.run(arguments)
    click.echo()
    if code != expected:
        raise CommandFailedError(
            f"`stillhouse {shlex.join(arguments)}` ended with {code}, and should have with {int(expected)}"
        )


def _by_hand(target: str, statements: Sequence[str]) -> None:
    with contextlib.closing(sqlite3.connect(DATABASES[target])) as database:
        for statement in statements:
            click.echo(f"{DATABASES[target]}> {statement};")
            database.execute(statement)
        database.commit()


def _expect_versions() -> None:
    for target, head in HEADS.items():
        with contextlib.closing(sqlite3.connect(DATABASES[target])) as database:
            found = database.execute(f"SELECT version_num FROM {VERSION_TABLES[target]}").fetchall()
        _expect(found == [(head,)], f"{target} is at {found}, and should be at {head}")


def _expect_found() -> None:
    """Read the reports as a program would."""
    for target, wanted in FOUND.items():
        changes = _report(target)["changes"]
        found = {(change["op"], change["kind"], change["object"]) for change in changes}
        _expect(found == wanted, f"{target}: found {sorted(found)}, and should have found {sorted(wanted)}")
    _expect(not _report("logs_db")["changes"], "logs_db was not touched, and something was found")


def _expect_repaired() -> None:
    for target, file in DATABASES.items():
        with contextlib.closing(sqlite3.connect(file)) as database:
            names = {row[0] for row in database.execute("SELECT name FROM sqlite_master")}
            columns = {row[1] for row in database.execute("SELECT * FROM pragma_table_info('users')")}
        _expect("tmp_export" not in names and "nickname" not in columns, f"{target} still has what was made by hand")
        _expect(
            target != "users_db" or "ix_users_email" in names, "the index that was dropped by hand is still missing"
        )


def _report(target: str) -> dict[str, list[dict[str, str]]]:
    """Return what ``drift show --json`` prints about a target."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        root.run(["drift", "show", target, "--json"])
    report: dict[str, list[dict[str, str]]] = json.loads(printed.getvalue())["targets"][0]
    return report


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise CommandFailedError(f"the demo failed its own check: {otherwise}")
