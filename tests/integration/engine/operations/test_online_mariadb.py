"""Promise: on MariaDB every directive leaves what Alembic leaves, data included."""

from __future__ import annotations

import pytest
from online_cases import ALTERING, EVERYWHERE, MARIADB, SETUP
from online_runs import outcome

CASES = {**EVERYWHERE, **ALTERING, **{f"{name} (MariaDB)": case for name, case in MARIADB.items()}}


@pytest.mark.mariadb
@pytest.mark.parametrize("name", CASES)
def test_the_result_is_alembics(name, mariadb_server, mariadb_database):
    ours, theirs = (
        outcome(engine, mariadb_server.url(mariadb_database(), driver="pymysql"), SETUP, CASES[name])
        for engine in ("stillhouse", "alembic")
    )
    assert ours == theirs
