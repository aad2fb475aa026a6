"""Promise: what is compared beyond Alembic on SQLite and MariaDB leaves nothing to find, and goes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from round_trips import compared, round_trip

from stillhouse_engine.autogenerate import Trigger, View

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def sqlite() -> Iterator[sa.Engine]:
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    yield engine
    engine.dispose()


@pytest.fixture
def mariadb(mariadb_server, mariadb_database) -> Iterator[sa.Engine]:
    engine = sa.create_engine(mariadb_server.url(mariadb_database(), "pymysql"))
    yield engine
    engine.dispose()


def test_views_and_triggers_on_sqlite(sqlite):
    metadata = sa.MetaData()
    table = sa.Table("users", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text))
    View("same", metadata, 'SELECT  "id" FROM users')
    View("changed", metadata, sa.select(table.c.id, table.c.name))
    Trigger("same", metadata, table, "after update", "begin select 1; end")
    Trigger("changed", metadata, table, "AFTER DELETE", "BEGIN SELECT 1; END")
    trip = round_trip(
        sqlite,
        [
            "CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY, name TEXT)",
            "CREATE VIEW same AS SELECT id FROM users",
            "CREATE VIEW changed AS SELECT id FROM users",
            "CREATE VIEW removed AS SELECT id FROM users",
            "CREATE TRIGGER same AFTER UPDATE ON users BEGIN SELECT 1; END",
            "CREATE TRIGGER changed AFTER INSERT ON users BEGIN SELECT 1; END",
        ],
        metadata,
        "views",
        "triggers",
    )
    assert trip.upgrade.splitlines() == [
        "op.execute('DROP VIEW changed')",
        "op.execute('DROP VIEW removed')",
        "op.execute(",
        "    'CREATE VIEW changed AS\\n'",
        "    'SELECT users.id, users.name \\n'",
        "    'FROM users'",
        ")",
        "op.execute('DROP TRIGGER changed')",
        "op.execute(",
        "    'CREATE TRIGGER changed AFTER DELETE ON users\\n'",
        "    'BEGIN SELECT 1; END'",
        ")",
    ]


def changed_checks(metadata: sa.MetaData) -> list[str]:
    sa.Table(
        "users",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("amount", sa.Integer),
        sa.Column("about", sa.JSON),
        sa.CheckConstraint("amount > 3 AND (amount < 10 OR amount > 20)", name="same"),
        sa.CheckConstraint("amount > 4", name="changed"),
        sa.CheckConstraint("amount % 2 = 0", name="added"),
    )
    return [
        """CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY, amount INTEGER, about JSON,
        CONSTRAINT same CHECK ((amount>3 and (amount < 10 or amount>20))), CONSTRAINT changed CHECK (amount > 5),
        CONSTRAINT removed CHECK (amount > 6))""",
    ]


def test_check_texts_on_sqlite(sqlite):
    metadata = sa.MetaData()
    trip = round_trip(sqlite, changed_checks(metadata), metadata, "check_texts", render_as_batch=True)
    assert [line.strip() for line in trip.upgrade.splitlines()[1:] if line] == [
        "batch_op.drop_constraint(batch_op.f('removed'), type_='check')",
        "batch_op.drop_constraint(batch_op.f('changed'), type_='check')",
        "batch_op.create_check_constraint('changed', 'amount > 4')",
        "batch_op.create_check_constraint('added', 'amount % 2 = 0')",
    ]


@pytest.mark.mariadb
def test_check_texts_on_mariadb(mariadb):
    metadata = sa.MetaData()
    before = [changed_checks(metadata)[0].replace("NOT NULL PRIMARY KEY", "AUTO_INCREMENT PRIMARY KEY")]
    before += [
        "ALTER TABLE users ADD CONSTRAINT other_parentheses CHECK (amount > 1 AND (amount > 2 OR amount < 9))",
        "ALTER TABLE users ADD CONSTRAINT other_words CHECK (amount NOT IN (1, 2) AND amount IS NOT NULL AND about LIKE 'x''_')",
    ]
    for name, text in {
        "other_parentheses": "(amount > 1 AND amount > 2) OR amount < 9",
        "other_words": "not (amount in (1,2)) and (amount is not null and about like 'x\\'_')",
    }.items():
        metadata.tables["users"].append_constraint(sa.CheckConstraint(text, name=name))
    trip = round_trip(mariadb, before, metadata, "check_texts")
    assert trip.upgrade.splitlines() == [
        "op.drop_constraint(op.f('removed'), 'users', type_='check')",
        "op.drop_constraint(op.f('changed'), 'users', type_='check')",
        "op.create_check_constraint('changed', 'users', 'amount > 4')",
        "op.drop_constraint(op.f('other_parentheses'), 'users', type_='check')",
        "op.create_check_constraint('other_parentheses', 'users', '(amount > 1 AND amount > 2) OR amount < 9')",
        "op.create_check_constraint('added', 'users', 'amount % 2 = 0')",
    ]


def other_key(metadata: sa.MetaData) -> list[str]:
    both = [sa.Column(name, sa.Integer, primary_key=True, autoincrement=False) for name in ("a", "b")]
    sa.Table("pairs", metadata, *both)
    return ["CREATE TABLE pairs (a INTEGER NOT NULL, b INTEGER NOT NULL, PRIMARY KEY (a))"]


@pytest.mark.mariadb
def test_primary_keys_on_mariadb(mariadb):
    metadata = sa.MetaData()
    sa.Table("counted", metadata, *(sa.Column(name, sa.Integer, primary_key=True) for name in ("id", "tenant")))
    counted = "CREATE TABLE counted (id integer AUTO_INCREMENT PRIMARY KEY, tenant integer NOT NULL)"
    trip = round_trip(mariadb, [*other_key(metadata), counted], metadata, "primary_keys")
    assert trip.upgrade.splitlines() == [
        "op.execute('ALTER TABLE counted DROP PRIMARY KEY, ADD PRIMARY KEY (id, tenant)')",
        "op.execute('ALTER TABLE pairs DROP PRIMARY KEY, ADD PRIMARY KEY (a, b)')",
    ]


@pytest.mark.mariadb
def test_the_order_of_enum_values_on_mariadb(mariadb):
    metadata = sa.MetaData()
    sa.Table(
        "users", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("mood", sa.Enum("bad", "good"))
    )
    before = "CREATE TABLE users (id integer AUTO_INCREMENT PRIMARY KEY, mood enum('good', 'bad'))"
    trip = round_trip(mariadb, [before], metadata, "enum_values")
    assert [diff[0][0] for diff in trip.diffs] == ["modify_type"]


def test_primary_keys_on_sqlite(sqlite):
    metadata = sa.MetaData()
    before = other_key(metadata)[0].replace("PRIMARY KEY", "CONSTRAINT pk_pairs PRIMARY KEY")
    trip = round_trip(sqlite, [before], metadata, "primary_keys", render_as_batch=True)
    assert "batch_op.create_primary_key(batch_op.f('pk_pairs'), ['a', 'b'])" in trip.upgrade


def test_a_primary_key_without_a_name_is_replaced_on_sqlite(sqlite):
    metadata = sa.MetaData()
    (before,) = other_key(metadata)
    with sqlite.connect() as connection:
        connection.exec_driver_sql(before)
        trip = compared(connection, metadata, "primary_keys", render_as_batch=True)
    assert "drop_constraint" not in trip.upgrade
    assert "batch_op.create_primary_key('pk_pairs', ['a', 'b'])" in trip.upgrade


def renamed(metadata: sa.MetaData) -> list[str]:
    sa.Table(
        "clients",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("mail", sa.String(50), index=True),
    )
    sa.Table("lists", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("title", sa.String(50)))
    return [
        "CREATE TABLE customers (id INTEGER NOT NULL PRIMARY KEY, mail VARCHAR(50))",
        "CREATE INDEX ix_clients_mail ON customers (mail)",
        "CREATE TABLE lists (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(50))",
    ]


def test_renames_on_sqlite(sqlite):
    metadata = sa.MetaData()
    trip = round_trip(sqlite, renamed(metadata), metadata, "renames", render_as_batch=True)
    assert trip.diffs == [
        ("rename_table", None, "customers", "clients"),
        ("rename_column", None, "lists", "name", "title"),
    ]


@pytest.mark.mariadb
def test_renames_on_mariadb(mariadb):
    metadata = sa.MetaData()
    sa.Table("codes", metadata, sa.Column("code", sa.String(5), primary_key=True), sa.Column("n", sa.Integer))
    before = [*renamed(metadata), "CREATE TABLE codes (id varchar(5) PRIMARY KEY, n integer)"]
    trip = round_trip(mariadb, before, metadata, "renames", "primary_keys")
    assert "op.create_index" not in trip.upgrade
    assert "PRIMARY KEY" not in trip.upgrade, "it follows its column"


@pytest.mark.parametrize(
    "columns",
    [
        [sa.Column("title", sa.Text)],
        [sa.Column("title", sa.String(50), nullable=False)],
        [sa.Column("title", sa.String(50)), sa.Column("more", sa.Text)],
        [sa.Column("more", sa.Text), sa.Column("title", sa.String(50))],
    ],
    ids=["another type", "another nullability", "one more", "another place"],
)
def test_what_does_not_look_the_same_is_not_renamed(sqlite, columns):
    metadata = sa.MetaData()
    copies = [column._copy() for column in columns]
    sa.Table("lists", metadata, sa.Column("id", sa.Integer, primary_key=True), *copies)
    with sqlite.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE lists (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(50))")
        trip = compared(connection, metadata, "renames")
    assert trip.diffs[-1][0] == "remove_column"
