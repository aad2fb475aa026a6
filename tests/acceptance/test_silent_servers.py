"""One server hangs: everybody else's looks, discoveries, alerts and rollouts go on, and its own targets say why they are unknown."""

from __future__ import annotations

import json
import time
import urllib.request

import pytest
from houses import PATIENCE
from stalling import SilentServer

TABLE = 'op.create_table("notes", sa.Column("id", sa.Integer, primary_key=True))'
NOTES = "CREATE TABLE notes (id INTEGER NOT NULL, PRIMARY KEY (id))"
SICK = 30


@pytest.fixture
def servers_that_hang(postgres_server):
    """One that never says a word, and one that may fall silent."""
    pair = SilentServer(), SilentServer(postgres_server.port)
    yield pair
    for server in pair:
        server.close()


def until(port: int, target: str, condition) -> dict:
    """Wait until what the daemon knows of a target meets a condition, and return what it knows of all."""
    deadline = time.monotonic() + PATIENCE
    while True:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/targets", timeout=60) as answer:
            found = {state["target"]: state for state in json.loads(answer.read())["targets"]}
        if target in found and condition(found[target]):
            return found
        assert time.monotonic() < deadline, found.get(target)
        time.sleep(0.05)


def test_a_hung_server_keeps_nobody_else_waiting(house, serve, port, servers_that_hang, postgres_database):
    never, later = servers_that_hang
    database = postgres_database()
    house.revision(1, TABLE)
    house.sql("registry.db", "CREATE TABLE tenants (slug TEXT)", "INSERT INTO tenants VALUES ('acme')")
    house.fleet(
        "  well: {url: 'sqlite:///well.db'}\n"
        f"  later: {{url: 'postgresql+asyncpg://postgres@127.0.0.1:{later.port}/{database}'}}\n"
        f"  sick: {{for_each: [{', '.join(map(str, range(SICK)))}], name: 'sick-{{item}}', "
        f"url: 'postgresql+asyncpg://app@127.0.0.1:{never.port}/d{{item}}'}}\n"
        "  tenants: {for_each: {sql: {url: 'sqlite:///registry.db', query: 'SELECT slug FROM tenants'}, every: 1s}, "
        "name: 'tenant-{slug}', url: 'sqlite:///{slug}.db'}\n"
        f"  unasked: {{for_each: {{sql: {{url: 'postgresql://app@127.0.0.1:{never.port}/x', query: 'SELECT 1'}}, "
        "every: 1s, timeout: 1s}, name: 'u-{slug}', url: 'sqlite:///{slug}.db'}\n",
        "defaults:\n  migrations: migrations\n  census: {every: 1s, timeout: 1s}\n  drift: {every: 1s, timeout: 1s}\n"
        f"alerts: {{unreachable_after: 1s}}\napi: {{listen: '127.0.0.1:{port}', loopback_role: admin}}",
    )
    house.sql("well.db", "CREATE TABLE alembic_version (version_num TEXT)", "INSERT INTO alembic_version VALUES ('r1')")
    house.sql("well.db", NOTES)
    daemon = serve(house).ready()

    until(port, "sick-0", lambda state: state["health"] == "unreachable")
    found = until(port, "well", lambda state: state["drift"] == "in_sync")
    errors = [found[f"sick-{number}"]["error"] for number in range(SICK)]
    assert any("no answer within 1 seconds" in error for error in errors)
    assert any("not asked, because its server does not answer others either" in error for error in errors)
    assert found["later"]["health"] == found["well"]["health"] == "healthy"

    before = never.taken
    house.sql("well.db", "DROP TABLE notes")
    house.sql("registry.db", "INSERT INTO tenants VALUES ('globex')")
    daemon.logged("drift.detected")
    until(port, "tenant-globex", lambda state: state["health"] == "healthy")
    house.run("up", "-l", "name=tenant-globex")
    until(port, "tenant-globex", lambda state: state["current"] == ["r1"])
    assert never.taken - before < SICK / 2  # a look, a check and a discovery each second, not one for each target

    later.fall_silent()
    found = until(port, "later", lambda state: state["health"] == "unreachable")
    assert "no answer within 1 seconds" in found["later"]["error"]
    house.sql("well.db", NOTES)
    daemon.logged("drift.cleared")
    later.speak()
    until(port, "later", lambda state: state["health"] == "healthy")
    assert "Traceback" not in "".join(daemon.log)
