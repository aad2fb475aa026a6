from __future__ import annotations

import logging

import pytest
from projects import write_project

from stillhouse_engine import as_alembic
from stillhouse_engine.runtime.specs import ProjectSpec


@pytest.fixture(autouse=True)
def served_alembic():
    """Let ``from alembic import op`` of the projects mean the engine."""
    as_alembic.install()
    yield
    as_alembic.uninstall()


@pytest.fixture(autouse=True)
def own_logging():
    """Undo what an env.py's ``fileConfig`` did to the loggers of this process."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for logger in logging.Logger.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.disabled = False


@pytest.fixture
def make_project(tmp_path):
    """Return a function that writes a project of one of Alembic's templates."""

    def make(kind="generic", *, env=True):
        return write_project(tmp_path / f"project-{kind}-{env}", kind, env=env)

    return make


@pytest.fixture
def spec_of():
    """Return a function that describes a written project."""

    def describe(project, *, ini=True):
        if ini:
            return ProjectSpec(root=str(project.root), alembic_ini="alembic.ini")
        return ProjectSpec(root=str(project.root), script_location="migrations")

    return describe
