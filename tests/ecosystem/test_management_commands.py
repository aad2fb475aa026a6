"""Projects that drive Alembic by their own management commands run over the import bridge, and end where Alembic ends."""

from __future__ import annotations

import itertools
import re
from functools import partial
from pathlib import Path

import pytest
from bridged_environments import SIDES, environment, on_both_sides
from workplaces import BOTH, MARIADB, POSTGRESQL, SQLITE, ManagedProject, Workplace, prepare, without_kept

pytestmark = [pytest.mark.projects, pytest.mark.timeout(600)]

PROGRAMS = Path(__file__).parent / "programs"
ALL = {**BOTH, MARIADB: "pymysql"}
OSLO = "[database]\nconnection = {url}\n"
DAGSTER = {
    SQLITE: "storage: {{sqlite: {{base_dir: '{folder}/store'}}}}\ntelemetry: {{enabled: false}}\n",
    POSTGRESQL: "storage: {{postgres: {{postgres_url: '{url}'}}}}\ntelemetry: {{enabled: false}}\n",
}


PROJECTS = {
    "prefect": ManagedProject(
        "applications",
        (
            "prefect server database upgrade -y",
            "prefect server database downgrade -y -r base",
        ),
        drivers={SQLITE: "sqlite+aiosqlite", POSTGRESQL: "asyncpg"},
        settings={"PREFECT_HOME": "{folder}", "PREFECT_API_DATABASE_CONNECTION_URL": "{url}"},
        kept=frozenset(
            {
                "ix_block_type_name_case_insensitive",
                "ix_deployment_name_case_insensitive",
                "ix_flow_run__coalesce_start_time_expected_start_time_asc",
                "ix_flow_run__coalesce_start_time_expected_start_time_desc",
                "ix_flow_run__end_time_desc",
                "ix_flow_run__expected_start_time_desc",
                "ix_flow_run_name_case_insensitive",
                "ix_task_run__end_time_desc",
                "ix_task_run__expected_start_time_desc",
                "ix_task_run_name_case_insensitive",
                "uq_flow_run_state__flow_run_id_timestamp_desc",
                "uq_task_run_state__task_run_id_timestamp_desc",
            }
        ),
    ),
    "dagster": ManagedProject(
        "applications",
        (
            "dagster instance migrate",
            f"{PROGRAMS}/dagster_back.py",
            "dagster instance migrate",
        ),
        settings={"DAGSTER_HOME": "{folder}"},
        files={"dagster.yaml": DAGSTER},
    ),
    "mlflow": ManagedProject("mlflow", ("mlflow db upgrade {url}",)),
    "jupyterhub": ManagedProject(
        "applications",
        (
            f"{PROGRAMS}/jupyterhub_tables.py {{url}}",
            "-m jupyterhub.dbutil alembic downgrade 3c2384c5aae1",
            "jupyterhub upgrade-db --db={url}",
        ),
        files={"jupyterhub_config.py": "c.JupyterHub.db_url = '{url}'\n"},
    ),
    "keystone": ManagedProject(
        "openstack",
        tuple(f"keystone-manage --config-file oslo.conf db_sync --{phase}" for phase in ("expand", "contract")),
        drivers=ALL,
        files={"oslo.conf": OSLO},
    ),
    "glance": ManagedProject(
        "openstack",
        ("glance-manage --config-file oslo.conf db sync",),
        drivers=ALL,
        files={"oslo.conf": OSLO},
    ),
}


def check_kept(ours, theirs, kept) -> None:
    """Check that those indexes are whole in ours, and in Alembic's are not there or without COLLATE and DESC."""
    for file, (rows, _) in ours.items():
        lossy = {row[1]: row[3] for row in theirs[file][0]}
        for kind, name, _table, text in rows:
            if kind == "index" and name in kept:
                assert re.search(r"COLLATE|DESC|coalesce", " ".join(text)), name
                blurred = [re.sub(r" (COLLATE \w+|DESC)\b", "", line.replace(" on ", " ON ")) for line in text]
                assert lossy.get(name) in (None, blurred, text), name


@pytest.fixture
def places(request, name, dialect, tmp_path):
    """Return the workplaces of both sides."""
    server, make = None, str
    if dialect != SQLITE:
        kind = "postgres" if dialect == POSTGRESQL else "mariadb"
        server, make = (request.getfixturevalue(f"{kind}_{what}") for what in ("server", "database"))
    driver = PROJECTS[name].drivers[dialect]
    return {side: Workplace(tmp_path / side, dialect, driver, server, make()) for side in SIDES}


CASES = [
    pytest.param(name, dialect, marks=[] if dialect == SQLITE else getattr(pytest.mark, dialect))
    for name, project in PROJECTS.items()
    for dialect in project.drivers
]


@pytest.mark.parametrize(("name", "dialect"), CASES)
def test_each_command_leaves_alembics_schema(name, dialect, places):
    project = PROJECTS[name]
    settings = {side: prepare(project, place) for side, place in places.items()}

    def carry_out(step: str, side: str):
        words = [places[side].fill(word) for word in re.split(r"\s+", step)]
        environment(project.environment).run(side, words, places[side].folder, **settings[side])
        return places[side].schema()

    seen = []
    for step in project.steps:
        ours, theirs = on_both_sides(partial(carry_out, step))
        if dialect == SQLITE and project.kept:
            check_kept(ours, theirs, project.kept)
            ours, theirs = without_kept(ours, project.kept), without_kept(theirs, project.kept)
        assert ours == theirs, f"{name}: after {step!r}"
        seen.append(ours)
    assert all(before != after for before, after in itertools.pairwise(seen)), "a step changed nothing"
