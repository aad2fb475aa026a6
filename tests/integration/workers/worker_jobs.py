"""Jobs for the worker tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stillhouse_orchestrator.workers.executor import DatabaseSpec, Job, ProjectSpec

if TYPE_CHECKING:
    from sample_projects import SampleProject


def job(project: SampleProject, url: str, **options: Any) -> Job:
    """Return an upgrade to the head, unless the options say otherwise."""
    name = options.pop("name", url.rpartition("/")[2])
    database = DatabaseSpec(name, url, **options.pop("database", {}))
    chosen = {"verb": "upgrade", "revision": "head", "deadline": 60.0} | options
    return Job(
        project=ProjectSpec(str(project.folder), (str(project.folder),), "migrations"), database=database, **chosen
    )
