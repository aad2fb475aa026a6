"""The store's own schema, migrated by our own engine from ``migrations/``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, MetaData, String, Table, inspect, select

from stillhouse_orchestrator.store.engines import shown
from stillhouse_orchestrator.store.errors import StoreOutdatedError

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncEngine

HEAD = "0003"
FOLDER = Path(__file__).parent / "migrations"
VERSION_TABLE = "stillhouse_version"
version_table = Table(VERSION_TABLE, MetaData(), Column("version_num", String(32), primary_key=True))


async def upgrade(engine: AsyncEngine) -> None:
    """Bring the store's schema to this version; one look where it already is.

    Raises:
        StoreOutdatedError: a newer version has written it.
    """
    async with engine.begin() as connection:
        found = await connection.run_sync(revisions)
        if _is_newer(found):
            raise StoreOutdatedError(shown(engine.url), found, HEAD, newer=True)
        if found != (HEAD,):
            await connection.run_sync(_upgrade)


async def check(engine: AsyncEngine) -> None:
    """Look whether the store's schema is the one of this version.

    Raises:
        StoreOutdatedError: it is not.
    """
    async with engine.connect() as connection:
        found = await connection.run_sync(revisions)
    if found != (HEAD,):
        raise StoreOutdatedError(shown(engine.url), found, HEAD, newer=_is_newer(found))


def revisions(connection: Connection) -> tuple[str, ...]:
    """Return the store's applied revisions."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return ()
    return tuple(connection.scalars(select(version_table.c.version_num).order_by(version_table.c.version_num)))


def _is_newer(found: tuple[str, ...]) -> bool:
    return any(revision > HEAD for revision in found)  # they are numbered


def _upgrade(connection: Connection) -> None:
    from stillhouse_engine import command
    from stillhouse_engine.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
