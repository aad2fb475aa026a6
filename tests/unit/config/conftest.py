from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace

import pytest

from stillhouse_config import FleetFileError, parse_fleet

HERE = Path("/fleet/fleet.yaml")


@pytest.fixture
def load():
    """Return a function that validates the text of a fleet file without looking at a disk."""

    def read(text, **environ):
        return parse_fleet(dedent(text), HERE, environ, label="fleet.yaml", check_paths=False)

    return read


@pytest.fixture
def problems(load):
    """Return a function that lists what is wrong with the text of a fleet file."""

    def read(text, **environ):
        with pytest.raises(FleetFileError) as caught:
            load(text, **environ)
        return list(caught.value.problems)

    return read


@pytest.fixture
def problem(problems):
    """Return a function that gives the only thing that is wrong with the text of a fleet file."""

    def read(text, **environ):
        found = problems(text, **environ)
        assert len(found) == 1, "\n".join(map(str, found))
        (only,) = found
        return SimpleNamespace(
            at=(only.line, only.column), path=only.path, message=only.message, hint=only.hint, text=str(only)
        )

    return read
