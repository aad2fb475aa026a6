"""The store's own schema is migrated by our own engine, and comes out as the tables say."""

from __future__ import annotations

import sqlalchemy as sa

from stillhouse_orchestrator.store import Store, schema
from stillhouse_orchestrator.store.testing import create


def described(connection):
    """Return the schema of a connection's database as comparable data."""
    inspector = sa.inspect(connection)
    return {
        name: {
            "columns": [
                (
                    column["name"],
                    str(column["type"]),
                    column["nullable"],
                    column.get("comment"),
                    bool(column.get("autoincrement")),
                )
                for column in inspector.get_columns(name)
            ],
            "key": inspector.get_pk_constraint(name),
            "foreign": sorted(str(sorted(key.items(), key=str)) for key in inspector.get_foreign_keys(name)),
            "indexes": sorted(str(sorted(index.items(), key=str)) for index in inspector.get_indexes(name)),
        }
        for name in inspector.get_table_names()
        if name != schema.VERSION_TABLE
    }


def sync_url(url):
    return url.replace("+aiosqlite", "").replace("+asyncpg", "+psycopg")


def schema_of(url):
    engine = sa.create_engine(sync_url(url))
    try:
        with engine.connect() as connection:
            return described(connection)
    finally:
        engine.dispose()


async def test_migrations_make_what_the_tables_say(state_url, tmp_path, postgres_server, postgres_database):
    other = f"sqlite:///{tmp_path / 'other.db'}"
    if state_url.startswith("postgresql"):
        other = postgres_server.url(postgres_database())
    async with Store.open(state_url, holder="test"):
        pass
    engine = sa.create_engine(sync_url(other))
    with engine.begin() as connection:
        create(connection)
    engine.dispose()
    assert schema_of(state_url) == schema_of(other)


async def test_a_store_at_head_is_opened_without_the_engine(state_url, monkeypatch):
    async with Store.open(state_url, holder="test"):
        pass
    monkeypatch.setattr(schema, "_upgrade", None)
    async with Store.open(state_url, holder="test"):
        pass


def test_the_head_that_readers_want_is_the_newest_migration():
    newest = max(path.name for path in (schema.FOLDER / "versions").glob("*.py"))
    assert newest.startswith(f"{schema.HEAD}_")
