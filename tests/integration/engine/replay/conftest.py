from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent.parent / folder) for folder in ("runtime", "operations")]

from projects import write_project  # noqa: E402 - the neighbours' folder goes first

from stillhouse_engine import as_alembic  # noqa: E402
from stillhouse_engine.runtime.specs import ProjectSpec  # noqa: E402


@pytest.fixture(autouse=True)
def served_alembic():
    """Let ``from alembic import op`` of the projects mean the engine."""
    as_alembic.install()
    yield
    as_alembic.uninstall()


@pytest.fixture
def project(tmp_path):
    """Return an empty project without env.py."""
    return write_project(tmp_path / "project", env=False)


@pytest.fixture
def spec_of():
    """Return a function that describes a written project."""

    def describe(project, *, env=False):
        if env:
            return ProjectSpec(root=str(project.root), alembic_ini="alembic.ini")
        return ProjectSpec(root=str(project.root), script_location="migrations")

    return describe


@pytest.fixture(params=["postgresql", "sqlite"])
def make_url(request, tmp_path):
    """Return a function that makes an empty database and returns its URL, on each kind that replays."""
    if request.param == "sqlite":
        counter = iter(range(1000))
        return lambda: f"sqlite+aiosqlite:///{tmp_path / f'{next(counter)}.db'}"
    server = request.getfixturevalue("postgres_server")
    database = request.getfixturevalue("postgres_database")
    return lambda: server.url(database())
