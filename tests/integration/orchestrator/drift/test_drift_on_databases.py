"""Drift found, answered and repaired on real databases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stillhouse_orchestrator.drift import looking
from stillhouse_orchestrator.errors import AnswerError
from stillhouse_orchestrator.values import DriftStatus


async def test_without_a_baseline_nothing_is_claimed(house):
    house.execute(
        "CREATE TABLE shop_version (version_num VARCHAR(32) PRIMARY KEY)", "INSERT INTO shop_version VALUES ('r2')"
    )
    report = await house.check()
    assert report.status is DriftStatus.UNKNOWN
    assert "drift accept" in report.error


async def test_the_steady_state_costs_no_snapshot(migrated, monkeypatch):
    assert (await migrated.check()).status is DriftStatus.IN_SYNC
    taken = []
    monkeypatch.setattr(looking.Scope, "snapshot", lambda *_: taken.append(1))
    assert (await migrated.check()).status is DriftStatus.IN_SYNC
    assert not taken, "the server's own hash had not changed"


async def test_drift_is_named_alerted_once_and_resolved_by_the_repair(migrated):
    migrated.execute("ALTER TABLE users ADD COLUMN nickname VARCHAR(50)", "DROP INDEX ix_users_email")
    report = await migrated.check()
    assert report.status is DriftStatus.DRIFTED
    assert {(change.op.value, change.object) for change in report.changes} == {
        ("extra", "users.nickname"),
        ("missing", "users.ix_users_email"),
    }
    assert all(change.repair_sql for change in report.changes)
    again = await migrated.check()
    assert (again.drift_id, again.first_seen) == (report.drift_id, report.first_seen)
    (alert,) = await migrated.open_alerts()
    assert (alert.drift_id, alert.targets) == (report.drift_id, ("shop_db",))

    await migrated.answers.repair(
        migrated.target, await migrated.answers.plan_repair(migrated.target, report), "tester"
    )
    assert (await migrated.check()).status is DriftStatus.IN_SYNC
    assert await migrated.open_alerts() == []
    names = await migrated.events()
    assert [name for name in names if name.startswith(("drift.", "alert."))] == [
        "drift.detected", "alert.opened", "drift.repaired", "drift.cleared", "alert.resolved",
    ]  # fmt: skip


async def test_a_pending_revision_is_no_drift(migrated):
    migrated.execute("UPDATE shop_version SET version_num = 'r1'")
    await migrated.answers.accept(migrated.target, "tester")
    report = await migrated.check()
    assert (report.status, report.pending) == (DriftStatus.PENDING_ONLY, 1)


async def test_an_unreachable_target_resolves_nothing(migrated):
    migrated.execute("CREATE TABLE tmp_x (id INTEGER)")
    drifted = await migrated.check()
    url = migrated.url
    migrated.url = "postgresql+asyncpg://nobody@127.0.0.1:1/nothing"
    migrated.load("{}")
    report = await migrated.check()
    assert report.status is DriftStatus.UNKNOWN
    assert len(await migrated.open_alerts()) == 1
    migrated.url = url
    migrated.load("{}")
    assert (await migrated.check()).drift_id == drifted.drift_id
    assert len(await migrated.open_alerts()) == 1


async def test_an_ignore_rule_takes_effect_without_any_change_of_the_schema(migrated):
    migrated.execute("CREATE TABLE tmp_x (id INTEGER)")
    assert (await migrated.check()).status is DriftStatus.DRIFTED
    migrated.load('{ignore: [{kind: table, name: "tmp_*", owner: me, reason: scratch, until: never}]}')
    report = await migrated.check()
    assert report.status is DriftStatus.IN_SYNC
    assert {change.ignored_by for change in report.changes} == {"drift.ignore[0]"}
    assert await migrated.open_alerts() == []


async def test_accepting_makes_the_live_schema_the_right_one(migrated):
    migrated.execute("CREATE TABLE kept (id INTEGER PRIMARY KEY)")
    assert (await migrated.check()).status is DriftStatus.DRIFTED
    await migrated.answers.accept(migrated.target, "tester")
    assert (await migrated.check()).status is DriftStatus.IN_SYNC


async def test_a_repair_refuses_a_schema_that_has_changed_since_it_was_planned(migrated):
    migrated.execute("CREATE TABLE tmp_x (id INTEGER)")
    planned = await migrated.answers.plan_repair(migrated.target, await migrated.check())
    migrated.execute("CREATE TABLE tmp_y (id INTEGER)")
    with pytest.raises(AnswerError, match="has changed"):
        await migrated.answers.repair(migrated.target, planned, "tester")
    assert len((await migrated.check()).changes) == 2


async def test_a_repair_that_breaks_off_says_what_is_kept(migrated):
    migrated.execute("CREATE TABLE tmp_x (id INTEGER)")
    planned = await migrated.answers.plan_repair(migrated.target, await migrated.check())
    broken = replace(planned.steps[-1], sql=(*planned.steps[-1].sql, "SELECT * FROM nowhere"))
    with pytest.raises(AnswerError) as raised:
        await migrated.answers.repair(migrated.target, replace(planned, steps=(*planned.steps[:-1], broken)), "tester")

    kept = (await migrated.check()).status is DriftStatus.IN_SYNC
    assert ("what ran before it is kept (1)" if kept else "nothing of this was kept") in str(raised.value)
    assert kept == (migrated.target.url.dialect == "mysql")
    assert "SELECT * FROM nowhere" in str(raised.value)
