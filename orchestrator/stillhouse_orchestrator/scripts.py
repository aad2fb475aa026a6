"""Reads a project's revision graph from its file headers, without running any of its code and without a worker.

Most script directories are a folder of files whose headers are literals. Whatever is not (a package location, several version
folders, headers that are computed, ids that are abbreviated, a graph that is broken) is left to the project's worker, which
knows all the rules and makes the exact errors.
"""

from __future__ import annotations

import configparser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillhouse_engine.errors import EngineError
from stillhouse_engine.script.headers import NotLiteralError, parse_header, read_source
from stillhouse_orchestrator.revisions import Graph
from stillhouse_orchestrator.workers.executor import RevisionSummary

if TYPE_CHECKING:
    from stillhouse_config import ProjectDeclaration

SPECIAL = frozenset(
    {"version_locations", "recursive_version_locations", "sourceless", "version_path_separator", "path_separator"}
)


def read_graph(project: ProjectDeclaration) -> tuple[Graph, tuple[RevisionSummary, ...]] | None:
    """Return a project's revisions, or None when a worker should be asked."""
    folder = _folder(project)
    if folder is None:
        return None
    try:
        paths = sorted(path for path in (folder / "versions").iterdir() if path.suffix == ".py")
        found = [_summary(path) for path in paths if path.name != "__init__.py"]
    except (OSError, EngineError, NotLiteralError, TypeError):
        return None
    nodes = tuple(node for node in found if node is not None)
    return _checked(nodes)


def _folder(project: ProjectDeclaration) -> Path | None:
    """Return the script directory when nothing special is said about it."""
    location = project.script_location
    if project.alembic_ini is not None:
        location = _location_in(Path(project.alembic_ini), project.ini_section) or None
    if location is None or ":" in location:
        return None
    return Path(project.root, location)


def _location_in(ini: Path, section: str) -> str | None:
    if ini.suffix == ".toml":
        return None
    parser = configparser.ConfigParser({"here": str(ini.parent)})
    try:
        parser.read(ini, encoding="utf-8")
        settings = dict(parser.items(section))
    except (configparser.Error, OSError, UnicodeDecodeError):
        return None
    return None if SPECIAL & settings.keys() else settings.get("script_location")


def _summary(path: Path) -> RevisionSummary | None:
    """Return one file's revision; None for a file that holds none.

    Raises:
        TypeError: a variable has a type that revisions do not have.
        NotLiteralError: its header must be run to be known.
    """
    header = parse_header(read_source(str(path)))
    variables = header.values
    if "revision" not in variables:
        return None
    return RevisionSummary(
        revision=_text(variables["revision"]),
        down_revision=_ids(variables.get("down_revision")),
        doc=(header.doc or "").strip().split("\n", 1)[0],
        branch_labels=_ids(variables.get("branch_labels")),
        depends_on=_ids(variables.get("depends_on")),
        path=str(path),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _ids(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(map(_text, value)) if isinstance(value, tuple | list | set) else (_text(value),)


def _checked(nodes: tuple[RevisionSummary, ...]) -> tuple[Graph, tuple[RevisionSummary, ...]] | None:
    """Return the graph of some revisions, or None when anything about it needs a closer look."""
    above = {node.revision: (*node.down_revision, *node.depends_on) for node in nodes}
    below = {lower for lowers in above.values() for lower in lowers}
    parents = {lower for node in nodes for lower in node.down_revision}
    heads = tuple(node.revision for node in nodes if node.revision not in parents)
    graph = Graph(heads, above)
    whole = len(above) == len(nodes) and below <= above.keys() and not _has_cycle(above)
    return (graph, nodes) if whole else None


def _has_cycle(above: dict[str, tuple[str, ...]]) -> bool:
    """Tell whether some revisions cannot be put in order (Kahn's algorithm)."""
    missing = {revision: len(lowers) for revision, lowers in above.items()}
    uppers: dict[str, list[str]] = {revision: [] for revision in above}
    for revision, lowers in above.items():
        for lower in lowers:
            uppers[lower].append(revision)
    ready = [revision for revision, count in missing.items() if not count]
    done = 0
    while ready:
        done += 1
        for upper in uppers[ready.pop()]:
            missing[upper] -= 1
            if not missing[upper]:
                ready.append(upper)
    return done < len(above)
