"""Promise: on SQLite every directive, and every batch that makes a table anew, leaves what Alembic leaves, data included."""

from __future__ import annotations

import pytest
from online_cases import EVERYWHERE, RECREATIONS, SETUP
from online_runs import outcome


@pytest.mark.parametrize("name", [*EVERYWHERE, *RECREATIONS])
def test_the_result_is_alembics(name, tmp_path):
    migrate = {**EVERYWHERE, **RECREATIONS}[name]
    ours, theirs = (
        outcome(engine, f"sqlite:///{tmp_path / engine}.db", SETUP, migrate) for engine in ("stillhouse", "alembic")
    )
    assert ours == theirs
