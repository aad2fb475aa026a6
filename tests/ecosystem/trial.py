"""Run real projects over the import bridge and with Alembic itself, and tell what differs.

``python tests/ecosystem/trial.py [NAME...]`` runs the projects of ``trials.toml``, or those of these names. It installs each from the
package index into an environment of its own, with neither Alembic nor Stillhouse in it, starts the database servers, and runs
the same commands on both sides. With ``STILLHOUSE_MYSQLD`` the server is MySQL where MariaDB is named. The suite does not
run it: the environments are large.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "acceptance")]

import sqlalchemy as sa  # noqa: E402
from bridged_environments import SIDES, Environment, cached, make_reference  # noqa: E402
from real_projects import ALEMBIC, uv  # noqa: E402
from workplaces import MARIADB, POSTGRESQL, SQLITE, Workplace, without_kept  # noqa: E402

import servers  # noqa: E402 - found on the path that is set above

ADMINISTRATORS = {POSTGRESQL: ("postgres", "psycopg"), MARIADB: ("", "pymysql")}
PASSING = [
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?([.,]\d+)?Z?( \d+ )?", "TIME "),
    (r"req-[-0-9a-f]+", "REQUEST"),
    (r"loc=\w+\.py:\d+", "loc=PLACE"),
    (r"\d+\.\d+ seconds", "SECONDS"),
    (r"0x[0-9a-f]{6,}", "ADDRESS"),
    (r"(Branch names|Branches into): .*", r"\1"),  # Alembic keeps them in sets
]
"""What differs from run to run."""


@dataclass(frozen=True)
class Trial:
    """A project of the list.

    Attributes:
        name: its name.
        packages: requirements of its environment.
        steps: commands; ``{url}``, ``{folder}``, ``{database}``, ``{port}``, ``{site}`` and
            ``{programs}`` are filled in. After ``~`` the output is not compared.
        drivers: drivers by dialect.
        python: which Python it needs.
        shared: name of an environment that several have.
        settings: environment variables.
        files: files of the working folder.
        alike: texts of our schema with what Alembic makes of them; each is a difference that the docs explain.
        kept: indexes that Alembic's batches lose, or lose a part of, on SQLite; ours keep them.
    """

    name: str
    packages: list[str]
    steps: list[str]
    drivers: dict[str, str]
    python: str = "3.11"
    shared: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    alike: dict[str, str] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)

    def environment(self) -> Environment:
        """Make the environment, or return it."""
        made = cached(f"trial-{self.shared or self.name}", " ".join([self.python, *self.packages]), self._make)
        return Environment(made / "bin", cached("alembic", " ".join(ALEMBIC), make_reference))

    def _make(self, folder: Path, _name: str) -> None:
        quiet, python = [uv(), "--quiet"], folder / "bin" / "python"
        subprocess.run([*quiet, "venv", "--python", self.python, folder], check=True)
        subprocess.run([*quiet, "pip", "install", "--compile-bytecode", "--python", python, *self.packages], check=True)
        subprocess.run([*quiet, "pip", "uninstall", "--python", python, "alembic"], check=True)


class Place(Workplace):
    """Where one side works."""

    def fill(self, text: str) -> str:
        known = {
            "url": self.url,
            "folder": self.folder,
            "database": self.database,
            "port": getattr(self.server, "port", ""),
        }
        return re.sub(r"\{(url|folder|database|port)\}", lambda found: str(known[found[1]]), text)


@dataclass(frozen=True)
class Outcome:
    """What a command left behind.

    Attributes:
        code: its exit code.
        seconds: processor time of the process.
        schema: lines of the schemas.
        output: lines of the output.
    """

    code: int
    seconds: float
    schema: list[str]
    output: list[str]


def spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def site_of(environment: Environment) -> str:
    """Return the folder of the packages."""
    return str(next((environment.programs.parent / "lib").glob("python*")) / "site-packages")


def run(trial: Trial, environment: Environment, place: Place, side: str, step: str) -> Outcome:
    """Run one step on one side."""
    site, programs = site_of(environment), str(HERE / "programs")
    before = spent()
    words = [place.fill(word.replace("{site}", site).replace("{programs}", programs)) for word in step.split()]
    done = environment.start(side, words, place.folder, **{k: place.fill(v) for k, v in trial.settings.items()})
    seconds = spent() - before
    text = done.stdout.replace(str(place.folder), "FOLDER").replace(str(place.database) or "FOLDER", "DATABASE")
    for pattern, name in PASSING:
        text = re.sub(pattern, name, text)
    schema = without_kept(place.schema(), trial.kept) if trial.kept and place.dialect == SQLITE else place.schema()
    lines = [reworded(str(line), trial.alike) for line in flat(schema)]
    if done.returncode:
        sys.stdout.write(f"    {side} ends with {done.returncode}: {(done.stderr or done.stdout).strip()[-200:]}\n")
    return Outcome(done.returncode, seconds, lines, text.splitlines())


def reworded(line: str, alike: dict[str, str]) -> str:
    for ours, theirs in alike.items():
        line = line.replace(ours, theirs)
    return line


def flat(schema) -> list:
    """Return nested lines in a row."""
    if isinstance(schema, dict):
        return [line for name, each in schema.items() for line in [name, *flat(each)]]
    if isinstance(schema, list | tuple) and any(isinstance(each, list | tuple | dict) for each in schema):
        return [line for each in schema for line in flat(each)]
    return [schema] if isinstance(schema, str) else list(schema)


def compare(trial: Trial, dialect: str, places: dict[str, Place]) -> Counter:
    """Run all steps on one database, tell the differences, and count them."""
    environment = trial.environment()
    for place in places.values():
        for name, text in trial.files.items():
            (place.folder / name).write_text(place.fill(text.replace("{site}", site_of(environment))))
    found = Counter()
    for step in trial.steps:
        theirs, ours = (run(trial, environment, places[side], side, step.lstrip("~")) for side in reversed(SIDES))
        looks = [("exit codes", [str(theirs.code)], [str(ours.code)]), ("schemas", theirs.schema, ours.schema)]
        if not step.startswith("~"):
            looks.append(("outputs", theirs.output, ours.output))
        different = [look for look in looks if look[1] != look[2]]
        verdict = ", ".join(f"{look[0]} differ" for look in different) or "alike"
        size = f"{len(theirs.schema)} lines of schema"
        sys.stdout.write(
            f"{trial.name} {dialect} `{step}`: {verdict}; {size}; {theirs.seconds:.1f} s, {ours.seconds:.1f} s\n"
        )
        for _, one, other in different:
            shown = list(difflib.unified_diff(one, other, "alembic", "stillhouse", n=1, lineterm=""))
            sys.stdout.writelines(f"    {line}\n" for line in shown[:60])
        found += Counter(steps=1, differences=len(different))
    return found


def database(server, dialect: str, number: int) -> str:
    """Make a database."""
    name = f"trial{number}"
    default, driver = ADMINISTRATORS[dialect]
    engine = sa.create_engine(server.url(default, driver), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    return name


def main() -> int:
    """Run the trials; return 1 where something differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("-d", "--dialect", action="append", help="run on these databases only")
    given = parser.parse_args()
    known = tomllib.loads((HERE / "trials.toml").read_text())
    shared = known.pop("environments")
    trials = [Trial(name, **shared.get(known[name].get("shared"), {}), **known[name]) for name in given.names or known]
    total, numbers = Counter(), count()
    with contextlib.ExitStack() as stack:
        started = {}
        for trial in trials:
            for dialect, driver in trial.drivers.items():
                if given.dialect and dialect not in given.dialect:
                    continue
                if dialect != SQLITE and dialect not in started:
                    started[dialect] = stack.enter_context(
                        getattr(servers, {POSTGRESQL: "postgres"}.get(dialect, dialect))()
                    )
                root = Path(tempfile.mkdtemp(prefix=f"trial-{trial.name}-"))
                stack.callback(shutil.rmtree, root, ignore_errors=True)
                places = {}
                for side in SIDES:
                    (root / side).mkdir()
                    server = started.get(dialect)
                    made = database(server, dialect, next(numbers)) if server else ""
                    places[side] = Place(root / side, dialect, driver, server, made)
                total += compare(trial, dialect, places)
    sys.stdout.write(f"{total['steps']} steps, {total['differences']} differences\n")
    return 1 if total["differences"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
