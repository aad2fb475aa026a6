"""Schemas of one database are looked at together, and what is wrong with one of them concerns that one only."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
import sqlalchemy as sa

from stillhouse_config import parse_fleet
from stillhouse_engine.schema import take_snapshot
from stillhouse_orchestrator.alerts.service import AlertService, Policy
from stillhouse_orchestrator.census import Census
from stillhouse_orchestrator.connections import Connections
from stillhouse_orchestrator.drift import looking
from stillhouse_orchestrator.drift.answers import Answers
from stillhouse_orchestrator.drift.checking import DriftCheck
from stillhouse_orchestrator.projects import Description, Projects
from stillhouse_orchestrator.revisions import Graph
from stillhouse_orchestrator.store.testing import memory_store
from stillhouse_orchestrator.values import DriftStatus, Health

pytestmark = pytest.mark.postgresql
COUNT = 12
NAMES = [f"tenant_{number}" for number in range(COUNT)]
FILE = """
fleet: shop
databases:
  tenants:
    for_each: {{items: [{names}]}}
    name: "{{item}}"
    schema: "{{item}}"
    url: "{url}"
    migrations: m
"""


class TwoRevisions(Projects):
    """Every project has the revisions r1 and r2."""

    def __init__(self) -> None:
        pass

    async def describe(self, targets):
        return {target.project: Description(Graph(("r2",), {"r1": (), "r2": ("r1",)})) for target in targets}


@pytest.fixture
async def tenants(postgres_server, postgres_database):
    name = postgres_database()
    url = postgres_server.url(name)
    with closing(psycopg.connect(url.replace("+asyncpg", ""), autocommit=True)) as admin:
        for tenant in NAMES:
            admin.execute(
                f"CREATE SCHEMA {tenant}; CREATE TABLE {tenant}.alembic_version (version_num varchar(32));"
                f"INSERT INTO {tenant}.alembic_version VALUES ('r2'); CREATE TABLE {tenant}.users (id int PRIMARY KEY)"
            )
        text = FILE.format(url=url, names=", ".join(NAMES))
        fleet = parse_fleet(text, Path("/nowhere/fleet.yaml"), {}, check_paths=False).expand()
        async with memory_store() as store:
            connections = Connections({f"127.0.0.1:{postgres_server.port}": 2})
            alerts = AlertService(store, Policy.of("shop", fleet.settings.alerts, {}))
            projects = TwoRevisions()
            found = SimpleNamespace(
                sql=admin.execute,
                fleet=fleet,
                targets=list(fleet.targets.values()),
                census=Census(store, connections, projects),
                drift=DriftCheck(store, connections, projects, alerts),
                statements=[],
            )
            accepted = await Answers(store, connections).accept(found.targets[0], "tester")
            async with store.write() as session:
                await session.baselines.save(replace(accepted, target=target.name) for target in found.targets)
            for engine in connections._opener._engines.values():
                sa.event.listen(engine.sync_engine, "before_cursor_execute", lambda *seen: noted(seen[2], found))
                sa.event.listen(engine.sync_engine, "connect", lambda raw, _: listen(raw.driver_connection, found))
            yield found
            await connections.aclose()


def noted(sql, found):
    if not sql.startswith("SET LOCAL"):
        found.statements.append(sql)


def listen(driver, found):
    """Note what is asked of the driver itself; what goes through SQLAlchemy is noted there."""

    def note(record):
        if "xmin" in record.query and "ARRAY(" in record.query:  # others are asked through SQLAlchemy
            found.statements.append(record.query)

    driver.add_query_logger(note)


def snapshots(tenants):
    return sum("json_build_array" in sql for sql in tenants.statements)


async def states(tenants):
    return await tenants.census.take(tenants.targets)


async def verdicts(tenants):
    reports = await tenants.drift.run(tenants.fleet, tenants.targets)
    assert [report.target for report in reports] == NAMES
    return {report.target: report for report in reports}


async def test_a_census_of_many_schemas_is_one_statement(tenants):
    tenants.sql("UPDATE tenant_3.alembic_version SET version_num = 'r1'")
    found = await states(tenants)
    assert len(tenants.statements) == 1
    assert {name: state.current for name, state in found.items() if state.current != ("r2",)} == {"tenant_3": ("r1",)}


async def test_an_unchanged_fleet_of_schemas_costs_two_statements(tenants):
    await verdicts(tenants)
    tenants.statements.clear()
    assert {report.status for report in (await verdicts(tenants)).values()} == {DriftStatus.IN_SYNC}
    assert len(tenants.statements) == 2


async def test_the_first_check_takes_one_snapshot_for_all_that_agree(tenants):
    await verdicts(tenants)
    assert snapshots(tenants) == 1
    assert len(tenants.statements) == 5  # mark, versions, hashes, one snapshot, and whether it was migrated meanwhile


async def test_drift_of_one_schema_is_its_own(tenants):
    await verdicts(tenants)
    tenants.sql("ALTER TABLE tenant_7.users ADD COLUMN stray int")
    found = await verdicts(tenants)
    assert [name for name, report in found.items() if report.status is DriftStatus.DRIFTED] == ["tenant_7"]
    assert [change.object for change in found["tenant_7"].changes] == ["users.stray"]


async def test_a_check_of_one_unchanged_schema_is_one_statement(tenants):
    await verdicts(tenants)
    tenants.statements.clear()
    (report,) = await tenants.drift.run(tenants.fleet, tenants.targets[5:6])
    assert report.status is DriftStatus.IN_SYNC
    assert len(tenants.statements) == 1


async def test_what_changes_no_schema_costs_no_snapshot(tenants):
    first = await verdicts(tenants)
    tenants.sql("CREATE SCHEMA elsewhere; GRANT SELECT ON tenant_3.users TO public; TRUNCATE tenant_4.users")
    try:
        tenants.statements.clear()
        found = await verdicts(tenants)
    finally:
        tenants.sql("DROP SCHEMA elsewhere")
    assert {report.status for report in found.values()} == {DriftStatus.IN_SYNC}
    assert snapshots(tenants) == 0
    assert all(found[name].catalogue_hash == first[name].catalogue_hash for name in NAMES)
    assert not {found[name].catalogue_mark for name in NAMES} & {first[name].catalogue_mark for name in NAMES}


async def test_drift_is_found_where_others_look_at_the_same_mark(tenants):
    await verdicts(tenants)
    tenants.sql("ALTER TABLE tenant_7.users RENAME COLUMN id TO key")
    (report,) = await tenants.drift.run(tenants.fleet, tenants.targets[7:8])
    assert report.status is DriftStatus.DRIFTED
    assert {name for name, report in (await verdicts(tenants)).items() if report.drift_id} == {"tenant_7"}
    tenants.sql("ALTER TABLE tenant_7.users RENAME COLUMN key TO id")
    assert {report.status for report in (await verdicts(tenants)).values()} == {DriftStatus.IN_SYNC}


async def test_a_migration_during_a_look_is_no_drift(tenants, monkeypatch):
    await verdicts(tenants)
    tenants.sql("UPDATE tenant_5.alembic_version SET version_num = 'r1'; DROP TABLE tenant_5.users")
    waiting = [
        "CREATE TABLE tenant_5.users (id int PRIMARY KEY); UPDATE tenant_5.alembic_version SET version_num = 'r2'"
    ]

    def migrated_meanwhile(connection, **options):
        while waiting:
            tenants.sql(waiting.pop())
        return take_snapshot(connection, **options)

    monkeypatch.setattr(looking, "take_snapshot", migrated_meanwhile)
    (report,) = await tenants.drift.run(tenants.fleet, tenants.targets[5:6])
    assert (report.status, report.applied) == (DriftStatus.IN_SYNC, ("r2",))


async def test_version_tables_that_are_missing_are_found_out_together(tenants):
    tenants.sql("DROP TABLE tenant_2.alembic_version; DROP SCHEMA tenant_9 CASCADE")
    found = await states(tenants)
    assert {name for name, state in found.items() if state.current == ()} == {"tenant_2", "tenant_9"}
    assert len(tenants.statements) == 3


async def test_a_schema_that_may_not_be_read_concerns_no_other(tenants):
    tenants.sql("CREATE ROLE reader LOGIN")
    try:
        for name in NAMES:
            tenants.sql(
                f"GRANT USAGE ON SCHEMA {name} TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA {name} TO reader"
            )
        tenants.sql("REVOKE SELECT ON tenant_4.alembic_version FROM reader")
        tenants.targets = [
            replace(target, url=type(target.url)(target.url.reveal().replace("postgres@", "reader@")))
            for target in tenants.targets
        ]
        found = await states(tenants)
        assert [name for name, state in found.items() if state.health is not Health.HEALTHY] == ["tenant_4"]
        assert "permission denied" in (found["tenant_4"].error or "")
    finally:
        tenants.sql("DROP OWNED BY reader; DROP ROLE reader")
