"""A project's revision graph as plain data: of a script directory, or of the headers of its files alone."""

from __future__ import annotations

from configparser import Error as ConfigError
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillhouse_engine.errors import EngineError, RevisionError
from stillhouse_engine.runtime.project_config import project_config
from stillhouse_engine.runtime.specs import ProjectSummary, RevisionSummary
from stillhouse_engine.script.headers import NotLiteralError
from stillhouse_engine.script.locations import read_scripts
from stillhouse_engine.script.originals import History
from stillhouse_engine.script.revision import RevisionMap

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stillhouse_engine.runtime.specs import ProjectSpec

ELSEWHERE = ("version_locations", "recursive_version_locations", "sourceless")
"""Settings by which revisions are more than the source files of one folder."""


def describe(history: History) -> ProjectSummary:
    """Return a revision graph, newest revision first.

    Raises:
        RevisionError: the graph is broken.
    """
    nodes = tuple(map(_summary, _newest_first(history.short)))
    replaced = any(node.replaces for node in nodes)
    originals = [script for script in _newest_first(history.long) if script.squashed_into] if replaced else []
    return ProjectSummary(history.short.heads, history.short.bases, nodes, tuple(map(_summary, originals)))


def _newest_first(revisions: RevisionMap) -> Iterable[Any]:
    return revisions.iterate_revisions("heads", "base", inclusive=True, assert_relative_length=False)


def _summary(script: Any) -> RevisionSummary:
    return RevisionSummary(
        revision=script.revision,
        down_revision=tuple(script._versioned_down_revisions),  # noqa: SLF001 - Alembic's name for it
        doc=script.doc or "",
        branch_labels=tuple(sorted(script.branch_labels)),
        depends_on=tuple(script._resolved_dependencies),  # noqa: SLF001 - the graph's
        path=script.path,
        replaces=script.replaces,
    )


def describe_headers(spec: ProjectSpec) -> ProjectSummary | None:
    """Return a project's graph without running any of its code; None where that takes more than reading one folder.

    Whoever gets None opens the project, which knows all the rules and makes the exact errors.
    """
    try:
        config = project_config(spec)
        location = str(config.get_alembic_option("script_location"))
        if ":" in location or any(config.get_alembic_option(name) for name in ELSEWHERE):
            return None
        versions = Path(location, "versions")
        if not versions.is_dir():
            return None
        scripts = read_scripts([versions], recursive=False, sourceless=False, importing=False)
        twice = len({script.revision for script in scripts}) < len(scripts)
        history = History(location, RevisionMap(lambda: scripts), sourceless=False, importing=False)
        return None if twice else describe(history)
    except (EngineError, RevisionError, NotLiteralError, ConfigError, OSError, TypeError, ValueError):
        return None
