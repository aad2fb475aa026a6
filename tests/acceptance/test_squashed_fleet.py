"""Promise: after a squash a fleet's stragglers are behind, not lost, and every target ends at the same schema."""

from __future__ import annotations

import shutil

import pytest
from houses import House

FLEET = """  tenants:
    for_each: {items: [{name: empty}, {name: inside}, {name: ahead}]}
    name: "{name}"
    url: "sqlite+aiosqlite:///{name}.db"
    migrations: migrations
"""
TEMPLATE = '''"""${message}"""
import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade():
    ${upgrades if upgrades else "pass"}


def downgrade():
    ${downgrades if downgrades else "pass"}
'''


@pytest.fixture
def house(tmp_path) -> House:
    """Return a fleet whose targets stand at nothing, inside the range to squash, and at the head, r5."""
    house = House(tmp_path)
    house.write("migrations/script.py.mako", TEMPLATE)
    house.revision(
        1, "op.create_table('users', sa.Column('id', sa.Integer, primary_key=True), sa.Column('name', sa.String(20)))"
    )
    house.revision(2, "op.execute(\"INSERT INTO users (name) VALUES ('root')\")")
    house.revision(3, "op.add_column('users', sa.Column('age', sa.Integer))")
    house.revision(4, "op.execute('UPDATE users SET age = 40 + id')")
    house.revision(5, "op.create_index('ix_users_name', 'users', ['name'])")
    house.fleet(FLEET)
    house.ok("up", "-l", "name=ahead", "--to", "r2")
    shutil.copy(tmp_path / "ahead.db", tmp_path / "inside.db")
    house.ok("up", "-l", "name=ahead")
    house.sql("inside.db", "INSERT INTO users (name) VALUES ('somebody')")
    return house


def state(house: House) -> dict[str, tuple[int | None, str]]:
    """Return how many revisions each target waits for, and its health."""
    return {each["target"]: (each["pending"], each["health"]) for each in house.run("status", "--json").json["targets"]}


def test_stragglers_are_behind_and_come_along(house):
    found = house.ok("squash", "ahead", "-r", ":r4", "--json").json["squash"]
    assert (found["revision"], found["replaces"], found["rows"]) == ("r4", ["r1", "r2", "r3", "r4"], {"users": 1})
    assert state(house) == {"empty": (2, "healthy"), "inside": (3, "healthy"), "ahead": (0, "healthy")}

    (house.folder / "migrations" / "squashed").rename(house.folder / "away")
    told = {each["target"]: each["error"] or "" for each in house.run("status", "--json").json["targets"]}
    assert "holds r2, which was squashed into r4" in told["inside"]
    assert "restore its folder squashed/r4 from version control" in told["inside"]
    assert not told["empty"] + told["ahead"]
    (house.folder / "away").rename(house.folder / "migrations" / "squashed")

    groups = house.ok("plan", "--json").json["groups"]
    assert {tuple(group["from"]): group["revisions"] for group in groups} == {
        (): ["r4", "r5"],
        ("r2",): ["r3", "r4", "r5"],
    }
    house.ok("up")
    assert set(state(house).values()) == {(0, "healthy")}
    house.ok("drift", "check")
    assert house.ok("alerts", "list", "--json").json["alerts"] == []  # none of an edited revision
    rows = {
        name: house.sql(f"{name}.db", "SELECT name, age FROM users ORDER BY id")
        for name in ("empty", "inside", "ahead")
    }
    assert rows == {"empty": [("root", 41)], "inside": [("root", 41), ("somebody", 42)], "ahead": [("root", 41)]}
