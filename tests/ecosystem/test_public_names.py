"""Every public name of Alembic's modules is served, but for those that the reference page lists with a reason."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path

import pytest

from stillhouse_engine import as_alembic

NAMES = json.loads((Path(__file__).parent / "names" / "public.json").read_text())
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "import-bridge.md"
ROW = re.compile(r"^\| `(alembic[\w.]*)` \| (.+?) \| .+ \|$", re.MULTILINE)


@pytest.fixture(autouse=True)
def served():
    before = as_alembic.installed()
    as_alembic.install()
    yield
    if not before:
        as_alembic.uninstall()


def gaps(module: str) -> set[str]:
    rows = [row for row in ROW.findall(PAGE.read_text()) if row[0] == module]
    return {name for _, names in rows for name in re.findall(r"`(\w+)`", names)}


@pytest.mark.parametrize("module", sorted(NAMES))
def test_names_are_served_or_listed(module):
    loaded = importlib.import_module(module)
    missing = {name for name in NAMES[module] if not hasattr(loaded, name)}
    assert missing == gaps(module), "the page and the module disagree"
