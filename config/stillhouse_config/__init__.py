"""The fleet file of Stillhouse: read strictly, said clearly, expanded to targets.

A leaf: imports nothing else of Stillhouse, no database driver, and SQLAlchemy not at all.

Load and expand::

    fleet_file = load_fleet("fleet.yaml")          # FleetFileError carries every Problem at once
    rows = {d.declaration: ask(d) for d in fleet_file.discoveries}
    fleet = expand(fleet_file, rows)               # Fleet: targets, pending, settings, warnings
    for target in fleet.select(Selector.parse("env=prod")):
        target.name, target.url.reveal(), target.async_url, target.project, target.labels

Public names:

- ``load_fleet(path, environ=os.environ, check_paths=True) -> FleetFile``; ``parse_fleet`` does the same for a text
- ``FleetFile``: ``name, path, state_url, model, discoveries, expand(rows)``
- ``expand(fleet_file, rows_by_discovery={}) -> Fleet``; ``Discovery``: ``declaration, url, async_url, query, source, every, timeout``
- ``Fleet``: ``name, path, folder, targets, pending, is_complete, settings, state_url, warnings, select(selector)``
- ``TargetDeclaration``: ``name, database, url, async_url, server, project, schema, labels, metadata, version_table,
  version_table_schema, x_arguments, lock_timeout, statement_timeout, deadline, migrate, replay, census_every, census_timeout, drift, depends_on,
  origin``
- ``ProjectDeclaration``: ``root, import_path, script_location, alembic_ini, ini_section, python``
- ``Selector.parse(text).matches(name, labels)``
- ``SecretUrl``: ``reveal(), dialect, drivername, host, port, database, server``; ``parse_url``, ``async_url(url)``
- ``FleetModel``, the validated file: ``servers, strategies, default_strategy, windows, alerts, drift, api, retention, workers``
- ``json_schema()``, ``parse_duration``, ``format_duration``
- errors: ``StillhouseConfigError``, ``FleetFileError(problems)``, ``Problem``, ``FleetValueError``, ``SelectorError``
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .drivers import async_url
    from .durations import format_duration, parse_duration
    from .errors import FleetFileError, FleetValueError, Problem, SelectorError, StillhouseConfigError
    from .fleet import Dependency, Discovery, Fleet, Origin, ProjectDeclaration, TargetDeclaration
    from .fleet_file import FleetModel
    from .loading import FleetFile, expand, load_fleet, parse_fleet
    from .schema import json_schema
    from .selectors import Selector
    from .urls import SecretUrl, parse_url

__all__ = [
    "Dependency",
    "Discovery",
    "Fleet",
    "FleetFile",
    "FleetFileError",
    "FleetModel",
    "FleetValueError",
    "Origin",
    "Problem",
    "ProjectDeclaration",
    "SecretUrl",
    "Selector",
    "SelectorError",
    "StillhouseConfigError",
    "TargetDeclaration",
    "async_url",
    "expand",
    "format_duration",
    "json_schema",
    "load_fleet",
    "parse_duration",
    "parse_fleet",
    "parse_url",
]

HOMES = {
    "Dependency": ".fleet",
    "Discovery": ".fleet",
    "Fleet": ".fleet",
    "FleetFile": ".loading",
    "FleetFileError": ".errors",
    "FleetModel": ".fleet_file",
    "FleetValueError": ".errors",
    "Origin": ".fleet",
    "Problem": ".errors",
    "ProjectDeclaration": ".fleet",
    "SecretUrl": ".urls",
    "Selector": ".selectors",
    "SelectorError": ".errors",
    "StillhouseConfigError": ".errors",
    "TargetDeclaration": ".fleet",
    "async_url": ".drivers",
    "expand": ".loading",
    "format_duration": ".durations",
    "json_schema": ".schema",
    "load_fleet": ".loading",
    "parse_duration": ".durations",
    "parse_fleet": ".loading",
    "parse_url": ".urls",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for: selectors and errors cost nothing of pydantic's start-up."""
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(HOMES[name], __name__), name)
    globals()[name] = value
    return value
