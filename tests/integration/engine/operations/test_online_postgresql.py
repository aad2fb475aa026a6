"""Promise: on PostgreSQL every directive leaves what Alembic leaves, data included."""

from __future__ import annotations

import pytest
from online_cases import ALTERING, EVERYWHERE, POSTGRESQL, SETUP
from online_runs import outcome

CASES = {**EVERYWHERE, **ALTERING, **{f"{name} (PostgreSQL)": case for name, case in POSTGRESQL.items()}}


@pytest.mark.postgresql
@pytest.mark.parametrize("name", CASES)
def test_the_result_is_alembics(name, postgres_server, postgres_database):
    ours, theirs = (
        outcome(engine, postgres_server.url(postgres_database(), driver="psycopg"), SETUP, CASES[name])
        for engine in ("stillhouse", "alembic")
    )
    assert ours == theirs
