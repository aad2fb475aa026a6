"""A fleet of real databases that crashes are tried on, and the truth about it, read from the databases themselves."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

import servers

if TYPE_CHECKING:
    from pathlib import Path

STILLHOUSE = [sys.executable, "-m", "stillhouse_orchestrator"]
PATIENCE = 120  # seconds; reached by a broken build only
HEADER = '''"""Revision {number}."""
import sqlalchemy as sa
from alembic import op

revision = "r{number}"
down_revision = {down}


def upgrade():
{body}


def downgrade():
{back}
'''
FIRST = """
op.create_table("applied", sa.Column("id", sa.Integer, primary_key=True), sa.Column("said", sa.String(40)))
op.execute("INSERT INTO applied (said) VALUES ('r1')")
"""
LAST = """
op.execute("INSERT INTO applied (said) VALUES ('r4 begins')")
op.create_table("notes", sa.Column("id", sa.Integer, primary_key=True))
op.execute("INSERT INTO applied (said) VALUES ('r4 ends')")
"""
PLAIN = """
op.execute("INSERT INTO applied (said) VALUES ('r2 begins')")
op.create_table("users", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(20)))
op.add_column("users", sa.Column("age", sa.Integer))
op.create_index("ix_users_name", "users", ["name"])
op.get_bind().execute(sa.text("INSERT INTO applied (said) VALUES ('r2 ends')"))
"""
HARD = {
    "postgresql": """
op.execute("INSERT INTO applied (said) VALUES ('r3 begins')")
with op.get_context().autocommit_block():
    op.create_index("ix_users_age", "users", ["age"], postgresql_concurrently=True)
    op.execute("INSERT INTO applied (said) VALUES ('r3 inside')")
    op.execute("CREATE INDEX CONCURRENTLY ix_users_both ON users (age, name)")
op.execute("INSERT INTO applied (said) VALUES ('r3 ends')")
""",
    "mysql": """
op.execute("INSERT INTO applied (said) VALUES ('r3 begins')")
op.alter_column("users", "name", existing_type=sa.String(20), type_=sa.String(60), nullable=False)
op.create_index("ix_users_age", "users", ["age"])
op.execute("INSERT INTO applied (said) VALUES ('r3 inside')")
op.execute("RENAME TABLE users TO people")
op.execute("INSERT INTO applied (said) VALUES ('r3 ends')")
""",
    "sqlite": """
op.execute("INSERT INTO applied (said) VALUES ('r3 begins')")
op.execute("PRAGMA foreign_keys = ON")
op.execute("INSERT INTO applied (said) VALUES ('r3 inside')")
with op.batch_alter_table("users") as batch:
    batch.alter_column("name", nullable=False, existing_type=sa.String(20))
op.execute("INSERT INTO applied (said) VALUES ('r3 ends')")
""",
}
BACK = {
    1: "op.drop_table('applied')",
    2: "op.drop_table('users')\nop.execute(\"DELETE FROM applied WHERE said LIKE 'r2%'\")",
}
STRATEGIES = """
strategies:
  together:
    - wave: {rest: true, barrier: true}
"""
SAID = ["r1", "r2 begins", "r2 ends", "r3 begins", "r3 inside", "r3 ends", "r4 begins", "r4 ends"]
HEAD = "r4"


class BrokenPromiseError(AssertionError):
    """Something was applied twice, lost, untrue or unfinished."""


@dataclass(frozen=True)
class Target:
    """One database.

    Attributes:
        name: its name in the fleet.
        kind: ``postgresql``, ``mysql`` or ``sqlite``.
        url: as the fleet has it, maybe through a proxy.
        truth: straight to the server, for a synchronous driver.
    """

    name: str
    kind: str
    url: str
    truth: str


class Fleet:
    """A folder with a fleet file and projects, on the servers that are there.

    Args:
        folder: where.
        postgres: a server.
        mariadb: another one; None leaves MariaDB out.
        ports: ports to reach the servers by, by kind, where it is not the servers' own.
        each: databases of each kind.
    """

    def __init__(
        self,
        folder: Path,
        postgres: servers.PostgresServer,
        mariadb: servers.MariaDBServer | None,
        ports: dict[str, int] | None = None,
        each: int = 2,
    ) -> None:
        self.folder, self.postgres, self.mariadb = folder, postgres, mariadb
        self.state_url = f"sqlite+aiosqlite:///{folder / 'state.db'}"
        self.port = servers.free_port()
        self.kinds = ["postgresql", "sqlite", *(["mysql"] if mariadb else [])]
        ports = ports or {}
        self.targets = [self._target(kind, number, ports.get(kind)) for kind in self.kinds for number in range(each)]
        for kind in self.kinds:
            self._write_project(kind)
        self.write()

    def write(self) -> None:
        """Write the fleet file."""
        lines = ["fleet: crash", f"state_url: {self.state_url}", "databases:"]
        for target in self.targets:
            lines += [
                f"  {target.name}:",
                f"    url: {target.url}",
                f"    migrations: {target.kind}",
                "    lock_timeout: 5s",
                f"    labels: {{kind: {target.kind}}}",
            ]
        lines += [STRATEGIES, f"api: {{listen: '127.0.0.1:{self.port}'}}"]
        (self.folder / "fleet.yaml").write_text("\n".join(lines) + "\n")

    def reset(self) -> None:
        """Make every database and the state anew."""
        for file in self.folder.glob("*.db*"):
            file.unlink()
        shutil.rmtree(self.folder / ".stillhouse", ignore_errors=True)
        self.reset_targets()
        if self.state_url.startswith("postgresql"):
            self._on_postgres("DROP DATABASE IF EXISTS state WITH (FORCE)", "CREATE DATABASE state")

    def reset_targets(self) -> None:
        """Make every database anew."""
        for target in self.targets:
            self.reset_one(target)

    def is_at_head(self) -> bool:
        """Tell whether every database is where an undisturbed run leaves it."""
        return all(self.applied(target) == [HEAD] for target in self.targets)

    def reset_one(self, target: Target) -> None:
        """Make one database anew."""
        if target.kind == "postgresql":
            self._on_postgres(f"DROP DATABASE IF EXISTS {target.name} WITH (FORCE)", f"CREATE DATABASE {target.name}")
        elif target.kind == "mysql":
            self._on_mariadb(f"DROP DATABASE IF EXISTS {target.name}", f"CREATE DATABASE {target.name}")
        else:
            for file in self.folder.glob(f"{target.name}.db*"):
                file.unlink()

    def environment(self, fault: str | None = None) -> dict[str, str]:
        """Return what a process of ours runs with."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("STILLHOUSE")}
        return {**kept, "NO_COLOR": "1", **({"STILLHOUSE_FAULT": fault} if fault else {})}

    def start(self, *arguments: str, fault: str | None = None) -> subprocess.Popen[bytes]:
        """Start a command and return its process."""
        with (self.folder / "log").open("wb") as log:
            return subprocess.Popen(
                [*STILLHOUSE, *arguments, "--log-level", "info"], cwd=self.folder, env=self.environment(fault),
                stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            )  # fmt: skip

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [*STILLHOUSE, *arguments], cwd=self.folder, env=self.environment(), capture_output=True, text=True,
            timeout=PATIENCE, check=False,
        )  # fmt: skip

    def log(self) -> str:
        """Return what the last started command said."""
        return (self.folder / "log").read_text(errors="replace")

    def finish(self) -> int:
        """Run `up` until it says that all is done; return how often it had to run.

        Raises:
            BrokenPromiseError: it cannot.
        """
        done = self.run("up")
        for attempt in range(1, 4):
            if done.returncode == 0:
                return attempt
            if "is being migrated by another runner" not in done.stdout + done.stderr and "owns" not in done.stderr:
                break
            done = self.run("up")
        raise BrokenPromiseError(f"`up` ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")

    def check_status(self) -> None:
        """Compare `status` with the databases.

        Raises:
            BrokenPromiseError: it says something else.
        """
        done = self.run("status", "--json")
        try:
            shown = {each["target"]: each for each in json.loads(done.stdout)["targets"]}
        except (ValueError, KeyError) as error:
            raise BrokenPromiseError(f"`status` ended with {done.returncode}:\n{done.stdout}\n{done.stderr}") from error
        for target in self.targets:
            if (says := shown[target.name]["current"]) != (is_at := self.applied(target)):
                raise BrokenPromiseError(f"`status` says that {target.name} is at {says}; it is at {is_at}")

    def check_whole(self, expected: dict[str, object]) -> None:
        """Make sure that every database is as an undisturbed run leaves it.

        Raises:
            BrokenPromiseError: one is not.
        """
        for target in self.targets:
            self.check_one(target, expected[target.kind])

    def check_one(self, target: Target, expected: object) -> None:
        """Make sure that one database is as an undisturbed run leaves it.

        Raises:
            BrokenPromiseError: it is not.
        """
        said = [row[0] for row in self.query(target, "SELECT said FROM applied ORDER BY id")]
        if said != SAID:
            raise BrokenPromiseError(f"{target.name} was told {said}")
        if self.applied(target) != [HEAD]:
            raise BrokenPromiseError(f"{target.name} is at {self.applied(target)}")
        if (schema := self.schema(target)) != expected:
            raise BrokenPromiseError(f"{target.name} has the schema {schema}, not {expected}")

    def check_once(self) -> None:
        """Make sure that no database was told anything twice so far.

        Raises:
            BrokenPromiseError: one was.
        """
        for target in self.targets:
            with contextlib.suppress(sa.exc.DBAPIError, sqlite3.OperationalError):
                said = [row[0] for row in self.query(target, "SELECT said FROM applied ORDER BY id")]
                if said != SAID[: len(said)]:
                    raise BrokenPromiseError(f"{target.name} was told {said}")

    def applied(self, target: Target) -> list[str]:
        """Read a version table."""
        try:
            return [row[0] for row in self.query(target, "SELECT version_num FROM alembic_version")]
        except (sa.exc.DBAPIError, sqlite3.OperationalError):
            return []

    def schema(self, target: Target) -> object:
        """Return all that a revision could have made, without the journal."""
        if target.kind == "sqlite":
            return sorted(self.query(target, "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'stillhouse_%' "
                                             "AND tbl_name NOT LIKE 'stillhouse_%'"), key=str)  # fmt: skip
        if target.kind == "mysql":
            tables = [row[0] for row in self.query(target, "SHOW TABLES") if not row[0].startswith("stillhouse_")]
            return [
                self.query(target, f"SHOW CREATE TABLE `{table}`")[0][1].split("AUTO_INCREMENT=")[0] for table in tables
            ]
        columns = self.query(target, "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns "
                                     "WHERE table_schema = 'public' AND table_name NOT LIKE 'stillhouse_%' ORDER BY 1, 2")  # fmt: skip
        indexes = self.query(target, "SELECT indexrelid::regclass::text, indisvalid FROM pg_index WHERE indrelid::regclass::text "
                                     "IN ('users', 'applied', 'notes') ORDER BY 1")  # fmt: skip
        return [columns, indexes]

    def query(self, target: Target, sql: str) -> list[tuple]:
        """Ask a database, past the fleet and its proxies."""
        if target.kind == "sqlite":
            with contextlib.closing(sqlite3.connect(self.folder / f"{target.name}.db")) as connection:
                return connection.execute(sql).fetchall()
        engine = sa.create_engine(target.truth, poolclass=NullPool)
        with engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(sql, execution_options={"no_parameters": True})]

    def _target(self, kind: str, number: int, port: int | None) -> Target:
        name = f"{kind}_{number}"
        if kind == "sqlite":
            file = self.folder / f"{name}.db"
            return Target(name, kind, f"sqlite+aiosqlite:///{file}", f"sqlite:///{file}")
        server = self.postgres if kind == "postgresql" else self.mariadb
        truth = server.url(name, "psycopg" if kind == "postgresql" else "pymysql")
        return Target(name, kind, server.url(name).replace(f":{server.port}/", f":{port or server.port}/"), truth)

    def _write_project(self, kind: str) -> None:
        versions = self.folder / kind / "versions"
        versions.mkdir(parents=True, exist_ok=True)
        for number, body in enumerate((FIRST, PLAIN, HARD[kind], LAST), 1):
            down = repr(f"r{number - 1}") if number > 1 else None
            text = HEADER.format(number=number, down=down, body=indented(body), back=indented(BACK.get(number, "pass")))
            (versions / f"r{number}.py").write_text(text)

    def _on_postgres(self, *statements: str) -> None:
        engine = sa.create_engine(self.postgres.url(driver="psycopg"), poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def _on_mariadb(self, *statements: str) -> None:
        engine = sa.create_engine(self.mariadb.url(driver="pymysql"), poolclass=NullPool)
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def cut(self, kind: str) -> int:
        """End all sessions on the databases of one kind, on the server; return how many there were."""
        if kind == "postgresql":
            engine = sa.create_engine(
                self.postgres.url(driver="psycopg"), poolclass=NullPool, isolation_level="AUTOCOMMIT"
            )
            query = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname LIKE 'postgresql_%%'"
            with engine.connect() as connection:
                return connection.exec_driver_sql(query).scalar_one()
        engine = sa.create_engine(self.mariadb.url(driver="pymysql"), poolclass=NullPool)
        with engine.connect() as connection:
            found = connection.exec_driver_sql(
                "SELECT id FROM information_schema.processlist WHERE db LIKE 'mysql\\_%%'"
            ).all()
            for (number,) in found:
                with contextlib.suppress(sa.exc.DBAPIError):
                    connection.exec_driver_sql(f"KILL {number}")
            return len(found)


def indented(body: str) -> str:
    """Return lines as a function's body."""
    return "\n".join(f"    {line}" for line in body.strip().splitlines())
