"""What a discovery writes: changes, and nothing else."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest

from stillhouse_config import load_fleet
from stillhouse_orchestrator import application

FLEET = """
fleet: shop
databases:
  tenants:
    for_each: {sql: {url: "sqlite:///registry.db", query: "SELECT slug FROM tenants"}}
    name: tenant-{slug}
    url: sqlite:///{slug}.db
    migrations: migrations
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "migrations" / "versions").mkdir(parents=True)
    (tmp_path / "fleet.yaml").write_text(FLEET)
    run(tmp_path / "registry.db", "CREATE TABLE tenants (slug TEXT)", "INSERT INTO tenants VALUES ('acme')")
    return tmp_path


def run(file, *statements):
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


async def test_a_discovery_writes_only_what_has_changed(folder):
    async with application.opened(load_fleet(folder / "fleet.yaml")) as house:
        with contextlib.closing(sqlite3.connect(folder / ".stillhouse" / "state.db")) as other:

            async def writes() -> bool:
                before = other.execute("PRAGMA data_version").fetchone()
                await house.discover("tenants")
                return other.execute("PRAGMA data_version").fetchone() != before

            fleet = house.fleet
            assert not (await writes() and await writes())  # once, it may be the owner's heartbeat
            assert house.fleet is fleet
            run(folder / "registry.db", "INSERT INTO tenants VALUES ('globex')")
            assert await writes()
            assert list(house.fleet.targets) == ["tenant-acme", "tenant-globex"]
            run(folder / "registry.db", "ALTER TABLE tenants RENAME TO gone")
            assert await writes()  # an alert
            run(folder / "registry.db", "ALTER TABLE gone RENAME TO tenants")
            assert await writes()
            assert not (await writes() and await writes())
