"""Owners and privileges as an option of the fleet file: off, switched on, recorded, repaired."""

from __future__ import annotations

import pytest

from stillhouse_config import parse_fleet
from stillhouse_orchestrator.values import DriftStatus

GRANT = "GRANT SELECT ON users TO pg_monitor"


@pytest.fixture
def compare(migrated, tmp_path):
    def switch() -> None:
        text = f"fleet: shop\ndatabases:\n  shop_db: {{url: '{migrated.url}', migrations: m, version_table: shop_version, drift: {{privileges: true}}}}\n"
        migrated.fleet = parse_fleet(text, tmp_path / "fleet.yaml", {}, check_paths=False).expand()
        migrated.target = migrated.fleet.targets["shop_db"]

    return switch


@pytest.mark.parametrize("database", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True)
async def test_privileges_are_compared_once_they_are_recorded_and_repaired(migrated, compare):
    migrated.execute(GRANT)
    assert (await migrated.check()).status is DriftStatus.IN_SYNC

    compare()
    report = await migrated.check()
    assert report.status is DriftStatus.IN_SYNC
    assert "privilege" not in report.coverage.compared
    (why,) = [text for text in report.coverage.not_compared if text.startswith("privilege: ")]
    assert "the next migration records them" in why

    await migrated.answers.accept(migrated.target, "tester")
    report = await migrated.check()
    assert (report.status, "privilege" in report.coverage.compared) == (DriftStatus.IN_SYNC, True)

    migrated.execute("REVOKE SELECT ON users FROM pg_monitor", "GRANT DELETE ON users TO PUBLIC")
    report = await migrated.check()
    (change,) = report.changes
    assert (change.kind, change.object, change.attribute) == ("table", "users", "privileges")
    assert (change.expected, change.actual) == ("pg_monitor: SELECT", "PUBLIC: DELETE")
    assert (await migrated.check()).first_seen == report.first_seen

    planned = await migrated.answers.plan_repair(migrated.target, report)
    assert [sql for step in planned.steps for sql in step.sql][-2:] == [
        "REVOKE DELETE ON TABLE users FROM PUBLIC",
        "GRANT SELECT ON TABLE users TO pg_monitor",
    ]
    await migrated.answers.repair(migrated.target, planned, "tester")
    assert (await migrated.check()).status is DriftStatus.IN_SYNC


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_where_there_are_no_privileges_the_option_changes_nothing(migrated, compare):
    compare()
    report = await migrated.check()
    assert report.status is DriftStatus.IN_SYNC
    migrated.execute("CREATE TABLE tmp_x (id INTEGER)")
    assert [change.object for change in (await migrated.check()).changes] == ["tmp_x"]
