"""Promise: views of MariaDB are compared as the server means them, whatever they are built on, and change both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hypothesis
import pytest
import sqlalchemy as sa
from hypothesis import strategies as st
from mariadb_models import USERS, name_and_age, users
from round_trips import compared, round_trip

from stillhouse_engine.autogenerate import Trigger, View
from stillhouse_engine.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.mariadb


@pytest.fixture
def engine(mariadb_server, mariadb_database) -> Iterator[sa.Engine]:
    engine = sa.create_engine(mariadb_server.url(mariadb_database(), "pymysql"))
    yield engine
    engine.dispose()


def test_views(engine):
    metadata = sa.MetaData()
    table = users(metadata, sa.Column("name", sa.String(20)), sa.Column("mail", sa.String(20)))
    View("same", metadata, "select  id, NAME from users where name <> ':x\"' and id > 3 # why not\n;")
    View("base", metadata, sa.select(table.c.id, table.c.name.label("called")).where(table.c.name.like("50%")))
    View("on_top", metadata, "SELECT called FROM base WHERE id > 1")
    View("unchanged_on_top", metadata, "SELECT id FROM same")
    View("replaced", metadata, "SELECT id\nFROM places\nWHERE id > 10\nWITH LOCAL CHECK OPTION")
    sa.Table("places", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(20)))
    View("without_age", metadata, "SELECT id, name FROM users")
    View(
        "all_columns",
        metadata,
        "SELECT DISTINCT u.* FROM users u, places p WHERE u.id = p.id OR (p.id > 1 AND u.id > 2)",
    )
    View("added", metadata, "SELECT mail, count(*) AS n FROM users GROUP BY mail")
    trip = round_trip(
        engine,
        [
            USERS,
            "CREATE TABLE places (id integer AUTO_INCREMENT PRIMARY KEY, name varchar(20))",
            "CREATE VIEW same AS SELECT id, NAME FROM users WHERE name <> ':x\"' AND id > 3",
            "CREATE VIEW base AS SELECT id, name FROM users",
            "CREATE VIEW on_top AS SELECT name FROM base",
            "CREATE VIEW unchanged_on_top AS SELECT id FROM same",
            "CREATE ALGORITHM = MERGE SQL SECURITY INVOKER VIEW replaced AS SELECT name FROM places WHERE id > 20 WITH CHECK OPTION",
            "CREATE VIEW without_age AS SELECT id, name, age FROM users",
            "CREATE VIEW removed AS SELECT id FROM users",
            "CREATE VIEW all_columns AS SELECT DISTINCT u.* FROM users u JOIN places p WHERE u.id = p.id OR p.id > 1 AND u.id > 2",
        ],
        metadata,
        "views",
    )
    assert [diff[:2] for diff in trip.diffs if "view" in diff[0]] == [
        ("remove_view", "on_top"),
        ("remove_view", "all_columns"),
        ("remove_view", "base"),
        ("remove_view", "removed"),
        ("remove_view", "without_age"),
        ("add_view", "base"),
        ("add_view", "on_top"),
        ("modify_view", "replaced"),
        ("add_view", "without_age"),
        ("add_view", "all_columns"),
        ("add_view", "added"),
    ]
    assert (
        "op.execute(\n"
        "    'CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY INVOKER VIEW replaced AS\\n'\n"
        "    'SELECT id\\n'\n"
        "    'FROM places\\n'\n"
        "    'WHERE id > 10\\n'\n"
        "    'WITH LOCAL CHECK OPTION'\n"
        ")"
    ) in trip.upgrade
    assert engine.url.database not in trip.downgrade, "a revision is for any database"


def test_a_database_of_the_same_table_is_told_apart(engine, mariadb_database):
    other = mariadb_database()
    metadata = sa.MetaData()
    name_and_age(metadata)
    View("people", metadata, f"SELECT count(*) AS n FROM {other}.users")
    before = [USERS, USERS.replace("users", f"{other}.users"), "CREATE VIEW people AS SELECT count(*) AS n FROM users"]
    trip = round_trip(engine, before, metadata, "views")
    assert [diff[:2] for diff in trip.diffs] == [("modify_view", "people")]


def test_views_with_the_rights_of_somebody_else_are_compared(engine, mariadb_admin):
    metadata = sa.MetaData()
    name_and_age(metadata)
    View("base", metadata, "SELECT id, name FROM users")
    View("on_top", metadata, "SELECT * FROM base")
    user = f"u_{engine.url.database}"
    with engine.begin() as connection:
        for statement in (
            USERS,
            "CREATE VIEW base AS SELECT id, name FROM users",
            "CREATE VIEW on_top AS SELECT * FROM base",
        ):
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql("CREATE FUNCTION hidden() RETURNS int DETERMINISTIC RETURN 1")
        connection.exec_driver_sql(f"CREATE USER {user}@'127.0.0.1'")
        # All but SHOW CREATE ROUTINE, which MariaDB has since 11.3.
        granted = "SELECT, CREATE, SHOW VIEW, TRIGGER, EXECUTE, CREATE ROUTINE, ALTER ROUTINE"
        connection.exec_driver_sql(f"GRANT {granted} ON {engine.url.database}.* TO {user}@'127.0.0.1'")
    mine = sa.create_engine(engine.url.set(username=user))
    with mine.connect() as connection:
        assert compared(connection, metadata, "views").diffs == []
        with pytest.raises(CommandError, match="the server hides its body"):
            compared(connection, metadata, "functions")
    with mariadb_admin.connect() as connection:
        connection.exec_driver_sql(f"REVOKE TRIGGER, SHOW VIEW ON {engine.url.database}.* FROM {user}@'127.0.0.1'")
    mine.dispose()
    with mine.connect() as connection:
        with pytest.raises(CommandError, match="Grant SHOW VIEW"):
            compared(connection, metadata, "views")
        with pytest.raises(CommandError, match="triggers: they are hidden from a user without TRIGGER"):
            compared(connection, metadata, "triggers")
    mine.dispose()


def test_views_triggers_and_checks_around_a_rename(engine):
    metadata = sa.MetaData()
    clients = sa.Table(
        "clients", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(20))
    )
    table = users(metadata, sa.Column("mail", sa.String(20)), sa.CheckConstraint("mail <> ''", name="has_mail"))
    View("mails", metadata, "SELECT id, mail FROM users")
    View("names", metadata, "SELECT name FROM clients")
    View("pairs", metadata, "SELECT * FROM names JOIN mails")
    Trigger("clean_name", metadata, clients, "BEFORE INSERT", "FOR EACH ROW SET NEW.name = trim(NEW.name)")
    Trigger("clean_mail", metadata, table, "BEFORE INSERT", "FOR EACH ROW SET NEW.mail = trim(NEW.mail)")
    trip = round_trip(
        engine,
        [
            "CREATE TABLE customers (id integer AUTO_INCREMENT PRIMARY KEY, name varchar(20))",
            """CREATE TABLE users (id integer AUTO_INCREMENT PRIMARY KEY, email varchar(20),
            CONSTRAINT has_mail CHECK (email <> ''))""",
            "CREATE VIEW mails AS SELECT id, email FROM users",
            "CREATE VIEW names AS SELECT name FROM customers",
            "CREATE VIEW pairs AS SELECT * FROM names JOIN mails",
            "CREATE TRIGGER clean_name BEFORE INSERT ON customers FOR EACH ROW SET NEW.name = trim(NEW.name)",
            "CREATE TRIGGER clean_mail BEFORE INSERT ON users FOR EACH ROW SET NEW.email = trim(NEW.email)",
        ],
        metadata,
        "*",
    )
    assert [diff for diff in trip.diffs if "rename" in diff[0]] == [
        ("rename_table", None, "customers", "clients"),
        ("rename_column", None, "users", "email", "mail"),
    ]


@hypothesis.given(st.randoms(use_true_random=False))
@hypothesis.settings(max_examples=15, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
def test_any_views_on_views_become_any_others(mariadb_server, mariadb_database, random):
    def columns_and_views() -> tuple[list[str], dict[str, str]]:
        columns = sorted(random.sample("abc", random.randint(1, 3)))
        sources, views = {"users": ["id", *columns]}, {}
        for name in random.sample(["v", "w", "x", "y"], random.randint(1, 4)):
            source = random.choice(list(sources))
            chosen = sorted(random.sample(sources[source], random.randint(1, len(sources[source]))))
            if random.random() < 0.3:
                chosen = sources[source]
                views[name] = f"SELECT * FROM {source}"
            else:
                views[name] = f"SELECT {', '.join(chosen)} FROM {source} WHERE {random.choice(sources[source])} > 1"
            sources[name] = chosen
        return columns, views

    (columns, before), (others, after) = columns_and_views(), columns_and_views()
    metadata = sa.MetaData()
    users(metadata, *(sa.Column(name, sa.Integer) for name in others))
    for name, query in after.items():
        View(name, metadata, query)
    statements = [
        f"CREATE TABLE users (id int AUTO_INCREMENT PRIMARY KEY, {', '.join(f'{name} int' for name in columns)})"
    ]
    statements += [f"CREATE VIEW {name} AS {query}" for name, query in before.items()]
    engine = sa.create_engine(mariadb_server.url(mariadb_database(), "pymysql"))
    round_trip(engine, statements, metadata, "views")
    engine.dispose()
