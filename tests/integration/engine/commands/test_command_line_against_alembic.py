"""The command line, held against Alembic's: the same project, the same arguments, the same text and exit code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from command_runner import run_commands

if TYPE_CHECKING:
    from pathlib import Path

ENV = """
from sqlalchemy import create_engine, pool
from alembic import context

config = context.config


def offline():
    context.configure(url=config.get_main_option("sqlalchemy.url"), literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
    config.print_stdout("-- from %s to %s", context.get_starting_revision_argument(), context.get_revision_argument())


def online():
    engine = create_engine(config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=None)
        with context.begin_transaction():
            context.run_migrations()


offline() if context.is_offline_mode() else online()
"""
INI = """[alembic]
script_location = %(here)s/migrations
path_separator = os
prepend_sys_path = .
sqlalchemy.url = sqlite:///%(here)s/data.db
"""
REVISION = '''"""{doc}

Revision ID: {name}
"""
from alembic import op

revision = {name!r}
down_revision = {down!r}
branch_labels = {label!r}
depends_on = {depends!r}


def upgrade() -> None:
    op.execute("CREATE TABLE {name} (id INTEGER)")


def downgrade() -> None:
    op.execute("DROP TABLE {name}")
'''
PROJECTS = {
    "linear": [("aa11", None), ("bb22", "aa11"), ("cc33", "bb22"), ("dd44", "cc33")],
    "branches": [("aa11", None), ("bb22", "aa11", None, "left"), ("cc33", "aa11"), ("dd44", "cc33"), ("ee55", "bb22")],
    "merge": [("aa11", None), ("bb22", "aa11"), ("cc33", "aa11"), ("mm00", ("bb22", "cc33")), ("zz99", "mm00")],
    "bases": [("aa11", None), ("bb22", "aa11"), ("xx11", None, None, "extra"), ("xx22", "xx11", "bb22")],
    "depended head": [("aa11", None), ("bb22", "aa11"), ("xx11", None, ("bb22",), "extra")],
    "ids of other lengths": [("a1", None), ("bb22333", "a1"), ("cc33", "bb22333", None, "left"), ("dd44", "bb22333")],
    "empty": [],
}
READING = [
    ["history"],
    ["history", "-v"],
    ["history", "-r", "aa11:bb22"],
    ["history", "-r", ":bb22"],
    ["history", "-r", "bb22:"],
    ["history", "-r", "bb22:aa11"],
    ["history", "-r", "nope:"],
    ["history", "-r", "aa11"],
    ["history", "-raa11:+1"],
    ["history", "-r", "extra@base:"],
    ["history", "-r", "extra@base:extra@head"],
    ["history", "-r", "left@base:"],
    ["history", "-r", "left@aa11:"],
    ["history", "-r", "left@bb22:heads"],
    ["history", "-r", "bb22-1:"],
    ["history", "-r", "aa11:bb22+1"],
    ["history", "-r", "head-1:head"],
    ["history", "-r", "base:base"],
    ["history", "-r", "bb22:base"],
    ["heads"],
    ["heads", "-v"],
    ["heads", "--resolve-dependencies"],
    ["branches"],
    ["branches", "-v"],
    ["show", "head"],
    ["show", "heads"],
    ["show", "aa"],
    ["show", "base"],
    ["show", "nope"],
    ["show", "aa11:bb22"],
    ["edit", "nope"],
    ["edit", "base"],
    ["merge", "nope"],
    ["-q", "history"],
    ["-q", "heads", "-v"],
    ["revision", "--head", "nope"],
    ["revision", "--sql"],
    ["revision", "--autogenerate", "--sql"],
    ["revision", "--version-path", "elsewhere", "--head", "heads"],
    ["--version"],
    [],
    ["bogus"],
    ["upgrade"],
    ["-c", "absent.ini", "heads"],
    ["-c", "", "heads"],
    ["show", ""],
    ["-n", "absent", "heads"],
]
RUNNING = [
    ["current"],
    ["current", "-v"],
    ["current", "--check-heads"],
    ["upgrade", "aa11"],
    ["current"],
    ["history", "-i"],
    ["history", "-r", "current:"],
    ["history", "-r", ":current"],
    ["history", "-r", "base:current"],
    ["history", "-r", "current:heads", "-i"],
    ["history", "-r", "extra@base:current"],
    ["show", "current"],
    ["upgrade", "+1"],
    ["upgrade", "heads"],
    ["current"],
    ["current", "-v"],
    ["current", "--check-heads"],
    ["history", "-v", "-i"],
    ["upgrade", "aa11:heads"],
    ["upgrade", "nope"],
    ["downgrade", "nope"],
    ["downgrade", "aa11"],
    ["current"],
    ["downgrade", "base"],
    ["downgrade", "-1"],
    ["current"],
    ["stamp", "bb22"],
    ["current"],
    ["stamp", "nope"],
    ["stamp", "left@+1"],
    ["stamp", "nope@-1"],
    ["stamp", "aa11+1"],
    ["upgrade", ""],
    ["stamp", "heads", "base"],
    ["stamp", "base", "heads"],
    ["current"],
    ["stamp", "aa11"],
    ["current"],
    ["stamp", "--purge", "heads"],
    ["current"],
    ["stamp", "--purge", "base"],
    ["current"],
    ["stamp", "heads"],
    ["stamp", "base"],
    ["current"],
    ["ensure_version"],
]
OFFLINE = [
    ["upgrade", "aa11", "--sql"],
    ["upgrade", "aa11:bb22", "--sql"],
    ["upgrade", "heads", "--sql"],
    ["upgrade", "nope", "--sql"],
    ["downgrade", "bb22:aa11", "--sql"],
    ["downgrade", "bb22:base", "--sql"],
    ["downgrade", "base", "--sql"],
    ["stamp", "bb22", "--sql"],
    ["stamp", "aa11:bb22", "--sql"],
    ["stamp", "aa11:bb22", "bb22:aa11", "--sql"],
    ["stamp", "bb22", "--sql", "--purge"],
    ["ensure_version", "--sql"],
]
HELP = ["", "init", "revision", "merge", "upgrade", "downgrade", "stamp", "current", "heads", "history"]
HELP += ["branches", "show", "edit", "check", "list_templates", "ensure_version"]


def write_project(folder: Path, revisions: list[tuple]) -> Path:
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    (folder / "alembic.ini").write_text(INI)
    (folder / "migrations" / "env.py").write_text(ENV)
    (folder / "migrations" / "script.py.mako").write_text('"""${message}"""\nrevision = ${repr(up_revision)}\n')
    for revision in revisions:
        name, down, depends, label = (*revision, None, None)[:4]
        text = REVISION.format(doc=f"Make {name}", name=name, down=down, depends=depends, label=label)
        (versions / f"{name}_make.py").write_text(text)
    return folder


def both(tmp_path: Path, revisions: list[tuple], commands: list[list[str]]) -> tuple[list[dict], list[dict]]:
    """Run the same commands with both sides, each on a project of its own in a folder of the same name."""
    answers = []
    for side in ("alembic", "stillhouse"):
        folder = write_project(tmp_path / side / "project", revisions)
        answers.append([normal(answer, tmp_path / side) for answer in run_commands(side, folder, commands)])
    return answers[0], answers[1]


def normal(answer: dict, folder: Path) -> dict:
    """Take out what may differ: the folder, the time, and the order of rows and of names that Alembic keeps in sets."""
    out = answer["out"].replace(str(folder), "DIR")
    out = re.sub(r"Create Date: .*", "Create Date", out)
    out = re.sub(r"Branches into: (.*)", lambda match: f"Branches into: {sorted(match[1].split(', '))}", out)
    return {**answer, "out": MORE.sub("", out), "usage": [MORE.sub("", line) for line in answer["usage"]]}


def pairs(commands: list[list[str]], theirs: list[dict], ours: list[dict]):
    """Pair the answers, without those where Alembic trips over itself."""
    for arguments, expected, found in zip(commands, theirs, ours, strict=True):
        if str(expected["code"]).startswith("AssertionError"):
            assert found["code"] in {0, -1}, arguments
        else:
            yield arguments, expected, found


def unordered(answer: dict) -> dict:
    return {**answer, "out": sorted(answer["out"].splitlines())}


@pytest.mark.parametrize("name", PROJECTS)
def test_reading_commands_print_what_alembic_prints(tmp_path, name):
    theirs, ours = both(tmp_path, PROJECTS[name], READING)
    for arguments, expected, found in pairs(READING, theirs, ours):
        same = unordered if arguments[:1] == ["branches"] else dict
        assert same(found) == same(expected), arguments


@pytest.mark.parametrize("name", [name for name in PROJECTS if name != "empty"])
def test_commands_on_a_database_print_what_alembic_prints(tmp_path, name):
    theirs, ours = both(tmp_path, PROJECTS[name], RUNNING)
    for arguments, expected, found in pairs(RUNNING, theirs, ours):
        same = unordered if arguments[:1] == ["current"] or "current" in arguments else dict
        assert same(found) == same(expected), arguments


@pytest.mark.parametrize("name", ["linear", "branches", "bases"])
def test_offline_sql_is_alembics(tmp_path, name):
    theirs, ours = both(tmp_path, PROJECTS[name], OFFLINE)
    for arguments, expected, found in zip(OFFLINE, theirs, ours, strict=True):
        assert found == expected, arguments


MORE = re.compile(r",squash(?=,)|, 'squash'|\n    squash +[^\n]+")
"""The command that Alembic has not, in the lists of commands."""
BEYOND = re.compile(r"\s*\[--dry-run\]|\n  --dry-run +[^-]+?(?=\n  -|\n*$)")
"""Options that Alembic has not, in a usage line or with their help."""


def words(result: dict) -> dict:
    """Return a result with its help text as words: one more option breaks lines at other places."""
    return {**result, "out": BEYOND.sub("", result["out"]).split()}


LOGGING = [
    ["upgrade", "heads"],
    ["upgrade", "heads"],
    ["downgrade", "aa11"],
    ["upgrade", "heads"],
    ["downgrade", "base"],
    ["stamp", "bb22"],
    ["stamp", "heads"],
    ["stamp", "base"],
    ["upgrade", "heads", "--sql"],
    ["heads", "-v"],
    ["current", "-v"],
    ["upgrade", "nope"],
]


def steady(log: list[str]) -> list[str]:
    """Sort the words where Alembic's order of a merge's rows changes from run to run."""
    return [str(sorted(re.findall(r"\w+", line))) if "merge, " in line else line for line in log]


@pytest.mark.parametrize("name", ["linear", "merge", "depended head"])
def test_what_is_logged_is_alembics(tmp_path, name):
    logs = []
    for side in ("alembic", "stillhouse"):
        folder = write_project(tmp_path / side / "project", PROJECTS[name])
        logs.append([steady(answer["log"]) for answer in run_commands(side, folder, LOGGING, logs=True)])
    for arguments, expected, found in zip(LOGGING, *logs, strict=True):
        assert found == expected, arguments


DIRECTED = """
def process(context, revision, directives):
    script = directives[0]
    print(script.rev_id, script.message, script.head, script.splice, script.branch_label, script.depends_on, revision)


config.print_stdout("env.py ran")
"""


@pytest.mark.parametrize("word", ["true", "On", "no"])
def test_revisions_written_through_env_py_are_alembics(tmp_path, word):
    commands = [
        ["revision", "-m", "one", "--rev-id", "n1n1"],
        ["revision", "-m", "two", "--rev-id", "n2n2", "--head", "aa11", "--splice", "--depends-on", "n1n1"],
        ["revision", "-m", "three", "--rev-id", "n3n3", "--depends-on", "head"],
        ["revision", "--head", "n1n1", "--rev-id", "n4n4", "--depends-on", "head"],
        ["revision", "--rev-id", "n-3"],
        ["merge", "heads", "--rev-id", "mm00"],
        ["history"],
    ]
    outcomes = []
    for side in ("alembic", "stillhouse"):
        folder = write_project(tmp_path / side / "project", PROJECTS["linear"])
        env = ENV.replace("def offline", f"{DIRECTED}\n\ndef offline").replace(
            "target_metadata=None", "target_metadata=None, process_revision_directives=process"
        )
        (folder / "migrations" / "env.py").write_text(env)
        template = folder / "migrations" / "script.py.mako"
        names = ["up_revision", "down_revision", "branch_labels", "depends_on"]
        header = "".join(f"{name.removeprefix('up_')} = ${{repr({name})}}\n" for name in names)
        template.write_text(
            header + "def upgrade():\n    ${upgrades or 'pass'}\ndef downgrade():\n    ${downgrades or 'pass'}\n"
        )
        (folder / "alembic.ini").write_text(f"{INI}revision_environment = {word}\n")
        answers = [normal(answer, tmp_path / side) for answer in run_commands(side, folder, commands)]
        files = {path.name: path.read_text() for path in (folder / "migrations" / "versions").glob("*.py")}
        outcomes.append((answers, files))
    (theirs, their_files), (ours, our_files) = outcomes
    for arguments, expected, found in zip(commands, theirs, ours, strict=True):
        assert found == expected, arguments
    assert our_files == their_files


def test_help_is_alembics(tmp_path):
    assert "squash" in run_commands("stillhouse", tmp_path, [["--help"]])[0]["out"]
    commands = [[*name.split(), "--help"] for name in HELP]
    theirs, ours = both(tmp_path, [], commands)
    for arguments, expected, found in zip(commands, theirs, ours, strict=True):
        if {"upgrade", "downgrade"} & set(arguments):
            assert "--dry-run" in str(found)
            assert words(found) == words(expected), arguments
        else:
            assert found == expected, arguments


def test_written_revisions_are_alembics(tmp_path):
    """From ``init`` over ``revision`` and ``merge`` to ``upgrade``: the same messages, the same files."""
    commands = [
        ["init", "scripts"],
        ["init", "scripts"],
        ["revision", "-m", "first one", "--rev-id", "aa11"],
        ["revision", "-m", "two", "--rev-id", "bb22"],
        ["revision", "-m", "other", "--head", "base", "--branch-label", "extra", "--rev-id", "xx11"],
        ["revision", "-m", "ambiguous"],
        ["revision", "-m", "no head", "--head", "aa11"],
        ["revision", "-m", "spliced", "--head", "aa11", "--splice", "--rev-id", "ss11"],
        ["merge", "bb22", "ss11", "-m", "joined", "--rev-id", "mm00"],
        ["merge", "aa11"],
        ["merge", "aa11", "aa11"],
        ["revision", "--head", "extra@head", "--depends-on", "mm00", "--rev-id", "xx22"],
        ["revision", "--head", "xx22", "--depends-on", "extra", "--rev-id", "xx33"],
        ["revision", "--head", "xx33", "--depends-on", "mm00", "--depends-on", "aa11", "--rev-id", "xx44"],
        ["revision", "--head", "xx44", "-m", "", "--rev-id", "xx55"],
        ["revision", "--head", "mm00", "--depends-on", "nope"],
        [
            "revision",
            "-m",
            "A very long message! with Ünicode & symbols, over forty",
            "--head",
            "mm00",
            "--rev-id",
            "nn00",
        ],
        ["revision", "--rev-id", "a-b", "--head", "heads"],
        ["history"],
        ["heads"],
    ]
    trees = []
    for side in ("alembic", "stillhouse"):
        folder = tmp_path / side / "project"
        folder.mkdir(parents=True)
        answers = [normal(answer, tmp_path / side) for answer in run_commands(side, folder, commands)]
        answers[0]["out"] = sorted(answers[0]["out"].splitlines())
        versions = folder / "scripts" / "versions"
        files = {path.name: re.sub("Create Date: .*", "", path.read_text()) for path in sorted(versions.glob("*.py"))}
        trees.append((answers, files))
    (theirs, their_files), (ours, our_files) = trees
    for arguments, expected, found in zip(commands, theirs, ours, strict=True):
        assert found == expected, arguments
    assert our_files == their_files


MODELS = """
import sqlalchemy as sa

metadata = sa.MetaData()
sa.Table(
    "account",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(30), nullable=False),
    sa.Column("made", sa.DateTime, server_default=sa.func.now()),
    sa.UniqueConstraint("name", name="uq_account_name"),
)
sa.Table(
    "entry",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("account_id", sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False, index=True),
)
"""
GENERATING = [
    ["revision", "--autogenerate", "-m", "first", "--rev-id", "aa11"],
    ["check"],
    ["upgrade", "head"],
    ["check"],
    ["-q", "check"],
    ["revision", "--autogenerate", "-m", "nothing", "--rev-id", "bb22"],
    ["revision", "--autogenerate", "-m", "behind", "--rev-id", "cc33"],
    ["upgrade", "aa11:bb22", "--sql"],
    ["downgrade", "head:base", "--sql"],
    ["current", "--check-heads"],
    ["upgrade", "head"],
    ["current", "-v", "--check-heads"],
    ["history", "-r", "aa11:+1", "-v", "-i"],
    ["downgrade", "base"],
]


@pytest.mark.parametrize("template", ["generic", "async", "multidb", "pyproject", "pyproject_async"])
def test_projects_from_every_template_live_alike(tmp_path, template):
    """From ``init`` over ``revision --autogenerate`` and ``upgrade`` back to the base."""
    lives = [live(tmp_path / side, side, template) for side in ("alembic", "stillhouse")]
    (theirs, their_files), (ours, our_files) = lives
    for arguments, expected, found in zip(GENERATING, theirs, ours, strict=True):
        assert found == expected, arguments
    assert our_files == their_files


def live(place: Path, side: str, template: str) -> tuple[list[dict], dict[str, str]]:
    folder = place / "project"
    folder.mkdir(parents=True)
    assert run_commands(side, folder, [["init", "-t", template, "scripts"]])[0]["code"] == 0
    (folder / "models.py").write_text(MODELS)
    ini, env = folder / "alembic.ini", folder / "scripts" / "env.py"
    driver = "sqlite+aiosqlite" if "async" in template else "sqlite"
    numbers = iter(range(9))
    ini.write_text(
        re.sub("sqlalchemy.url = .*", lambda _: f"sqlalchemy.url = {driver}:///data{next(numbers)}.db", ini.read_text())
    )
    target = '{"engine1": metadata, "engine2": metadata}' if template == "multidb" else "metadata"
    env.write_text(
        re.sub(
            r"^target_metadata = .*$",
            f"from models import metadata\ntarget_metadata = {target}",
            env.read_text(),
            flags=re.MULTILINE,
        )
    )
    answers = [normal(answer, place) for answer in run_commands(side, folder, GENERATING)]
    versions = folder / "scripts" / "versions"
    return answers, {path.name: re.sub("Create Date: .*", "", path.read_text()) for path in versions.glob("*.py")}
