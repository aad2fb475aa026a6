"""Existing Alembic projects from PyPI run unmodified, and leave the schema that Alembic itself leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from real_projects import (
    PROJECTS,
    make_alembic,
    make_environment,
    postgres_schema,
    run_reference,
    site_packages,
    sqlite_schema,
)

pytestmark = [pytest.mark.projects, pytest.mark.postgresql, pytest.mark.timeout(900)]

STILLHOUSE = Path(sys.executable).parent / "stillhouse"


@pytest.fixture(scope="module")
def environments(tmp_path_factory):
    folder = tmp_path_factory.mktemp("environments")
    return {package: make_environment(folder / package, package) for package in {p.package for p in PROJECTS}}


@pytest.fixture(scope="module")
def alembic(tmp_path_factory):
    return make_alembic(tmp_path_factory.mktemp("alembic"))


def without_either(python: Path) -> bool:
    code = "import importlib.util as u; print(any(u.find_spec(n) for n in ('alembic', 'stillhouse_engine')))"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"


def test_real_projects_reach_head_with_alembics_schema(
    environments, alembic, postgres_server, postgres_database, tmp_path
):
    databases = {}
    expected = {}
    for project in PROJECTS:
        python = environments[project.package]
        assert without_either(python)
        ini = site_packages(python) / project.ini
        ours, theirs = postgres_database(), postgres_database()
        shared = {"alembic_ini": str(ini), "python": str(python)}
        drivers = project.drivers
        databases[f"{project.name}_sqlite"] = {"url": f"{drivers['sqlite']}:///{tmp_path / project.name}.db", **shared}
        databases[f"{project.name}_pg"] = {
            "url": postgres_server.url(ours, drivers["postgresql"].partition("+")[2]),
            **shared,
        }
        reference = tmp_path / f"{project.name}_reference.db"
        run_reference(python, alembic, ini, f"sqlite:///{reference}")
        run_reference(python, alembic, ini, postgres_server.url(theirs, "psycopg2"))
        expected[project.name] = (sqlite_schema(reference), postgres_schema(postgres_server, theirs), ours)
    fleet = tmp_path / "fleet.yaml"
    fleet.write_text(yaml.safe_dump({"fleet": "real", "databases": databases}))

    up = subprocess.run([STILLHOUSE, "-f", fleet, "up"], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert up.returncode == 0, up.stdout + up.stderr
    status = subprocess.run([STILLHOUSE, "-f", fleet, "status", "--json"], capture_output=True, text=True, check=False)
    assert status.returncode == 0, status.stdout + status.stderr
    targets = {target["target"]: target for target in json.loads(status.stdout)["targets"]}

    assert set(targets) == set(databases)
    for name, target in targets.items():
        assert target["current"] == target["head"] != [], (name, target)
    for project in PROJECTS:
        sqlite, postgres, ours = expected[project.name]
        assert sqlite_schema(tmp_path / f"{project.name}.db") == sqlite, f"{project.name} on SQLite"
        assert postgres_schema(postgres_server, ours) == postgres, f"{project.name} on PostgreSQL"
