"""Targets from a query: they appear, are migrated, vanish, and none silently."""

from __future__ import annotations

TABLE = 'op.create_table("notes", sa.Column("id", sa.Integer, primary_key=True))'


def test_tenants_appear_and_vanish_as_events(house):
    house.revision(1, TABLE)
    house.fleet(
        "  registry: {url: 'sqlite:///registry.db', migrations: migrations}\n"
        "  tenants:\n"
        "    for_each: {sql: {database: registry, query: 'SELECT slug FROM tenants'}}\n"
        "    name: tenant-{slug}\n"
        "    url: sqlite:///{slug}.db\n"
        "    migrations: migrations\n"
    )
    house.sql("registry.db", "CREATE TABLE tenants (slug TEXT)", "INSERT INTO tenants VALUES ('acme'), ('globex')")
    assert "more targets come from: tenants" in house.ok("validate").out
    house.ok("up", "-l", "name~tenant-*")
    assert [target["target"] for target in house.run("status", "--json").json["targets"]] == [
        "registry",
        "tenant-acme",
        "tenant-globex",
    ]
    assert house.sql("acme.db", "SELECT version_num FROM alembic_version") == [("r1",)]
    house.sql("registry.db", "DELETE FROM tenants WHERE slug = 'acme'", "INSERT INTO tenants VALUES ('initech')")
    states = house.run("status", "--json").json["targets"]
    assert {state["target"]: state["pending"] for state in states} == {
        "registry": 1,
        "tenant-globex": 0,
        "tenant-initech": 1,
    }
    events = [
        (event["name"], event["target"]) for event in house.ok("history", "--event", "target.", "--json").json["events"]
    ]
    assert ("target.vanished", "tenant-acme") in events
    assert ("target.discovered", "tenant-initech") in events


def test_a_source_that_cannot_be_asked_makes_nobody_vanish(house):
    house.revision(1, TABLE)
    house.fleet(
        "  tenants:\n"
        "    for_each: {sql: {url: 'sqlite:///registry.db', query: 'SELECT slug FROM tenants'}}\n"
        "    name: tenant-{slug}\n"
        "    url: sqlite:///{slug}.db\n"
        "    migrations: migrations\n"
    )
    house.sql("registry.db", "CREATE TABLE tenants (slug TEXT)", "INSERT INTO tenants VALUES ('acme')")
    house.ok("up")
    house.sql("registry.db", "DROP TABLE tenants")
    status = house.run("status")
    assert status.code == 4
    assert "databases.tenants: its targets are unknown" in status.err
    assert house.run("up").code == 1
    names = [event["name"] for event in house.ok("history", "--event", "target.", "--json").json["events"]]
    assert "target.vanished" not in names
    (alert,) = house.ok("alerts", "list", "--json").json["alerts"]
    assert (alert["kind"], alert["targets"]) == ("unreachable", ["tenants"])
    house.sql("registry.db", "CREATE TABLE tenants (slug TEXT)", "INSERT INTO tenants VALUES ('acme')")
    house.ok("up")
    assert house.ok("alerts", "list", "--json").json["alerts"] == []
