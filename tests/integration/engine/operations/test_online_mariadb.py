"""Promise: on MariaDB every directive leaves what Alembic leaves, data included."""

from __future__ import annotations

import pytest
from online_cases import ALTERING, EVERYWHERE, MARIADB, SETUP
from online_runs import outcome

import servers

CASES = {**EVERYWHERE, **ALTERING, **{f"{name} (MariaDB)": case for name, case in MARIADB.items()}}


@pytest.mark.mariadb
@pytest.mark.parametrize("name", CASES)
def test_the_result_is_alembics(name, mariadb_server, mariadb_database):
    ours, theirs = (
        outcome(engine, mariadb_server.url(mariadb_database(), driver="pymysql"), SETUP, CASES[name])
        for engine in ("stillhouse", "alembic")
    )
    if servers.MYSQL and name.startswith(
        "batch recreates"
    ):  # whose name of a CHECK is taken as long as the old table is there
        assert (ours[1], "Duplicate check constraint name" in str(theirs[1])) == (None, True)
        return
    assert ours == theirs
