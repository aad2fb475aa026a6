"""Three databases of one project, on any kind of server, opened as commands and the daemon open them."""

from __future__ import annotations

import contextlib
import sqlite3
import textwrap
from dataclasses import dataclass, field

import psycopg
import pymysql
import pytest

from stillhouse_config import load_fleet
from stillhouse_orchestrator import application
from stillhouse_orchestrator.jobs import job_for

KINDS = [
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.postgresql),
    pytest.param("mariadb", marks=pytest.mark.mariadb),
]
NAMES = ("one", "two", "three")
REVISION = """
    from alembic import op
    import sqlalchemy as sa

    revision = {revision!r}
    down_revision = {down!r}


    def upgrade():
        {body}


    def downgrade():
        pass
"""
TEMPLATE = '''"""${message}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
"""
from alembic import op
import sqlalchemy as sa
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
'''
MODELS = """
    import sqlalchemy as sa

    metadata = sa.MetaData()
    sa.Table(
        "users", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("email", sa.String(120), nullable=False),
        sa.Column("age", sa.Integer), sa.Index("ix_users_email", "email"),
    )
"""


@dataclass
class Fleets:
    """A project, three empty databases, and the application on them."""

    folder: object
    kind: str
    urls: dict[str, str]
    execute: object
    settings: dict[str, str] = field(default_factory=dict)

    def write(self, drift: str = "{}", more: str = "") -> None:
        databases = "\n".join(f"  {name}: {{url: '{url}'}}" for name, url in self.urls.items())
        (self.folder / "fleet.yaml").write_text(
            f"fleet: three\ndefaults: {{migrations: m, metadata: 'models:metadata', drift: {drift}}}\n"
            f"databases:\n{databases}\n{more}"
        )

    def revision(self, name: str, down: str | None, body: str) -> None:
        path = self.folder / "m" / "versions" / f"{name}.py"
        path.write_text(textwrap.dedent(REVISION).format(revision=name, down=down, body=body))

    @contextlib.asynccontextmanager
    async def opened(self):
        async with application.opened(load_fleet(self.folder / "fleet.yaml")) as found:
            yield found

    async def migrate_behind_its_back(self, app, revision: str, *names: str) -> None:
        """Migrate as somebody else would, so that no baseline is recorded."""
        for name in names or NAMES:
            outcome = await app.workers.run(job_for(app.target(name), "upgrade", revision))
            assert outcome.ok, outcome.problem

    async def check(self, app, *names: str):
        targets = [app.target(name) for name in names or NAMES]
        return {report.target: report for report in await app.drift.run(app.fleet, targets)}


@pytest.fixture(params=KINDS)
def three(request, tmp_path):
    kind = request.param
    made = {"sqlite": _sqlite, "postgresql": _postgresql, "mariadb": _mariadb}[kind](request, tmp_path)
    (tmp_path / "m" / "versions").mkdir(parents=True)
    (tmp_path / "m" / "script.py.mako").write_text(TEMPLATE)
    (tmp_path / "models.py").write_text(textwrap.dedent(MODELS))
    made.write()
    made.revision(
        "r1",
        None,
        "op.create_table('users', sa.Column('id', sa.Integer, primary_key=True), sa.Column('email', sa.String(120), nullable=False))",
    )
    made.revision(
        "r2",
        "r1",
        "op.add_column('users', sa.Column('age', sa.Integer)); op.create_index('ix_users_email', 'users', ['email'])",
    )
    return made


def _sqlite(request, folder):
    def execute(name: str, *statements: str) -> None:
        with contextlib.closing(sqlite3.connect(folder / f"{name}.db")) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    return Fleets(folder, "sqlite", {name: f"sqlite+aiosqlite:///{folder}/{name}.db" for name in NAMES}, execute)


def _postgresql(request, folder):
    server, make = request.getfixturevalue("postgres_server"), request.getfixturevalue("postgres_database")
    databases = {name: make() for name in NAMES}

    def execute(name: str, *statements: str) -> None:
        where = f"host=127.0.0.1 port={server.port} user=postgres dbname={databases[name]}"
        with psycopg.connect(where, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    return Fleets(folder, "postgresql", {name: server.url(database) for name, database in databases.items()}, execute)


def _mariadb(request, folder):
    server, make = request.getfixturevalue("mariadb_server"), request.getfixturevalue("mariadb_database")
    databases = {name: make() for name in NAMES}

    def execute(name: str, *statements: str) -> None:
        with contextlib.closing(
            pymysql.connect(host="127.0.0.1", port=server.port, user="root", database=databases[name], autocommit=True)
        ) as connection:
            for statement in statements:
                connection.cursor().execute(statement)

    return Fleets(folder, "mariadb", {name: server.url(database) for name, database in databases.items()}, execute)
