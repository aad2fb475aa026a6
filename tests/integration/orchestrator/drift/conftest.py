"""A fleet of one real database, looked at by the real services; only the worker is imaginary."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from types import SimpleNamespace

import psycopg
import pytest
from fleets_of_three import three

from stillhouse_config import parse_fleet
from stillhouse_orchestrator.alerts.service import AlertService, Policy
from stillhouse_orchestrator.census import Census
from stillhouse_orchestrator.connections import Connections
from stillhouse_orchestrator.drift.answers import Answers
from stillhouse_orchestrator.drift.checking import DriftCheck
from stillhouse_orchestrator.projects import Projects
from stillhouse_orchestrator.store.testing import memory_store
from stillhouse_orchestrator.workers.executor import Outcome, RevisionSummary

__all__ = ["three"]

FILE = """
fleet: shop
databases:
  shop_db: {{url: "{url}", migrations: m, version_table: shop_version}}
drift: {ignore}
"""
REVISIONS = (RevisionSummary("r2", ("r1",), "second"), RevisionSummary("r1", (), "first"))


class Describing:
    """An executor whose project has the revisions r1 and r2."""

    async def run(self, job, progress=None):
        return Outcome(job.target, job.verb, "done", heads=("r2",), revisions=REVISIONS)


class House:
    """One target with everything that looks at it."""

    def __init__(self, url, store, connections, execute):
        self.url, self.store, self.connections, self.execute = url, store, connections, execute
        projects = Projects(Describing())
        self.census = Census(store, connections, projects)
        self.load("{}")
        self.alerts = AlertService(store, Policy.of("shop", self.fleet.settings.alerts, {}))
        self.drift = DriftCheck(store, connections, projects, self.alerts)
        self.answers = Answers(store, connections)

    def load(self, ignore: str) -> None:
        text = FILE.format(url=self.url, ignore=ignore)
        self.fleet = parse_fleet(
            text, __import__("pathlib").Path("/nowhere/fleet.yaml"), {}, check_paths=False
        ).expand()
        self.target = self.fleet.targets["shop_db"]

    async def check(self):
        (report,) = await self.drift.run(self.fleet, [self.target])
        return report

    async def look(self):
        return (await self.census.take([self.target]))["shop_db"]

    async def events(self):
        async with self.store.read() as session:
            return [event.name.value for event in reversed(await session.history.newest())]

    async def open_alerts(self):
        async with self.store.read() as session:
            return await session.alerts.unresolved()


TABLES = (
    "CREATE TABLE shop_version (version_num VARCHAR(32) PRIMARY KEY)",
    "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(320) NOT NULL)",
    "CREATE UNIQUE INDEX ix_users_email ON users (email)",
    "INSERT INTO shop_version VALUES ('r2')",
)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database(request, tmp_path):
    """Return a real database's URL and a function that runs SQL on it as somebody else would."""
    if request.param == "sqlite":
        path = tmp_path / "shop.db"

        def execute(*statements: str) -> None:
            with closing(sqlite3.connect(path)) as connection:
                for statement in statements:
                    connection.execute(statement)
                connection.commit()

        return SimpleNamespace(kind="sqlite", url=f"sqlite+aiosqlite:///{path}", execute=execute, path=path)
    server = request.getfixturevalue("postgres_server")
    name = request.getfixturevalue("postgres_database")()

    def run(*statements: str) -> None:
        with psycopg.connect(
            f"host=127.0.0.1 port={server.port} user=postgres dbname={name}", autocommit=True
        ) as connection:
            for statement in statements:
                connection.execute(statement)

    return SimpleNamespace(kind="postgresql", url=server.url(name), execute=run, path=None)


@pytest.fixture
async def house(database):
    async with memory_store() as store:
        connections = Connections()
        yield House(database.url, store, connections, database.execute)
        await connections.aclose()


@pytest.fixture
async def migrated(house):
    """A target at its head, whose schema was accepted as right."""
    house.execute(*TABLES)
    await house.answers.accept(house.target, "tester")
    return house
