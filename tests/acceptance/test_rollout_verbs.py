"""The rollout verbs without a daemon: each command owns the store, and leaves it when the rollout waits for a person."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.timeout(240)
STRATEGY = """
strategies:
  cautious:
    - wave: {match: "ring=0"}
    - verify: {sql: "select count(*) >= 0 from a"}
    - pause: {}
    - approve: {}
    - wave: {rest: true}
  together:
    - wave: {rest: true, barrier: true}
"""


@pytest.fixture
def fleet(house):
    house.write("migrations/script.py.mako", "")
    house.revision(1, 'op.create_table("a", sa.Column("id", sa.Integer))')
    lines = [
        f"  t{n}: {{url: 'sqlite+aiosqlite:///t{n}.db', migrations: migrations, labels: {{ring: '{n}'}}}}"
        for n in range(3)
    ]
    house.fleet("\n".join(lines), STRATEGY)
    return house


def revision_two(house, up="op.create_table('b', sa.Column('id', sa.Integer))", down="op.drop_table('b')"):
    path = house.revision(2, up)
    path.write_text(path.read_text().replace("def downgrade():\n    pass", f"def downgrade():\n    {down}"))


def only(house):
    return house.ok("rollout", "list", "--json").json["rollouts"][0]["id"]


def states(house, rollout):
    shown = house.ok("rollout", "show", rollout, "--json").json
    return {item["target"]: item["state"] for item in shown["targets"]}


def test_a_rollout_is_left_at_its_pause_promoted_approved_and_rolled_back(fleet):
    fleet.ok("up")
    revision_two(fleet)
    begun = fleet.ok("rollout", "start", "--strategy", "cautious")
    rollout = only(fleet)
    assert "waits until promoted" in begun.out
    assert f"stillhouse rollout promote {rollout}" in begun.err
    assert states(fleet, rollout)["t0"] == "done"
    assert states(fleet, rollout)["t1"] in ("waiting", "pending")
    wrong = fleet.run("rollout", "approve", rollout)
    assert wrong.code == 1
    assert "does not wait for an approval" in wrong.err
    assert "stillhouse rollout approve" in fleet.ok("rollout", "promote", rollout[:4]).err
    done = fleet.ok("rollout", "approve", rollout, "--reason", "looks good")
    assert "succeeded" in done.out
    assert set(states(fleet, rollout).values()) == {"done"}
    asked = fleet.run("rollout", "rollback", rollout)
    assert asked.code != 0
    assert "DROP TABLE b" in asked.out
    assert set(states(fleet, rollout).values()) == {"done"}
    back = fleet.ok("rollout", "rollback", rollout, "--yes")
    assert "rolled_back" in back.out
    assert {item["current"][0] for item in fleet.ok("status", "--json").json["targets"]} == {"r1"}


def test_a_paused_rollout_can_be_rolled_back_at_once(fleet):
    fleet.ok("up")
    revision_two(fleet)
    fleet.ok("rollout", "start", "--strategy", "cautious")
    fleet.ok("rollout", "rollback", only(fleet), "--yes")
    assert states(fleet, only(fleet)) == {"t0": "rolled_back", "t1": "cancelled", "t2": "cancelled"}


def test_retry_after_the_failure_is_mended_and_skip(fleet):
    fleet.ok("up")
    revision_two(fleet)
    fleet.sql("t1.db", "create table b (other int)")
    failed = fleet.run("rollout", "start")
    assert failed.code == 1
    rollout = only(fleet)
    assert states(fleet, rollout)["t1"] == "failed"
    fleet.sql("t1.db", "drop table b")
    assert "succeeded" in fleet.ok("rollout", "retry", rollout).out
    assert set(states(fleet, rollout).values()) == {"done"}
    assert fleet.run("rollout", "skip", rollout, "t1").code == 1
    assert "is succeeded" in fleet.run("rollout", "pause", rollout).err


def test_a_barrier_wave_leaves_every_target_as_it_was_when_one_fails(fleet):
    fleet.ok("up")
    revision_two(fleet)
    fleet.sql("t2.db", "create table b (other int)")
    failed = fleet.run("rollout", "start", "--strategy", "together")
    assert failed.code == 1
    assert "rolled back with its wave: t2 is failed" in failed.out
    for name in ("t0", "t1"):
        assert fleet.sql(f"{name}.db", "select version_num from alembic_version") == [("r1",)]
        assert fleet.sql(f"{name}.db", "select name from sqlite_master where name = 'b'") == []
    fleet.sql("t2.db", "drop table b")
    fleet.ok("rollout", "retry", only(fleet))
    assert {item["current"][0] for item in fleet.ok("status", "--json").json["targets"]} == {"r2"}


def test_a_barrier_wave_that_cannot_hold_is_refused_before_anything_starts(fleet):
    fleet.ok("up")
    revision_two(fleet)
    text = (fleet.folder / "fleet.yaml").read_text().replace("barrier: true", "barrier: true, max_parallel: 1")
    fleet.write("fleet.yaml", text)
    refused = fleet.run("rollout", "start", "--strategy", "together")
    assert refused.code in (1, 2)
    assert "max_parallel" in refused.err


def test_aborting_what_waits_reverts_nothing(fleet):
    fleet.ok("up")
    revision_two(fleet)
    fleet.ok("rollout", "start", "--strategy", "cautious")
    fleet.ok("rollout", "abort", only(fleet), "--reason", "not today")
    assert states(fleet, only(fleet)) == {"t0": "done", "t1": "cancelled", "t2": "cancelled"}
    assert "no rollout" in fleet.run("rollout", "show", "zzzz").err
