"""Stores of both kinds, each empty."""

from __future__ import annotations

import pytest

from stillhouse_orchestrator.store import Store


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def state_url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'deep' / 'state.db'}"
    database = request.getfixturevalue("postgres_database")()
    return request.getfixturevalue("postgres_server").url(database)


@pytest.fixture
async def store(state_url):
    async with Store.open(state_url, holder="test") as opened:
        yield opened
