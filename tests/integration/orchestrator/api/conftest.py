from __future__ import annotations

import pytest
from api_house import ApiHouse


@pytest.fixture
def api(tmp_path):
    with ApiHouse(tmp_path).serving() as house:
        yield house


@pytest.fixture(scope="module")
def shared_api(tmp_path_factory):
    """One house for tests that change nothing that others look at."""
    with ApiHouse(tmp_path_factory.mktemp("api")).serving() as house:
        yield house
