"""What cannot be read is unknown, with the reason; it clears nothing and opens nothing."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace

import pymysql
import pytest

from stillhouse_orchestrator.values import DriftStatus

pytestmark = pytest.mark.mariadb
TABLES = (
    "CREATE TABLE shop_version (version_num VARCHAR(32) PRIMARY KEY)",
    "INSERT INTO shop_version VALUES ('r2')",
    "CREATE TABLE users (id INT PRIMARY KEY, n INT)",
)
TRIGGER = "CREATE TRIGGER fills BEFORE INSERT ON users FOR EACH ROW SET NEW.n = 1"


@pytest.fixture
def database(mariadb_server, mariadb_database):
    """Return a MariaDB database, reached by a user whose privileges the test sets."""
    name = mariadb_database()
    user = f"u{name}"[:60]

    def run(*statements: str) -> None:
        with contextlib.closing(
            pymysql.connect(host="127.0.0.1", port=mariadb_server.port, user="root", database=name, autocommit=True)
        ) as connection:
            for statement in statements:
                connection.cursor().execute(statement)

    def grant(privileges: str, on: str = "*") -> None:
        run(
            f"DROP USER IF EXISTS '{user}'@'%'",
            f"CREATE USER '{user}'@'%'",
            f"GRANT {privileges} ON `{name}`.{on} TO '{user}'@'%'",
        )

    url = mariadb_server.url(name).replace("root@", f"{user}@")
    return SimpleNamespace(kind="mariadb", url=url, execute=run, path=None, grant=grant)


async def test_tables_that_may_be_hidden_are_unknown_not_missing(house, database):
    house.execute(*TABLES)
    database.grant("SELECT")
    await house.answers.accept(house.target, "tester")
    assert (await house.check()).status is DriftStatus.IN_SYNC
    database.grant("SELECT", "shop_version")
    report = await house.check()
    assert report.status is DriftStatus.UNKNOWN
    assert "without SELECT on the whole database some may be hidden" in report.error
    assert report.changes == ()
    assert await house.open_alerts() == []


async def test_a_kind_that_is_hidden_and_expected_is_unknown(house, database):
    house.execute(*TABLES, TRIGGER)
    database.grant("SELECT, TRIGGER")
    await house.answers.accept(house.target, "tester")
    assert (await house.check()).status is DriftStatus.IN_SYNC
    database.grant("SELECT")
    report = await house.check()
    assert report.status is DriftStatus.UNKNOWN
    assert report.error == "it cannot be read wholly: triggers: hidden from a user without TRIGGER"


async def test_a_kind_that_is_hidden_and_not_expected_is_said_not_to_be_compared(house, database):
    house.execute(*TABLES)
    database.grant("SELECT")
    await house.answers.accept(house.target, "tester")
    report = await house.check()
    assert report.status is DriftStatus.IN_SYNC
    assert "trigger" not in report.coverage.compared
    assert "trigger: hidden from a user without TRIGGER" in report.coverage.not_compared


async def test_what_an_earlier_look_could_not_see_is_no_drift(house, database):
    house.execute(*TABLES, TRIGGER)
    database.grant("SELECT")
    await house.answers.accept(house.target, "tester")
    database.grant("SELECT, TRIGGER")
    assert (await house.check()).status is DriftStatus.IN_SYNC


async def test_an_unreadable_target_resolves_no_alert(house, database):
    house.execute(*TABLES)
    database.grant("SELECT")
    await house.answers.accept(house.target, "tester")
    house.execute("ALTER TABLE users ADD COLUMN extra INT")
    assert (await house.check()).status is DriftStatus.DRIFTED
    database.grant("SELECT", "shop_version")
    assert (await house.check()).status is DriftStatus.UNKNOWN
    assert len(await house.open_alerts()) == 1
