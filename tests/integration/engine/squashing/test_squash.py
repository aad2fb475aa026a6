"""Promise: a squashed project makes the same database as before, from wherever a database stands; else nothing is written."""

from __future__ import annotations

import asyncio
import io
import sqlite3
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool
from squashable import SHOP, Step, build

from stillhouse_engine import aio, command
from stillhouse_engine.errors import CommandError
from stillhouse_engine.schema import take_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PLACES = ("base", "a001", "a002", "a003", "b001", "a003 b001", "a004", "a005", "a006")


def content(url: str) -> tuple[object, ...]:
    """Return the schema and the rows of a shop, its version among them."""
    engine = sa.create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        snapshot = take_snapshot(connection, exclude_tables=("alembic_version",))
        tables = [item.name for item in snapshot.of_kind("table")]
        rows = {name: sorted(map(str, connection.exec_driver_sql(f"SELECT * FROM {name}"))) for name in tables}
        version = sorted(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars())
        return snapshot.fingerprint, rows, version


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Return a function that makes an empty database and returns its URL."""
    if request.param == "sqlite":
        names = iter(range(1000))
        return lambda: f"sqlite:///{tmp_path / f'{next(names)}.db'}"
    driver = {"postgresql": "psycopg", "mariadb": "pymysql"}[request.param]
    server = request.getfixturevalue("postgres_server" if request.param == "postgresql" else "mariadb_server")
    make = request.getfixturevalue("postgres_database" if request.param == "postgresql" else "mariadb_database")
    return lambda: server.url(make(), driver=driver)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'one.db'}"


def test_a_database_reaches_the_head_from_wherever_it_stands(tmp_path: Path, new_url: Callable[[], str]) -> None:
    house = build(tmp_path / "shop", new_url(), SHOP)
    before = new_url()
    command.upgrade(house.config(before), "head")
    stragglers = {place: new_url() for place in PLACES}
    for place, url in stragglers.items():
        for revision in place.split() if place != "base" else ():
            command.upgrade(house.config(url), revision)

    config = house.config(new_url())
    done = command.squash(config, ":a005", "the first years")

    assert set(done.replaces) == set(SHOP) - {"a006"}
    assert done.rows == {"users": 2, "tags": 2}
    assert done.reversible
    assert "Squashed 6 revisions into a005" in config.stdout.getvalue()
    wanted = content(before)
    for place, url in stragglers.items():
        command.upgrade(house.config(url), "head")
        assert content(url) == wanted, place
    alembics = new_url()
    house.connect_to(alembics).run("upgrade", "head", side="alembic")
    assert content(alembics) == wanted
    command.downgrade(house.config(alembics), "a003")
    assert "a003" in content(alembics)[2]
    command.upgrade(house.config(alembics), "head")
    assert content(alembics) == wanted
    command.downgrade(house.config(alembics), "base")
    assert content(alembics)[1:] == ({}, [])


def test_what_people_see_of_it(tmp_path: Path, sqlite_url: str) -> None:
    house = build(tmp_path, sqlite_url, SHOP)
    command.upgrade(house.config(sqlite_url), "a001")
    asyncio.run(aio.squash(house.config(sqlite_url), ":a005", "the first years"))

    def said(function: Callable[..., None], *arguments: str) -> str:
        config = house.config(sqlite_url)
        function(config, *arguments)
        return config.stdout.getvalue()

    assert said(command.history).splitlines() == [
        "a005 -> a006 (head), make a006",
        "<base> -> a005 (squashed, replaces 6), the first years",
    ]
    assert said(command.current) == "a001 (squashed into a005)\n"
    assert "Replaces: 6 revisions" in said(command.show, "a005")
    assert said(command.show, "a002").startswith("Rev: a002 (branchpoint) (squashed into a005)")
    assert house.run("heads", side="alembic").strip() == "a006 (head)"
    squashed = house.versions / "a005_the_first_years.py"
    assert 'replaces = (\n    "a001", "a002"' in squashed.read_text()

    sql = io.StringIO()
    config = house.config(sqlite_url)
    config.output_buffer = sql
    command.upgrade(config, "head", sql=True)
    (tmp_path / "offline.db").touch()
    with sqlite3.connect(tmp_path / "offline.db") as offline:
        offline.executescript(sql.getvalue())
    offline.close()
    command.upgrade(house.config(sqlite_url), "head")
    assert content(f"sqlite:///{tmp_path / 'offline.db'}") == content(sqlite_url)


def test_without_the_originals_a_straggler_is_told_what_to_do(tmp_path: Path, sqlite_url: str) -> None:
    house = build(tmp_path, sqlite_url, SHOP)
    command.upgrade(house.config(sqlite_url), "a001")
    command.squash(house.config(sqlite_url), ":a005")
    (tmp_path / "migrations" / "squashed").rename(tmp_path / "gone")

    with pytest.raises(
        CommandError, match=r"Revision a001 was squashed into a005, and its file is not kept in .*squashed"
    ):
        command.upgrade(house.config(sqlite_url), "head")

    house.add("c001", Step("a002", "pass"))
    with pytest.raises(
        CommandError, match=r"Revision a002, the down_revision of .*, was squashed into a005; give c001 that"
    ):
        command.heads(house.config(sqlite_url))


def test_squashed_again_the_oldest_originals_still_serve(tmp_path: Path, sqlite_url: str) -> None:
    house = build(tmp_path, sqlite_url, SHOP)
    command.upgrade(house.config(sqlite_url), "a001")
    command.squash(house.config(sqlite_url), ":a004", "first")

    done = command.squash(house.config(sqlite_url), None, "second")

    assert set(done.replaces) == set(SHOP)
    assert house.files()[-1] == "versions/a006_second.py"
    fresh = f"sqlite:///{tmp_path / 'fresh.db'}"
    command.upgrade(house.config(fresh), "head")
    command.upgrade(house.config(sqlite_url), "head")
    assert content(sqlite_url) == content(fresh)


def test_a_range_above_the_base_leaves_databases_that_hold_rows_to_the_originals(
    tmp_path: Path, sqlite_url: str
) -> None:
    steps = {
        "x1": Step("a006", 'op.add_column("users", sa.Column("x", sa.Integer))', 'op.drop_column("users", "x")'),
        "x2": Step("x1", "op.execute(\"INSERT INTO users (name, x) VALUES ('new', 1)\")"),
        "x3": Step("x2", 'op.create_index("ix_users_x", "users", ["x"])', 'op.drop_index("ix_users_x", "users")'),
        "x4": Step("x3", "op.execute(\"UPDATE users SET x = age WHERE name = 'late'\")"),
        "x5": Step("x4", "op.execute('DELETE FROM users')"),
    }
    house = build(tmp_path, sqlite_url, {**SHOP, **steps})
    command.upgrade(house.config(sqlite_url), "a006")
    engine = sa.create_engine(sqlite_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO users (name, age) VALUES ('late', 50)")

    with pytest.raises(CommandError, match=r"seem to write rows(.|\n)*x2, .*x2_\.py:12\n.*x4, .*x4_\.py:12"):
        command.squash(house.config(sqlite_url), "x1:x4")
    with pytest.raises(CommandError, match="takes rows away that revisions below it left in users"):
        command.squash(house.config(sqlite_url), "x1:x5", without_data=True)
    done = command.squash(house.config(sqlite_url), "x1:x4", without_data=True)

    assert done.rows == {"users": 1}
    command.upgrade(house.config(sqlite_url), "x4")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT x FROM users WHERE name = 'late'").scalar() == 50
    fresh = f"sqlite:///{tmp_path / 'fresh.db'}"
    command.upgrade(house.config(fresh), "x4")
    before = content(fresh)
    command.downgrade(house.config(fresh), "a006")
    assert [len(rows) for rows in content(fresh)[1].values()] == [2, 2]
    house.connect_to(fresh).run("upgrade", "x4", side="alembic")
    assert content(fresh) == before


def test_a_range_that_others_hang_on_is_refused_with_every_place(tmp_path: Path, sqlite_url: str) -> None:
    steps = {**SHOP, "c001": Step("a002", "pass", labels=("side",)), "d001": Step(None, "pass", depends_on="a003")}
    house = build(tmp_path, sqlite_url, steps)

    with pytest.raises(CommandError) as caught:
        command.squash(house.config(sqlite_url), ":a006")
    assert "c001_.py: c001 follows a002, which is inside the range" in str(caught.value)
    assert "d001_.py: d001 depends on a003, which is inside the range" in str(caught.value)
    with pytest.raises(CommandError, match="a004 follows b001, which is outside the range"):
        command.squash(house.config(sqlite_url), "a003:a006")
    with pytest.raises(CommandError, match="nothing to squash"):
        command.squash(house.config(sqlite_url), ":a001")
    assert not (tmp_path / "migrations" / "squashed").exists()


def test_what_cannot_be_the_same_is_not_written(tmp_path: Path, sqlite_url: str) -> None:
    many = 'op.bulk_insert(sa.table("users", sa.column("name")), [{"name": str(n)} for n in range(1001)])'
    house = build(tmp_path, sqlite_url, {**SHOP, "a007": Step("a006", many)})
    before = house.files()
    with pytest.raises(CommandError, match="more than 1000 rows in the table users"):
        command.squash(house.config(sqlite_url))
    assert house.files() == before

    house.add(
        "a007",
        Step(
            "a006",
            'op.execute("CREATE VIRTUAL TABLE words USING fts5(word)")\nop.execute("INSERT INTO words VALUES (1)")',
        ),
    )
    with pytest.raises(CommandError, match="rows in the virtual table words"):
        command.squash(house.config(sqlite_url))
    assert house.files() == before


def test_a_way_back_that_cannot_be_proved_is_an_error_that_names_the_originals(tmp_path: Path, sqlite_url: str) -> None:
    steps = {
        "a001": Step(None, 'op.create_table("t", sa.Column("a", sa.Integer), sa.Column("b", sa.Integer))'),
        "a002": Step("a001", 'op.execute("INSERT INTO t VALUES (1, 2)")'),
        "a003": Step("a002", 'op.drop_column("t", "b")'),
        "a004": Step("a003", 'op.create_index("ix_t", "t", ["a"])'),
    }
    house = build(tmp_path, sqlite_url, steps)
    done = command.squash(house.config(sqlite_url), "a003:")
    assert not done.reversible
    command.upgrade(house.config(sqlite_url), "head")
    with pytest.raises(
        NotImplementedError,
        match="a004 cannot be taken back as a whole: downgrade to one of its originals in squashed/a004",
    ):
        command.downgrade(house.config(sqlite_url), "a002")
