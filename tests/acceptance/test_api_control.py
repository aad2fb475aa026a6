"""The real daemon, controlled by the real command line."""

from __future__ import annotations

import contextlib
import json
import signal
import sqlite3
import stat
import subprocess
import threading
import time

import pytest
from houses import PATIENCE, STILLHOUSE, environment

from stillhouse_orchestrator.cli.people import actor

FLEET = """\
fleet: test
defaults: {{census: {{every: 1h}}, drift: {{every: 1h}}}}
databases:
  app_db: {{url: "sqlite+aiosqlite:///app.db", migrations: migrations, labels: {{ring: "0"}}}}
  other_db: {{url: "sqlite+aiosqlite:///other.db", migrations: migrations, labels: {{ring: "1"}}}}
strategies:
  careful:
    - wave: {{match: "ring=0"}}
    - pause: {{}}
    - wave: {{rest: true}}
api:
  listen: "127.0.0.1:{port}"
  tokens:
    - {{name: vera, role: viewer, token: viewer-token-0123456789}}
    - {{name: olga, role: operator, token: operator-token-0123456789}}
"""
TABLE = 'op.create_table("notes", sa.Column("id", sa.Integer, primary_key=True), sa.Column("title", sa.String(50)))'


@contextlib.contextmanager
def held(house, *files):
    """Hold databases as a writer does that does not end: readers pass, a migration waits."""
    with contextlib.ExitStack() as stack:
        for file in files:
            writer = stack.enter_context(contextlib.closing(sqlite3.connect(house.folder / file, isolation_level=None)))
            writer.execute("BEGIN IMMEDIATE")
        yield


@pytest.fixture
def controlled(house, port):
    house.port = port
    house.revision(1, TABLE)
    house.write("fleet.yaml", FLEET.format(port=port))
    return house


class Command:
    """A command that is watched while it runs."""

    def __init__(self, house, *arguments):
        self.process = subprocess.Popen(
            [*STILLHOUSE, *arguments], cwd=house.folder, env=environment({"PYTHONUNBUFFERED": "1"}),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self.lines: list[str] = []
        self._said = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self._said:
                self.lines.append(line)
                self._said.notify_all()

    def said(self, text):
        deadline = time.monotonic() + PATIENCE
        with self._said:
            while not any(text in line for line in self.lines):
                assert time.monotonic() < deadline, f"{text!r} was never said: {self.lines}"
                self._said.wait(1)
        return self

    def ended(self):
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        self.process.stdout.close()
        return code


@pytest.fixture
def watch(controlled):
    """Return a function that starts commands which are watched; they end with the test."""
    commands: list[Command] = []

    def start(*arguments: str) -> Command:
        commands.append(Command(controlled, *arguments))
        return commands[-1]

    yield start
    for command in commands:
        if command.process.poll() is None:
            command.process.kill()
            command.ended()


def newest(house):
    return house.ok("rollout", "list", "--json").json["rollouts"][0]


def announcement(house):
    return house.folder / ".stillhouse" / "state.db.daemon"


def test_up_plan_status_and_drift_go_through_the_daemon(controlled, serve):
    serve(controlled).ready()
    assert controlled.run("plan", "--exit-code").code == 3
    up = controlled.ok("up", "--json").json
    assert (up["rollout"]["state"], {row["state"] for row in up["targets"]}) == ("succeeded", {"done"})
    assert up["rollout"]["created_by"] != "local"
    assert controlled.ok("status", "--json").json["targets"][0]["current"] == ["r1"]
    assert "up to date" in controlled.ok("up").out
    controlled.sql("app.db", "CREATE TABLE midnight (id INTEGER PRIMARY KEY)")
    assert controlled.run("drift", "check").code == 3
    assert "midnight" in controlled.run("drift", "show", "app_db").out
    assert "drift" in controlled.ok("alerts", "list").out
    repaired = controlled.ok("drift", "repair", "app_db", "--yes").out
    assert "DROP TABLE" in repaired
    assert controlled.ok("drift", "check").code == 0
    controlled.sql("other.db", "CREATE TABLE tmp_one (id INTEGER PRIMARY KEY)")
    controlled.ok("drift", "ignore", "--name", "tmp_*", "--reason", "scratch")
    assert controlled.ok("drift", "check").code == 0
    controlled.sql("other.db", "CREATE TABLE kept (id INTEGER PRIMARY KEY)")
    assert "in sync" in controlled.ok("drift", "accept", "other_db", "--yes").out
    history = controlled.ok("history", "--limit", "1000", "--json").json["events"]
    actors = {
        name: {event["actor"] for event in history if event["name"] == name}
        for name in ("daemon.started", "drift.detected", "drift.repaired")
    }
    assert actors == {"daemon.started": {"daemon"}, "drift.detected": {"daemon"}, "drift.repaired": {actor()}}


TEMPLATE = '''"""${message}"""
from alembic import op
import sqlalchemy as sa

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade():
    ${upgrades if upgrades else "pass"}


def downgrade():
    ${downgrades if downgrades else "pass"}
'''


def test_drift_is_adopted_through_the_daemon_and_reaches_the_others_by_the_next_upgrade(controlled, serve):
    controlled.write("migrations/script.py.mako", TEMPLATE)
    serve(controlled).ready()
    controlled.ok("up")
    controlled.sql("app.db", "CREATE INDEX by_title ON notes (title)")
    assert controlled.run("drift", "check").code == 3
    adopted = controlled.ok("drift", "adopt", "app_db", "-m", "index titles", "--yes").out
    (written,) = set((controlled.folder / "migrations" / "versions").glob("*index_titles.py"))
    assert written.name in adopted
    assert "by_title" in written.read_text()
    assert controlled.ok("drift", "check").code == 0
    status = {row["target"]: row["pending"] for row in controlled.ok("status", "--json").json["targets"]}
    assert status == {"app_db": 0, "other_db": 1}
    controlled.ok("up")
    assert controlled.ok("drift", "check").code == 0
    assert controlled.sql("other.db", "SELECT name FROM sqlite_master WHERE name = 'by_title'")
    again = controlled.run("drift", "adopt", "app_db", "-m", "nothing", "--yes")
    assert "in sync" in again.out, "there is nothing to adopt any more"


def test_a_rollout_is_paused_resumed_promoted_watched_and_rolled_back(controlled, serve, watch):
    controlled.ok("up")
    controlled.revision(2)
    serve(controlled).ready()
    with held(controlled, "app.db"):
        watched = watch("rollout", "start", "--strategy", "careful").said("app_db: running")
        rollout_id = newest(controlled)["id"]
        paused = controlled.ok("rollout", "pause", rollout_id, "--reason", "look")
        assert "running" in paused.out
        assert controlled.run("rollout", "pause", rollout_id).code == 1
    watched.said("app_db: done")
    resumed = watch("rollout", "resume", rollout_id)
    watched.said("waits until promoted")  # the pause of the strategy, not the one that was taken back
    promoted = controlled.ok("rollout", "promote", rollout_id[:5])
    assert "succeeded" in promoted.out
    assert (watched.ended(), resumed.ended()) == (0, 0)
    assert newest(controlled)["counts"] == {"done": 2}
    back = controlled.ok("rollout", "rollback", rollout_id, "--yes").out
    assert "r2 -> r1" in back
    assert back.count("rolled_back") >= 2
    decided = controlled.ok("rollout", "show", rollout_id, "--json").json["rollout"]["decisions"]
    assert [decision["verb"] for decision in decided] == ["start", "pause", "resume", "promote", "rollback"]


def test_watch_goes_on_when_the_daemon_was_killed_and_is_back(controlled, serve, watch):
    controlled.revision(2)
    first = serve(controlled).ready()
    with held(controlled, "app.db"):
        controlled.ok("rollout", "start", "--detach")
        rollout_id = newest(controlled)["id"]
        watched = watch("rollout", "watch", rollout_id).said(": running")
        first.kill()
        watched.said("the daemon is away")
    serve(controlled).ready()
    watched.said("succeeded")
    assert watched.ended() == 0
    assert controlled.sql("app.db", "SELECT version_num FROM alembic_version") == [("r2",)]


def test_the_announcement_is_for_its_user_only_and_goes_with_the_daemon(controlled, serve):
    daemon = serve(controlled).ready()
    assert stat.S_IMODE(announcement(controlled).stat().st_mode) == 0o600
    token = json.loads(announcement(controlled).read_text())["token"]
    assert token not in "".join(daemon.log)
    daemon.signal(signal.SIGTERM)
    assert daemon.ended() == 0
    assert not announcement(controlled).exists()
    assert controlled.ok("up").code == 0


def test_after_a_kill_commands_work_without_a_daemon(controlled, serve):
    serve(controlled).ready().kill()
    assert announcement(controlled).exists()
    assert "succeeded" in controlled.ok("up").out


def test_without_the_announcement_a_token_of_the_fleet_file_is_needed(controlled, serve):
    serve(controlled).ready()
    announcement(controlled).unlink()
    refused = controlled.run("up")
    assert (refused.code, "STILLHOUSE_TOKEN" in refused.err) == (1, True)
    viewer = controlled.run("up", env={"STILLHOUSE_TOKEN": "viewer-token-0123456789"})
    assert (viewer.code, "vera is viewer" in viewer.err) == (1, True)
    file = controlled.write("token", "operator-token-0123456789\n")
    assert "succeeded" in controlled.ok("up", "--token-file", str(file)).out
    assert newest(controlled)["created_by"] == "olga"


def test_mistakes_have_the_exit_codes_of_embedded_commands(controlled, serve):
    serve(controlled).ready()
    assert controlled.run("status", "-l", "ring==").code == 2
    assert controlled.run("drift", "show", "nobody").code == 2
    assert controlled.run("rollout", "pause", "nothing").code == 1
    assert controlled.run("alerts", "silence", "ring=0", "--for", "soon", "--reason", "x").code == 2


def test_pause_takes_effect_at_once_with_three_hundred_targets_waiting(controlled, serve, watch, capsys):
    count = 300
    rows = "\n".join(
        f"  t{n}: {{url: 'sqlite+aiosqlite:///dbs/t{n}.db', migrations: migrations}}" for n in range(count)
    )
    (controlled.folder / "dbs").mkdir()
    files = [f"dbs/t{n}.db" for n in range(count)]
    controlled.write(
        "fleet.yaml",
        f"fleet: test\ndatabases:\n{rows}\n"
        f"strategies:\n  few:\n    - wave: {{rest: true, max_parallel: 8}}\n"
        f'api: {{listen: "127.0.0.1:{controlled.port}"}}\n',
    )
    serve(controlled).ready()
    with held(controlled, *files):
        controlled.ok("rollout", "start", "--strategy", "few", "--detach")
        rollout_id = newest(controlled)["id"]
        watched = watch("rollout", "watch", rollout_id).said(": running")
        before = time.perf_counter()
        controlled.ok("rollout", "pause", rollout_id)
        took = time.perf_counter() - before
        started = {row["target"] for row in show(controlled, rollout_id)["targets"] if row["started_at"]}
        assert 0 < len(started) <= 8
    targets = show(controlled, rollout_id)["targets"]
    while any(row["state"] == "running" for row in targets):
        targets = show(controlled, rollout_id)["targets"]
    assert {row["target"] for row in targets if row["started_at"]} == started
    assert sum(row["state"] in {"waiting", "pending"} for row in targets) == count - len(started)
    controlled.ok("rollout", "abort", rollout_id)
    assert watched.ended() == 1
    with capsys.disabled():
        print(f"\npause with {count - len(started)} targets waiting: {took:.2f} s, the command's start included")  # noqa: T201 - a figure for the report


def show(house, rollout_id):
    return house.ok("rollout", "show", rollout_id, "--json").json
