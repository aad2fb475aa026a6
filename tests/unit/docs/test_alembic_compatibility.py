"""Promise: the compatibility page says of every feature what the code does."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from stillhouse_engine import aio, autogenerate, command, context, errors
from stillhouse_engine.autogenerate.plugins import BUILT_IN
from stillhouse_engine.config import Config
from stillhouse_engine.dialects import registry
from stillhouse_engine.operations import Operations
from stillhouse_engine.runtime.environment import EnvironmentContext
from stillhouse_engine.runtime.migration import MigrationContext
from stillhouse_engine.script import ScriptDirectory
from stillhouse_engine.script.write_hooks import _registry

ROOT = Path(__file__).parents[3]
ENGINE = ROOT / "engine" / "stillhouse_engine"
PAGE = (ROOT / "docs" / "reference" / "alembic-compatibility.md").read_text()
TABLE = re.compile(r"([^\n]*)\n\n\| name \| status \|\n\|---\|---\|\n((?:\|[^\n]*\|\n)+)")
ROW = re.compile(r"^\| `(\w+)` \| (works|differs|not yet) \|$")


def public(thing) -> set[str]:
    return {name for name in dir(thing) if not name.startswith("_")}


def literals(*files: str) -> set[str]:
    """Every name that code mentions as a string: how settings and free keywords are looked up."""
    return {name for file in files for name in re.findall(r'"(\w+)"', (ENGINE / file).read_text())}


def folders(path: Path) -> set[str]:
    return {entry.name for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith("_")}


SEPARATORS = {  # each dialect asks for its own
    f"{name}_batch_separator"
    for name in registry.BUILT_IN
    if "_batch_separator" in (ENGINE / "dialects/impl.py").read_text()
}
CONFIGURE = (
    set(inspect.signature(EnvironmentContext.configure).parameters)
    | {name for file in ENGINE.rglob("*.py") for name in re.findall(r'opts(?:\.get\(|\[)"(\w+)"', file.read_text())}
    | SEPARATORS
)
DIRECTIVES = public(Operations) - {"context"}
BEYOND = {"backfill"}
"""Directives that Alembic has not."""
OPTIONS = {name for each in command.__all__ for name in inspect.signature(getattr(command, each)).parameters}
CHECKED = {
    "The options are listed in": (set(command.__all__), set(command.__all__) - {"squash"}),  # beyond Alembic
    "Templates of `init`": (folders(ENGINE / "templates"), folders(ENGINE / "templates")),
    "`Config`:": (public(Config), set()),
    "Settings, in the ini file": (literals("config.py", "script/base.py", "command/revising.py"), set()),
    "Types of hooks": (set(_registry), {"console_scripts", "exec", "module"}),
    "Arguments, and where": (DIRECTIVES, DIRECTIVES - BEYOND),
    "## `context.*`": (public(context) | {"config", "script"}, public(context) - public(object)),
    "Keywords of `configure`": (CONFIGURE, set(inspect.signature(EnvironmentContext.configure).parameters)),
    "`MigrationContext`:": (public(MigrationContext), set()),
    "`ScriptDirectory`:": (public(ScriptDirectory), set()),
    "Errors, with Alembic's": (set(errors.__all__), set()),
    "What is compared": (set(autogenerate.__all__), set()),
    "Comparisons that Alembic": (
        {path.stem for path in (ENGINE / "autogenerate" / "compare").glob("*.py")} - {"__init__"},
        {module for plugin, module in BUILT_IN.items() if plugin.startswith("stillhouse.")},
    ),
    "SQL Server and Oracle": (set(registry.BUILT_IN), set(registry.BUILT_IN)),
    "Coroutines with": (set(aio.__all__), set(aio.__all__) - {"run"}),
    "What people have asked": (set(command.__all__) | OPTIONS | DIRECTIVES, set()),
}
"""For each table, by how the line above it begins: the names that the code has, and those that must be on the page."""
NO_FEATURES = {"Any", "CURRENT", "EnvironmentContext", "ForwardingModule", "annotations", "kw", "self", "sys"}


def tables() -> dict[str, dict[str, str]]:
    found = {}
    for lead, rows in TABLE.findall(PAGE):
        matched = [ROW.match(row) for row in rows.splitlines()]
        assert all(matched), f"a row under {lead!r} is not `name` and a status"
        found[lead] = {match[1]: match[2] for match in matched if match}
    return found


TABLES = tables()


def lead_of(start: str) -> str:
    (lead,) = [lead for lead in TABLES if lead.startswith(start)]
    return lead


def test_every_table_is_checked():
    assert sorted(TABLES) == sorted(lead_of(start) for start in CHECKED)


@pytest.mark.parametrize("start", CHECKED)
def test_the_page_says_what_the_code_has(start):
    there, wanted = CHECKED[start]
    rows = TABLES[lead_of(start)]
    assert [name for name, status in rows.items() if (name in there) != (status != "not yet")] == []
    assert sorted(wanted - NO_FEATURES - set(rows)) == []


def test_every_linked_section_of_differences_exists():
    for page, anchor in re.findall(r"\]\(([\w.-]+\.md)#([\w-]+)\)", PAGE):
        headings = re.findall(r"^#+ (.*)$", (ROOT / "docs" / "reference" / page).read_text(), re.MULTILINE)
        assert anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
