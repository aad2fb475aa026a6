"""Promise: a batch over a stated table writes what Alembic writes; where that would fail or lose something, it does not."""

from __future__ import annotations

import pytest
from batch_cases import BATCHES
from both_engines import alembics, ours


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql", "mysql"])
@pytest.mark.parametrize("name", BATCHES)
def test_the_text_is_alembics(name, dialect):
    assert ours(BATCHES[name], dialect) == alembics(BATCHES[name], dialect)
