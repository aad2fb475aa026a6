"""A fleet that was migrated before Stillhouse came is judged all the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fleets_of_three import NAMES

from stillhouse_config import load_fleet
from stillhouse_orchestrator.events import now
from stillhouse_orchestrator.jobs import job_for
from stillhouse_orchestrator.values import DriftStatus

EXTRA = "CREATE TABLE stray (id INTEGER)"


async def sources(app):
    async with app.store.read() as session:
        return {(each.target, each.applied): each.source for each in (await session.looks.last(NAMES, now())).baselines}


def named(report):
    return {(change.op.value, change.kind, change.object) for change in report.changes}


async def test_revisions_are_replayed_once_for_all_targets_at_them(three):
    async with three.opened() as app:
        await three.migrate_behind_its_back(app, "r2", "one", "two")
        await three.migrate_behind_its_back(app, "r1", "three")
        three.execute("two", EXTRA)
        reports = await three.check(app)
        assert {name: report.status for name, report in reports.items()} == {
            "one": DriftStatus.IN_SYNC,
            "two": DriftStatus.DRIFTED,
            "three": DriftStatus.PENDING_ONLY,
        }
        assert named(reports["two"]) == {("extra", "table", "stray")}
        assert "replayed" in reports["one"].evidence
        assert set((await sources(app)).values()) == {"replayed"}
        again = await three.check(app)
        assert again["two"].drift_id == reports["two"].drift_id


async def test_models_are_what_a_target_at_head_should_have(three):
    three.write("{baseline: models}")
    async with three.opened() as app:
        await three.migrate_behind_its_back(app, "r2", "one")
        await three.migrate_behind_its_back(app, "r1", "three")
        reports = await three.check(app, "one", "three")
        assert reports["one"].status is DriftStatus.IN_SYNC
        assert "models" in reports["one"].evidence
        assert reports["three"].status is DriftStatus.UNKNOWN, "models say nothing about an older revision"


async def test_recorded_means_recorded(three):
    three.write("{baseline: recorded}")
    async with three.opened() as app:
        await three.migrate_behind_its_back(app, "r2", "one")
        report = (await three.check(app, "one"))["one"]
        assert report.status is DriftStatus.UNKNOWN
        assert "drift accept" in report.error


async def test_a_baseline_of_another_normaliser_is_derived_again_and_no_drift(three):
    async with three.opened() as app:
        await app.executor.run(app_job(app, "one"))
        assert (await sources(app))["one", ("r2",)] == "migration"
        async with app.store.write() as session:
            old = await session.baselines.get("one", ("r2",))
            await session.baselines.save([replace(old, normaliser="0", fingerprint="old")])
        report = (await three.check(app, "one"))["one"]
        assert report.status is DriftStatus.IN_SYNC
        assert (await sources(app))["one", ("r2",)] == "replayed"


async def test_a_replay_that_fails_says_why_and_the_odd_sibling_is_named_all_the_same(three):
    async with three.opened() as app:
        await three.migrate_behind_its_back(app, "r2")
        three.execute("three", EXTRA)
        three.revision("r1", None, "raise RuntimeError('needs the moon')")
        three.write("{baseline: replay}")
    async with three.opened() as app:
        reports = await three.check(app)
        assert reports["one"].status is DriftStatus.UNKNOWN
        assert "needs the moon" in reports["one"].error
        assert "1 of its 2 siblings" in reports["one"].error
        assert reports["three"].status is DriftStatus.DRIFTED
        assert named(reports["three"]) == {("extra", "table", "stray")}
        assert reports["three"].evidence == "compared with 2 siblings at the same revision"
        alone = await three.check(app, "three")
        assert alone["three"].drift_id == reports["three"].drift_id, "a check of one target compares it as well"


async def test_tables_without_a_version_table_are_nobodys_drift(three):
    three.execute("one", EXTRA)
    async with three.opened() as app:
        report = (await three.check(app, "one"))["one"]
        assert report.status is DriftStatus.UNKNOWN
        assert "no version table" in report.error


@pytest.mark.parametrize("three", ["postgresql", "mariadb"], indirect=True)
async def test_an_env_that_connects_elsewhere_is_noticed_before_anything_is_run(three):
    url = three.urls["two"].replace("+asyncpg", "+psycopg").replace("+asyncmy", "+pymysql")
    (three.folder / "m" / "env.py").write_text(
        "from alembic import context\nfrom sqlalchemy import create_engine\n"
        f"with create_engine({url!r}).connect() as connection:\n"
        "    context.configure(connection=connection)\n"
        "    with context.begin_transaction():\n        context.run_migrations()\n"
    )
    three.execute(
        "one",
        "CREATE TABLE alembic_version (version_num VARCHAR(32))",
        "INSERT INTO alembic_version VALUES ('r2')",
        EXTRA,
    )
    three.write("{baseline: replay}")
    async with three.opened() as app:
        report = (await three.check(app, "one"))["one"]
        assert report.status is DriftStatus.UNKNOWN
        assert "env.py connects to" in report.error
        assert (await three.check(app, "two"))["two"].pending == 2, "nothing was migrated"


def app_job(app, name):
    return job_for(app.target(name), "upgrade", "r2")


async def test_models_that_have_changed_are_read_again_with_the_fleet_file(three):
    three.write("{baseline: models}")
    models = three.folder / "models.py"
    async with three.opened() as app:
        await three.migrate_behind_its_back(app, "r2")
        assert (await three.check(app, "one"))["one"].status is DriftStatus.IN_SYNC
        assert (await sources(app))["one", ("r2",)] == "models"
        models.write_text(models.read_text().replace('sa.Column("age", sa.Integer)', 'sa.Column("years", sa.Integer)'))
        assert (await three.check(app, "one"))["one"].status is DriftStatus.IN_SYNC, (
            "nobody has said that anything changed"
        )
        await app.adopt(load_fleet(three.folder / "fleet.yaml"))
        report = (await three.check(app, "one"))["one"]
    assert report.status is DriftStatus.DRIFTED
    assert named(report) == {("missing", "column", "users.years"), ("extra", "column", "users.age")}
