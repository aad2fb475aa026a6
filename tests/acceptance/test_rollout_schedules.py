"""Rollouts that wait, are blocked or fail in part, as their operators meet them on the command line."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from houses import PATIENCE, STILLHOUSE, environment

pytestmark = pytest.mark.timeout(240)
REST = """
strategies:
  cautious:
    - wave: {{match: "ring=0"}}
    - pause: {{}}
    - wave: {{rest: true}}
  tolerant:
    - wave: {{rest: true, max_failures: 50%}}
{windows}
api: {{listen: "127.0.0.1:{port}"}}
"""
VERBS = ("pause", "resume", "promote", "approve", "retry", "abort")


@pytest.fixture
def fleet(house, port):
    house.revision(1, 'op.create_table("a", sa.Column("id", sa.Integer))')
    house.port = port
    write(house)
    house.ok("up")
    house.revision(2, 'op.create_table("b", sa.Column("id", sa.Integer))')
    return house


def write(house, windows=""):
    rows = [
        f"  t{n}: {{url: 'sqlite+aiosqlite:///t{n}.db', migrations: migrations, labels: {{ring: '{n}'}}}}"
        for n in range(4)
    ]
    house.fleet("\n".join(rows), REST.format(windows=windows, port=house.port))


def shut_now():
    """Return a window that opens in three days."""
    day = (datetime.now(UTC) + timedelta(days=3)).strftime("%a")
    return f'windows:\n  nights: {{allow: "{day} 10:00-11:00", zone: UTC}}'


def newest(house):
    return house.ok("rollout", "list", "--json").json["rollouts"][0]["id"]


def members(house, rollout_id):
    return {row["target"]: row for row in house.ok("rollout", "show", rollout_id, "--json").json["targets"]}


def test_a_shut_window_holds_targets_back_until_the_fleet_file_opens_it(fleet, serve):
    write(fleet, shut_now())
    daemon = serve(fleet).ready()
    fleet.ok("rollout", "start", "--detach")
    rollout_id = newest(fleet)
    assert {row["reason"] for row in members(fleet, rollout_id).values()} == {"the window nights is shut"}
    write(fleet)
    daemon.signal(signal.SIGHUP)
    assert "succeeded" in fleet.ok("rollout", "watch", rollout_id).out
    assert {row["state"] for row in members(fleet, rollout_id).values()} == {"done"}


def test_a_scheduled_rollout_starts_nothing_before_its_time(fleet, serve):
    refused = fleet.run("rollout", "start", "--next-window")
    assert (refused.code, "no window is declared for these targets" in refused.err) == (1, True)
    write(fleet, shut_now())
    serve(fleet).ready()
    for option in (("--not-before", "2099-01-01 02:00"), ("--next-window",)):
        fleet.ok("rollout", "start", "--detach", *option)
        rollout_id = newest(fleet)
        assert all("scheduled for" in row["reason"] for row in members(fleet, rollout_id).values())
        assert "aborted" in fleet.ok("rollout", "abort", rollout_id).out
        assert {row["state"] for row in members(fleet, rollout_id).values()} == {"cancelled"}


def test_a_target_that_moved_since_the_plan_is_blocked_and_planned_again(fleet):
    fleet.revision(3)
    fleet.ok("rollout", "start", "--strategy", "cautious")
    rollout_id = newest(fleet)
    fleet.sql("t2.db", "CREATE TABLE b (id INTEGER)", "UPDATE alembic_version SET version_num = 'r2'")
    promoted = fleet.run("rollout", "promote", rollout_id)
    assert promoted.code == 1
    blocked = members(fleet, rollout_id)["t2"]
    assert blocked["state"] == "blocked_drift"
    assert "it is at r2, and was planned from r1" in blocked["error"]
    assert fleet.sql("t2.db", "SELECT version_num FROM alembic_version") == [("r2",)]
    assert "succeeded" in fleet.ok("rollout", "retry", rollout_id).out
    assert {row["current"][0] for row in fleet.ok("status", "--json").json["targets"]} == {"r3"}


def test_as_many_may_fail_as_the_percentage_says(fleet):
    for name in ("t0", "t3"):
        fleet.sql(f"{name}.db", "CREATE TABLE b (other INTEGER)")
    begun = fleet.run("rollout", "start", "--strategy", "tolerant")
    assert "2 failed, within the budget" in begun.out
    states = {name: row["state"] for name, row in members(fleet, newest(fleet)).items()}
    assert states == {"t0": "failed", "t1": "done", "t2": "done", "t3": "failed"}
    tripped = fleet.run("rollout", "start", "--strategy", "tolerant", "-l", "ring=0")
    assert (tripped.code, "1 failed, 0 may" in tripped.out) == (1, True)


def test_verbs_that_do_not_fit_say_so_and_change_nothing(fleet, serve):
    serve(fleet).ready()
    fleet.ok("rollout", "start")
    rollout_id = newest(fleet)
    for verb in VERBS:
        refused = fleet.run("rollout", verb, rollout_id)
        assert (refused.code, f"cannot {verb} rollout {rollout_id}" in refused.err) == (1, True), refused
    refused = fleet.run("rollout", "skip", rollout_id, "t0")
    assert (refused.code, f"cannot skip rollout {rollout_id}" in refused.err) == (1, True)
    assert fleet.ok("rollout", "show", rollout_id, "--json").json["rollout"]["state"] == "succeeded"


def until_connected(command: subprocess.Popen[str]) -> None:
    """Wait until a command has the stream of a rollout: a connection that lasts, unlike those of its questions before."""
    found: set[str] = set()
    while not found & (found := sockets(command.pid)):
        assert command.poll() is None
        time.sleep(1)


def sockets(pid: int) -> set[str]:
    found = set()
    for place in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.add(str(place.readlink()))
    return {link for link in found if link.startswith("socket:")}


def test_watch_prints_one_object_though_the_daemon_died_in_between(fleet, serve):
    write(fleet, shut_now())
    first = serve(fleet).ready()
    fleet.ok("rollout", "start", "--detach")
    watching = subprocess.Popen(
        [*STILLHOUSE, "rollout", "watch", newest(fleet), "--json"], cwd=fleet.folder, env=environment(),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    out: list[str] = []
    reader = threading.Thread(target=lambda: out.extend(watching.communicate(timeout=PATIENCE)[:1]))
    reader.start()
    until_connected(watching)
    first.kill()
    write(fleet)
    serve(fleet).ready()
    reader.join(PATIENCE)
    assert watching.returncode == 0
    assert json.loads(out[0])["rollout"]["state"] == "succeeded"
