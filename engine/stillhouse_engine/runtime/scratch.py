"""Scratch databases: made for one replay, dropped after it, beside the target or on a server that is named for it.

SQLite has its own in memory. A worker that is killed in the middle leaves its scratch database behind; the name says
when it was made, and the next replay drops what is older than a day.
"""

from __future__ import annotations

import os
import secrets
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.engine import make_url

from stillhouse_engine.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import Connection

    from stillhouse_engine.runtime.opened import OpenedProject
    from stillhouse_engine.runtime.specs import DatabaseSpec

MEMORY = ":memory:"
PREFIX = "stillhouse_scratch_"
STAMP = "%Y%m%d%H%M%S"
LEFT_BEHIND = timedelta(days=1)
LISTING = {
    "postgresql": "SELECT datname FROM pg_database",
    "mysql": "SELECT schema_name FROM information_schema.schemata",
}
CONNECTED_TO = {
    "postgresql": "SELECT current_database()",
    "mysql": "SELECT database()",
    "mariadb": "SELECT database()",
    "sqlite": "SELECT file FROM pragma_database_list WHERE name = 'main'",
}


class ScratchError(CommandError):
    """A scratch database cannot be had, or the project does not use the one that it is given."""


@asynccontextmanager
async def scratch_database(
    project: OpenedProject, database: DatabaseSpec, server_url: str | None = None
) -> AsyncIterator[DatabaseSpec]:
    """Make an empty database like a target's, and drop it after the block.

    Args:
        project: whose drivers to use.
        database: the target.
        server_url: the server to make it on; by default the target's own.

    Raises:
        ScratchError: the server is of another kind, or none can be made on it.
    """
    target, server = make_url(database.url), make_url(server_url or database.url)
    kind = _kind(target.get_backend_name())
    if kind != _kind(server.get_backend_name()):
        raise ScratchError(f"scratch_url is of {server.get_backend_name()}, the target of {target.get_backend_name()}")
    if kind == "sqlite":
        yield replace(database, url=target.set(database=MEMORY, query={}).render_as_string(hide_password=False))
        return
    if kind not in LISTING:
        raise ScratchError(f"no scratch databases of {kind}")
    name = f"{PREFIX}{datetime.now(UTC):{STAMP}}_{secrets.token_hex(4)}"
    admin = replace(database, url=server.render_as_string(hide_password=False))
    made = replace(database, url=server.set(database=name).render_as_string(hide_password=False))
    like = await project.run(database, partial(_defaults, project, database, kind))
    await project.run(admin, partial(_execute, project, admin, [f"CREATE DATABASE {name}{like}"], clean=kind))
    try:
        schemas = sorted({each for each in (database.schema, database.version_table_schema) if each})
        if kind == "postgresql" and schemas:
            wanted = [f"CREATE SCHEMA IF NOT EXISTS {_quoted(schema)}" for schema in schemas]
            await project.run(made, partial(_execute, project, made, wanted))
        yield made
    finally:
        forced = " WITH (FORCE)" if kind == "postgresql" else ""
        await project.run(admin, partial(_execute, project, admin, [f"DROP DATABASE IF EXISTS {name}{forced}"]))


def check_connection(connection: Connection, scratch: DatabaseSpec) -> None:
    """Make sure that a connection leads to the scratch database, before anything is run through it.

    Raises:
        ScratchError: env.py has connected to another one.
    """
    query = CONNECTED_TO[connection.dialect.name]
    found = connection.execute(text(query)).scalar_one()
    wanted = make_url(scratch.url).database
    if connection.dialect.name == "sqlite":
        wanted = "" if wanted == MEMORY else os.path.realpath(str(wanted))
    if (found or "") != wanted:
        raise ScratchError(
            f"env.py connects to {found!r}, not to the database that `sqlalchemy.url` names: "
            "its revisions cannot be replayed on a scratch database"
        )


def _kind(backend: str) -> str:
    return "mysql" if backend == "mariadb" else backend


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _defaults(project: OpenedProject, database: DatabaseSpec, kind: str) -> str:
    """Return what CREATE DATABASE must say so that the new one has the target's defaults."""
    if kind != "mysql":
        return ""
    query = "SELECT @@character_set_database, @@collation_database"
    engine = project.engines.make(database.url)
    try:
        with engine.connect() as connection:
            characters, collation = connection.execute(text(query)).one()
    finally:
        engine.dispose()
    return f" CHARACTER SET {characters} COLLATE {collation}"


def _execute(project: OpenedProject, database: DatabaseSpec, statements: list[str], clean: str | None = None) -> None:
    """Run statements outside transactions; before them, drop what others left behind."""
    engine: Any = project.engines.make(database.url)
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for name in _left_behind(connection, clean) if clean else ():
                connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")
            for statement in statements:
                connection.exec_driver_sql(statement)
    finally:
        engine.dispose()


def _left_behind(connection: Connection, kind: str) -> list[str]:
    names = [str(name) for name in connection.execute(text(LISTING[kind])).scalars()]
    return [name for name in names if name.startswith(PREFIX) and _is_old(name)]


def _is_old(name: str) -> bool:
    try:
        made = datetime.strptime(name.removeprefix(PREFIX).partition("_")[0], STAMP).replace(tzinfo=UTC)
    except ValueError:  # not one of ours, whatever its name
        return False
    return datetime.now(UTC) - made > LEFT_BEHIND
