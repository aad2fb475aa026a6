"""`stillhouse serve` as a service manager runs it."""

from __future__ import annotations

import getpass
import json
import resource
import shutil
import signal
import socket
import urllib.request

import pytest
from houses import House

FLEET = """\
fleet: test
defaults:
  migrate: {migrate}
  census: {{every: 1s}}
  drift: {{every: 1s}}
databases:
  app_db:
    url: sqlite+aiosqlite:///app.db
    migrations: migrations
api: {{listen: "127.0.0.1:{port}"}}
"""
TABLE = 'op.create_table("notes", sa.Column("id", sa.Integer, primary_key=True), sa.Column("title", sa.String(50)))'


@pytest.fixture
def kept(house, port):
    """A fleet of one database that the daemon only watches."""
    house.port = port
    house.revision(1, TABLE)
    house.write("fleet.yaml", FLEET.format(migrate="manual", port=port))
    return house


def get(house, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{house.port}{path}", timeout=60) as answer:
        return json.loads(answer.read())


def test_it_tells_when_it_is_ready_lives_and_stops(kept, serve):
    daemon = serve(kept, env={"WATCHDOG_USEC": "900000"}).ready()
    assert get(kept, "/readyz")["ready"] is True
    assert get(kept, "/healthz")["targets"] == 1
    assert "serving" in kept.ok("health").out
    daemon.told("WATCHDOG", "1")
    daemon.told("WATCHDOG", "1")
    daemon.signal(signal.SIGTERM)
    daemon.told("STOPPING", "1")
    assert daemon.ended() == 0
    assert kept.run("health").code == 1


def test_drift_is_found_within_seconds_and_logged(kept, serve):
    kept.ok("up")
    daemon = serve(kept).ready()
    kept.sql("app.db", "CREATE TABLE midnight (id INTEGER PRIMARY KEY)")
    assert daemon.logged("drift.detected")["target"] == "app_db"
    assert daemon.logged("alert.opened")["level"] == "warning"
    kept.sql("app.db", "DROP TABLE midnight")
    daemon.logged("alert.resolved")


def test_it_migrates_what_the_fleet_file_leaves_to_it(kept, serve):
    kept.write("fleet.yaml", FLEET.format(migrate="auto", port=kept.port))
    daemon = serve(kept).ready()
    daemon.logged("rollout.succeeded")
    assert kept.sql("app.db", "SELECT version_num FROM alembic_version") == [("r1",)]
    kept.revision(2, 'op.add_column("notes", sa.Column("body", sa.Text))')
    while kept.sql("app.db", "SELECT version_num FROM alembic_version") != [("r2",)]:
        daemon.told("STATUS")


def test_a_reload_follows_the_file_and_refuses_a_wrong_one(kept, serve):
    daemon = serve(kept).ready()
    text = (kept.folder / "fleet.yaml").read_text()
    kept.write("fleet.yaml", text.replace("migrations: migrations", "migration: migrations"))
    daemon.signal(signal.SIGHUP)
    daemon.told("RELOADING", "1")
    refused = daemon.logged("fleet.refused")
    assert any("migration" in problem for problem in refused["problems"])
    daemon.told("READY", "1")
    assert "refused" in get(kept, "/healthz")["problem"]
    kept.write(
        "fleet.yaml",
        text.replace("databases:", "databases:\n  more_db: {url: 'sqlite:///more.db', migrations: migrations}"),
    )
    daemon.signal(signal.SIGHUP)
    assert daemon.logged("fleet.reloaded")["targets"] == 2
    daemon.told("READY", "1")
    vitals = get(kept, "/healthz")
    assert (vitals["targets"], vitals["problem"]) == (2, None)
    assert daemon.logged("target.discovered")["target"]


def test_after_a_kill_it_starts_again_and_goes_on(kept, serve):
    kept.ok("up")
    serve(kept).ready().kill()
    daemon = serve(kept).ready()
    assert get(kept, "/readyz")["ready"] is True
    daemon.signal(signal.SIGTERM)
    assert daemon.ended() == 0


def test_a_second_owner_is_refused_and_readers_are_not(kept, serve):
    kept.ok("up")
    first = serve(kept).ready()
    second = kept.run("serve")
    assert second.code == 1
    assert f"owned by {getpass.getuser()}@{socket.gethostname()} (process {first.process.pid}, since 20" in second.err
    assert "stop it" in second.err
    assert kept.ok("status", "--json").json["targets"][0]["current"] == ["r1"]
    kept.write("fleet.yaml", (kept.folder / "fleet.yaml").read_text().replace(str(kept.port), str(kept.port + 1)))
    other = kept.run("serve")
    assert other.code == 1
    assert "owned" in other.err
    elsewhere = House(kept.folder / "elsewhere")
    elsewhere.revision(1, TABLE)
    elsewhere.write("fleet.yaml", FLEET.format(migrate="manual", port=kept.port))
    assert f"127.0.0.1:{kept.port}: the daemon of the fleet" in elsewhere.run("serve").err


def test_a_full_disk_under_the_store_is_waited_out_and_a_deleted_store_is_not(kept, serve):
    daemon = serve(kept).ready()
    _, most = resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (0, most))
    daemon.logged("tick.failed")
    assert "cannot be used: disk I/O error" in get(kept, "/healthz")["problem"]
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (most, most))
    while get(kept, "/healthz")["problem"]:
        daemon.told("STATUS")
    shutil.rmtree(kept.folder / ".stillhouse")
    assert daemon.ended() == 1
    assert "was deleted or replaced while it was in use" in "".join(daemon.log)


def test_a_fleet_file_with_mistakes_starts_nothing(kept):
    kept.write("fleet.yaml", "fleet: test\ndatabases: {}\n")
    assert kept.run("serve").code == 2


SLOW = """import pathlib, time
    if not op.get_context().as_sql:  # a plan does not wait
        pathlib.Path("begun").touch()
        while not pathlib.Path("go").exists():
            time.sleep(0.02)
    """


def begun(house) -> bool:
    return (house.folder / "begun").exists()


def test_a_drain_lets_a_running_migration_finish(kept, serve):
    kept.revision(1, SLOW + TABLE)
    kept.write("fleet.yaml", FLEET.format(migrate="auto", port=kept.port))
    daemon = serve(kept).ready()
    while not begun(kept):
        daemon.told("STATUS")
    daemon.signal(signal.SIGTERM)
    daemon.told("STOPPING", "1")
    kept.write("go", "")
    assert daemon.ended() == 0
    assert kept.sql("app.db", "SELECT version_num FROM alembic_version") == [("r1",)]


def test_a_migration_that_was_killed_is_finished_after_the_restart(kept, serve):
    kept.revision(1, TABLE)
    kept.revision(2, SLOW + 'op.create_table("more", sa.Column("id", sa.Integer, primary_key=True))')
    kept.write("fleet.yaml", FLEET.format(migrate="auto", port=kept.port))
    first = serve(kept).ready()
    while not begun(kept):
        first.told("STATUS")
    first.kill()
    kept.write("go", "")
    second = serve(kept).ready()
    second.logged("rollout.succeeded")
    assert kept.sql("app.db", "SELECT version_num FROM alembic_version") == [("r2",)]
    second.signal(signal.SIGTERM)
    assert second.ended() == 0
