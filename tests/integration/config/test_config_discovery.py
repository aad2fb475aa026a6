"""Discovery and the daemon's URLs against real servers."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from stillhouse_config import async_url, load_fleet, parse_url


async def ask(url, query):
    """Ask a database as the daemon does."""
    engine = create_async_engine(url.reveal())
    try:
        async with engine.connect() as connection:
            return [dict(row) for row in (await connection.execute(sa.text(query))).mappings()]
    finally:
        await engine.dispose()


async def test_tenants_are_found_in_a_table_and_in_schemas(postgres_server, postgres_database, tmp_path):
    name = postgres_database()
    engine = sa.create_engine(postgres_server.url(name, driver="psycopg"))
    with engine.begin() as connection:
        connection.exec_driver_sql("create table tenants (slug text, id int, active boolean)")
        connection.exec_driver_sql(
            "insert into tenants values ('acme', 1, true), ('globex', 2, true), ('old', 3, false)"
        )
        for schema in ("tenant_a", "tenant_b", "other"):
            connection.exec_driver_sql(f"create schema {schema}")
    engine.dispose()
    (tmp_path / "m").mkdir()
    (tmp_path / "fleet.yaml").write_text(
        f"""
fleet: shop
defaults: {{migrations: m}}
databases:
  main_db: {{url: "postgresql+psycopg2://postgres@127.0.0.1:{postgres_server.port}/{name}?sslmode=disable&connect_timeout=5"}}
  rows:
    for_each: {{sql: {{database: main_db, query: "select slug, id, active from tenants where active order by id"}}}}
    name: tenant-{{slug}}
    url: postgresql://postgres@127.0.0.1:{postgres_server.port}/tenant_{{id}}
    labels: {{active: "{{active}}"}}
  schemas:
    for_each: {{schemas: {{database: main_db, like: "tenant\\\\_%"}}}}
    name: "{{schema}}"
""".replace("\\\\", "\\").replace('"tenant\\_%"', "'tenant\\_%'"),
        encoding="utf-8",
    )
    file = load_fleet(tmp_path / "fleet.yaml")
    schemas = "select schema_name as schema from information_schema.schemata order by 1"
    rows = {one.declaration: await ask(one.async_url, one.query or schemas) for one in file.discoveries}
    fleet = file.expand(rows)
    assert list(fleet.targets) == ["main_db", "tenant-acme", "tenant-globex", "tenant_a", "tenant_b"]
    assert fleet.targets["tenant-globex"].url.database == "tenant_2"
    assert fleet.targets["tenant-acme"].labels == {"active": "true"}
    assert fleet.targets["tenant_a"].schema == "tenant_a"
    assert fleet.is_complete


async def test_the_arguments_of_libpq_reach_the_server_through_asyncpg(postgres_server, postgres_database):
    name = postgres_database()
    url = parse_url(
        f"postgresql://postgres@127.0.0.1:{postgres_server.port}/{name}"
        "?application_name=still%20house&sslmode=disable&connect_timeout=3&options=-c%20statement_timeout%3D1234&keepalives=1"
    )
    (row,) = await ask(
        async_url(url),
        "select current_database() as db, current_setting('application_name') as app, current_setting('statement_timeout') as t",
    )
    assert row == {"db": name, "app": "still house", "t": "1234ms"}


async def test_mariadb_is_asked_through_asyncmy(mariadb_server, mariadb_database):
    name = mariadb_database()
    for driver in ("pymysql", "mysqldb"):
        url = parse_url(mariadb_server.url(name, driver=driver))
        assert await ask(async_url(url), "select database() as db") == [{"db": name}]


async def test_a_sqlite_file_is_asked_through_aiosqlite(tmp_path):
    assert await ask(async_url(parse_url(f"sqlite:///{tmp_path}/a.db")), "select 1 as one") == [{"one": 1}]
