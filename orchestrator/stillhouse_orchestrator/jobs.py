"""From what the fleet file declares to what a worker is told."""

from __future__ import annotations

import sys
from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING, Any

from stillhouse_orchestrator.workers.executor import DatabaseSpec, Job, ProjectKey, ProjectSpec, Verb

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stillhouse_config import ProjectDeclaration, TargetDeclaration

VERSION_TABLE = "alembic_version"


def job_for(target: TargetDeclaration, verb: Verb, revision: str | None = None, **options: Any) -> Job:
    """Return the job of one verb for one target."""
    scope: dict[str, Any] = {"schemas": list(target.drift.schemas)} if target.drift.schemas else {}
    if target.drift.privileges:
        scope["privileges"] = True
    return Job(
        verb=verb,
        project=project_spec(target.project),
        database=database_spec(target),
        revision=revision,
        python=target.project.python or sys.executable,
        deadline=target.deadline.total_seconds(),
        options=scope | options,
    )


def workers_for(targets: Iterable[TargetDeclaration], most: int) -> dict[ProjectKey, list[str]]:
    """Return the workers that jobs for some targets will need, each with its first target's driver; at most so many."""
    found = defaultdict[ProjectKey, list[str]](list)
    for target in islice(first_of_each_project(targets).values(), most):
        found[job_for(target, "plan").key].append(target.url.reveal().partition(":")[0])
    return found


def first_of_each_project(targets: Iterable[TargetDeclaration]) -> dict[ProjectDeclaration, TargetDeclaration]:
    """Return a target for each of the projects behind some targets."""
    first: dict[ProjectDeclaration, TargetDeclaration] = {}
    for target in targets:
        first.setdefault(target.project, target)
    return first


def project_spec(project: ProjectDeclaration) -> ProjectSpec:
    """Return what a worker is told about a project."""
    return ProjectSpec(
        root=project.root,
        import_path=project.import_path,
        script_location=project.script_location,
        alembic_ini=project.alembic_ini,
        ini_section=project.ini_section,
    )


def project_key(script_location: str | None, alembic_ini: str | None, ini_section: str) -> str:
    """Return what a project is remembered by."""
    return f"{alembic_ini}#{ini_section}" if alembic_ini else str(script_location)


def database_spec(target: TargetDeclaration) -> DatabaseSpec:
    """Return what a worker is told about a database; what the fleet file leaves open is left to env.py."""
    explicit: dict[str, Any] = {
        "version_table": target.version_table,
        "version_table_schema": target.version_table_schema,
        "schema": target.schema,
        "metadata": target.metadata,
        "statement_timeout": target.statement_timeout.total_seconds() if target.statement_timeout else None,
    }
    return DatabaseSpec(
        name=target.name,
        url=target.url.reveal(),
        lock_timeout=target.lock_timeout.total_seconds(),
        x_arguments=target.x_arguments,
        replay=target.replay,
        **{key: value for key, value in explicit.items() if value is not None},
    )


def version_table(target: TargetDeclaration) -> tuple[str, str | None]:
    """Return the name and the schema of a target's version table, as far as the fleet file tells."""
    return target.version_table or VERSION_TABLE, target.version_table_schema or target.schema
