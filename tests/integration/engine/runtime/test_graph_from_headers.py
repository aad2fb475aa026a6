"""The graph that is read from headers is the one that the engine knows, or none."""

from __future__ import annotations

import random

import pytest

from stillhouse_engine.runtime.describing import describe, describe_headers
from stillhouse_engine.runtime.specs import ProjectSpec
from stillhouse_engine.script.base import ScriptDirectory


def write(folder, name, revision, down=None, depends=None, *, extra=""):
    versions = folder / "versions"
    versions.mkdir(parents=True, exist_ok=True)
    text = f'"""Revision {revision}.\n\nMore.\n"""\n\nrevision = {revision!r}\ndown_revision = {down!r}\ndepends_on = {depends!r}\n{extra}'
    (versions / f"{name}.py").write_text(text)


def project(folder, **settings) -> ProjectSpec:
    return ProjectSpec(root=str(folder.parent), **{"script_location": str(folder), **settings})


@pytest.mark.parametrize("seed", range(8))
def test_it_equals_the_engines_graph(tmp_path, seed):
    chance, folder = random.Random(seed), tmp_path / "m"
    for number in range(30):
        older = [f"r{n}x" for n in range(number)]
        down = (
            chance.sample(older, min(len(older), chance.choice([1, 1, 1, 2])))
            if older and chance.random() > 0.1
            else []
        )
        depends = chance.sample(older, 1) if older and chance.random() > 0.8 else []
        write(folder, f"{number}", f"r{number}x", tuple(down) or None, tuple(set(depends) - set(down)) or None)
    read = describe_headers(project(folder))
    assert read == describe(ScriptDirectory(str(folder))._history)
    assert len(read.revisions) == 30


def test_an_ini_file_says_where_the_scripts_are(tmp_path):
    write(tmp_path / "scripts", "1", "r1")
    ini = tmp_path / "alembic.ini"
    ini.write_text("[alembic]\nscript_location = %(here)s/scripts\n")
    read = describe_headers(project(tmp_path / "x", script_location=None, alembic_ini=str(ini)))
    assert read.heads == ("r1",)


@pytest.mark.parametrize(
    "files",
    [
        {"1": {"revision": "r1", "down": "r2"}, "2": {"revision": "r2", "down": "r1"}},
        {"1": {"revision": "r1", "down": "r0"}},
        {"1": {"revision": "r1"}, "2": {"revision": "r1"}},
        {"1": {"revision": "r1", "extra": "down_revision = compute()\n"}},
        {"1": {"revision": "r1"}, "2": {"revision": "r2", "depends": 7}},
    ],
    ids=["cycle", "missing", "twice", "computed", "wrong type"],
)
def test_what_is_not_plain_is_left_to_a_worker(tmp_path, files):
    for name, variables in files.items():
        write(tmp_path / "m", name, **variables)
    assert describe_headers(project(tmp_path / "m")) is None


def test_a_syntax_error_below_the_header_does_not_hide_the_graph(tmp_path):
    write(tmp_path / "m", "1", "r1", extra="def upgrade(:\n")
    read = describe_headers(project(tmp_path / "m"))
    assert read.heads == ("r1",)


def test_special_settings_and_packages_are_left_to_a_worker(tmp_path):
    ini = tmp_path / "alembic.ini"
    ini.write_text("[alembic]\nscript_location = m\nversion_locations = a b\n")
    assert describe_headers(project(tmp_path / "m", script_location=None, alembic_ini=str(ini))) is None
    assert describe_headers(project(tmp_path / "m", script_location="package:migrations")) is None
    assert describe_headers(project(tmp_path / "nowhere")) is None
