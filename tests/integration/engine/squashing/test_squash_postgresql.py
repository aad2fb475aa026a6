"""Promise: what a PostgreSQL project of many kinds of objects is squashed into, makes the very same database, also under Alembic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from squashable import Step, build

from stillhouse_engine import command
from stillhouse_engine.errors import CommandError
from stillhouse_engine.schema import take_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from servers import PostgresServer

RICH: Mapping[str, Step] = {
    "c001": Step(None, """
op.execute("CREATE SCHEMA audit")
op.execute("CREATE TYPE mood AS ENUM ('sad', 'ok')")
op.execute("CREATE DOMAIN email AS text CHECK (VALUE ~ '^[^:]+:?@')")
op.execute("CREATE SEQUENCE ticket START 40 INCREMENT 2")
op.execute("CREATE TABLE people (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, mood mood NOT NULL DEFAULT 'ok', born timestamptz, data jsonb, tags text[], raw bytea, shout text GENERATED ALWAYS AS (upper(name)) STORED, mail email)")
"""),
    "c002": Step("c001", '''
with op.get_context().autocommit_block():
    op.execute("ALTER TYPE mood ADD VALUE 'happy'")
op.execute("""INSERT INTO people (name, mood, born, data, tags, raw) VALUES
    ('Zoé''s', 'happy', '2026-01-02 03:04:05.678+02', '{"a": [1, "\\\\:b"]}', ARRAY['x,y', NULL, '"'], decode('00ff5c', 'hex')),
    ('%(x)s', 'sad', NULL, NULL, '{}', NULL)""")
op.execute("SELECT nextval('ticket'), nextval('ticket')")
'''),
    "c003": Step("c001", """
op.create_table("log", sa.Column("id", sa.BigInteger, primary_key=True), sa.Column("person", sa.Integer, sa.ForeignKey("people.id", deferrable=True)), sa.Column("what", sa.Text, comment="it''s said"), schema="audit")
op.execute("CREATE TABLE visits (at date NOT NULL, who integer) PARTITION BY RANGE (at)")
op.execute("CREATE TABLE visits_2026 PARTITION OF visits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')")
op.execute("INSERT INTO visits VALUES ('2026-05-05', 1)")
"""),
    "c004": Step(("c002", "c003"), """
op.execute("CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO audit.log (person, what) VALUES (new.id, 'came: ' || new.name); RETURN new; END$$")
op.execute("CREATE TRIGGER notes AFTER INSERT ON people FOR EACH ROW EXECUTE FUNCTION noted()")
op.execute("INSERT INTO people (name) VALUES ('last')")
op.execute("CREATE VIEW happy AS SELECT name FROM people WHERE mood = 'happy'")
op.execute("CREATE MATERIALIZED VIEW counts AS SELECT mood, count(*) FROM people GROUP BY mood")
op.execute("COMMENT ON TABLE people IS '100% \\\\:human'")
op.execute("ALTER TABLE people ENABLE ROW LEVEL SECURITY")
op.execute("CREATE POLICY own ON people FOR SELECT USING (name = current_user)")
op.create_index("ix_people_name", "people", [sa.text("lower(name)")], unique=True, postgresql_where=sa.text("name <> ''"))
op.execute("GRANT SELECT ON people TO PUBLIC")
"""),
    "c005": Step("c004", 'op.add_column("people", sa.Column("seen", sa.Boolean))', 'op.drop_column("people", "seen")'),
}  # fmt: skip


@pytest.fixture
def engine_of(postgres_server: PostgresServer) -> Iterator[Callable[[str], sa.Engine]]:
    made: list[sa.Engine] = []

    def make(name: str) -> sa.Engine:
        made.append(sa.create_engine(postgres_server.url(name, driver="psycopg")))
        return made[-1]

    yield make
    for engine in made:
        engine.dispose()


def content(engine: sa.Engine) -> tuple[object, ...]:
    """Return all that the test looks at: the schema, rows, sequences and rights."""
    with engine.connect() as connection:
        snapshot = take_snapshot(connection, exclude_tables=("alembic_version",))
        ask = [
            "SELECT * FROM people ORDER BY id", "SELECT * FROM audit.log ORDER BY id", "SELECT * FROM visits", "SELECT * FROM counts ORDER BY mood",
            "SELECT sequencename, last_value FROM pg_sequences ORDER BY 1", "SELECT relacl::text FROM pg_class WHERE relname = 'people'",
            "SELECT version_num FROM alembic_version",
        ]  # fmt: skip
        return snapshot.fingerprint, *(str(connection.exec_driver_sql(query).all()) for query in ask)


def test_everything_a_database_can_hold(
    tmp_path: Path,
    postgres_server: PostgresServer,
    postgres_database: Callable[[], str],
    engine_of: Callable[[str], sa.Engine],
) -> None:
    def url(name: str) -> str:
        return postgres_server.url(name, driver="psycopg")

    originals, squashed, alembics, straggler = (postgres_database() for _ in range(4))
    house = build(tmp_path, url(originals), RICH)
    command.upgrade(house.config(url(originals)), "head")
    command.upgrade(house.config(url(straggler)), "c002")

    said = house.connect_to(url(straggler)).run("squash", "-r", ":c004", "-m", "the first years")

    assert "Squashed 4 revisions into c004" in said
    assert "GRANT SELECT ON people TO PUBLIC" in said
    assert house.files() == [
        "squashed/c004/c001_.py", "squashed/c004/c002_.py", "squashed/c004/c003_.py", "squashed/c004/c004_.py",
        "versions/c004_the_first_years.py", "versions/c005_.py",
    ]  # fmt: skip
    command.upgrade(house.config(url(straggler)), "head")
    command.upgrade(house.config(url(squashed)), "head")
    house.connect_to(url(alembics)).run("upgrade", "head", side="alembic")
    wanted = content(engine_of(originals))
    assert content(engine_of(squashed)) == wanted
    assert content(engine_of(alembics)) == wanted
    assert content(engine_of(straggler)) == wanted
    command.downgrade(house.config(url(alembics)), "base")
    with engine_of(alembics).connect() as connection:
        assert [item.name for item in take_snapshot(connection, exclude_tables=("alembic_version",)).objects] == []


def test_a_grant_that_would_be_lost_is_found_by_the_proof(
    tmp_path: Path, postgres_server: PostgresServer, postgres_database: Callable[[], str], postgres_admin: sa.Engine
) -> None:
    steps = {
        "g001": Step(None, 'op.execute("CREATE TABLE m (a int); GRANT SELECT ON m TO PUBLIC")'),
        "g002": Step("g001", 'op.execute("CREATE INDEX i ON m (a)")'),
    }
    house = build(tmp_path, postgres_server.url(postgres_database(), driver="psycopg"), steps)
    with pytest.raises(CommandError, match=r"was not written:\n  rights on table m: .*PUBLIC: SELECT became"):
        command.squash(house.config(postgres_server.url(driver="psycopg")))
    assert house.files() == ["versions/g001_.py", "versions/g002_.py"]
    with postgres_admin.connect() as connection:
        left = connection.exec_driver_sql("SELECT datname FROM pg_database WHERE datname ^@ 'stillhouse_scratch'")
        assert left.all() == []
