"""init, up, status, drift, repair: the first half hour of a new user."""

from __future__ import annotations

from stillhouse_orchestrator.cli.people import actor


def test_what_init_writes_runs_as_it_stands(first):
    assert "no problem found" in first.ok("validate").out
    before = first.run("status", "--json")
    assert before.json["schema_version"] == 1
    (target,) = before.json["targets"]
    assert (target["target"], target["current"], target["pending"]) == ("app_db", [], 1)
    assert not (first.folder / "app.db").exists(), "status never writes to a target"
    first.ok("up")
    (target,) = first.ok("status", "--json").json["targets"]
    assert (target["current"], target["head"], target["pending"], target["health"]) == (
        ["0001"],
        ["0001"],
        0,
        "healthy",
    )
    assert first.run("up").code == 0, "nothing to do is fine"


def test_drift_is_found_explained_repaired_and_verified(first):
    first.ok("up")
    assert first.ok("drift", "check", "--json").json["summary"] == {
        "in_sync": 1,
        "drifted": 0,
        "pending_only": 0,
        "unknown": 0,
    }
    first.sql("app.db", "ALTER TABLE notes ADD COLUMN author VARCHAR(50)", "DROP INDEX ix_notes_title")
    check = first.run("drift", "check", "--json")
    assert check.code == 3
    (report,) = check.json["targets"]
    assert report["status"] == "drifted"
    assert {(change["op"], change["object"]) for change in report["changes"]} == {
        ("extra", "notes.author"),
        ("missing", "notes.ix_notes_title"),
    }
    shown = first.run("drift", "show", "app_db")
    assert shown.code == 3
    assert "notes.author" in shown.out
    assert [alert["state"] for alert in first.ok("alerts", "list", "--json").json["alerts"]] == ["open"]

    refused = first.run("drift", "repair", "app_db")
    assert refused.code == 2, "without a terminal and without --yes nothing is run"
    assert first.run("drift", "check").code == 3
    repaired = first.ok("drift", "repair", "app_db", "--yes")
    assert "CREATE INDEX ix_notes_title" in repaired.out
    assert "data loss" in repaired.out
    assert first.ok("drift", "check").code == 0
    assert first.ok("alerts", "list", "--json").json["alerts"] == []
    history = first.ok("history", "--json").json["events"]
    assert {event["actor"] for event in history} == {actor()}
    names = [event["name"] for event in history]
    for name in ("drift.detected", "alert.opened", "drift.repaired", "drift.cleared", "alert.resolved"):
        assert name in names


def test_results_go_to_stdout_and_logs_to_stderr(first):
    result = first.ok("up", "--log-level", "info", "--log-format", "json")
    assert '"event"' in result.err
    assert '"event"' not in result.out
    first.sql("app.db", "CREATE TABLE midnight (id INTEGER)")
    found = first.run("drift", "check")
    assert ("midnight" in found.out, found.err) == (True, "")  # the drift and its alert are the result, not news


def test_the_demo_tells_its_story_and_checks_itself(house):
    result = house.ok("demo", "story")
    for text in ("users_db", "analytics_db", "logs_db", "users.nickname", "tmp_export", "in sync", "own checks passed"):
        assert text in result.out
    assert sorted(path.name for path in (house.folder / "story").glob("*.db")) == [
        "analytics.db",
        "logs.db",
        "users.db",
    ]


def test_the_demo_cleans_up_after_itself_when_no_folder_is_named(house):
    house.ok("demo", env={"TMPDIR": str(house.folder)})
    assert list(house.folder.iterdir()) == []


def test_the_first_project_works_with_the_alembic_command_line_too(first):
    first.ok("alembic", "upgrade", "head")
    assert "0001" in first.ok("alembic", "current").out
    assert first.ok("status", "--json").json["targets"][0]["current"] == ["0001"]
