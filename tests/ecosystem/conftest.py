from __future__ import annotations

import pytest
from bridged_environments import Environments


@pytest.fixture(scope="session")
def environments(tmp_path_factory):
    """Return the environments of the pinned lists."""
    return Environments(tmp_path_factory.mktemp("environments"))
