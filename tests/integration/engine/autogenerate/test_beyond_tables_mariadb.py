"""Promise: functions, procedures, triggers and sequences of MariaDB are compared as the server means them, both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from both_autogenerates import Statements
from mariadb_models import USERS, name_and_age, users
from round_trips import compared, round_trip

import servers
from stillhouse_engine.autogenerate import Function, MaterializedView, Procedure, Trigger, View
from stillhouse_engine.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.mariadb


@pytest.fixture
def engine(mariadb_server, mariadb_database) -> Iterator[sa.Engine]:
    engine = sa.create_engine(mariadb_server.url(mariadb_database(), "pymysql"))
    yield engine
    engine.dispose()


def test_functions_and_procedures(engine):
    metadata = sa.MetaData()
    name_and_age(metadata)
    tidy = """
    MODIFIES SQL DATA SQL SECURITY INVOKER
    tidy: BEGIN
      -- clients leave out comments
      DECLARE n INTEGER DEFAULT 0; # of either kind
      SELECT count(*) INTO n FROM users WHERE name = 'it''s; \\'not\\' "this"' AND name <> "or: 'that'";
      IF n > 3 THEN LEAVE tidy; END IF;
      SET @x := n MOD 2, total = n;
    END;
    """
    Procedure("Tidy(in `from` datetime(3), OUT total numeric(10), doc JSON, mood enum('A', 'b'))", metadata, tidy)
    Procedure("other_arguments(a tinyint unsigned, flag BOOL)", metadata, "SELECT a")
    Function(
        "same(a INTEGER, b character varying(5) character set latin1)", metadata, "returns dec deterministic RETURN a+1"
    )
    Function("other_body(a int)", metadata, "RETURNS int COMMENT 'it''s new' NO SQL RETURN a + 2")
    Function("added()", metadata, "RETURNS varchar(20) DETERMINISTIC RETURN _utf8mb4'ä :x 50%'")
    trip = round_trip(
        engine,
        [
            USERS,
            "CREATE PROCEDURE tidy(IN `from` datetime(3), OUT total decimal(10,0), IN doc json, IN mood enum('A','b'))"
            + tidy.strip().removesuffix(";").replace("      -- clients leave out comments\n", ""),
            "CREATE PROCEDURE other_arguments(a tinyint) SELECT a",
            "CREATE FUNCTION same(a int, b varchar(5) charset latin1) RETURNS decimal(10) DETERMINISTIC RETURN a + 1",
            "CREATE FUNCTION other_body(a int) RETURNS int COMMENT 'it''s' READS SQL DATA RETURN a + 1",
            "CREATE FUNCTION removed(a varchar(5) charset latin1) RETURNS varchar(5) charset latin1 SQL SECURITY INVOKER RETURN 'é'",
            "CREATE PROCEDURE removed() BEGIN SELECT 1; SELECT 2; END",
        ],
        metadata,
        "functions",
        "procedures",
    )
    assert [diff[:2] for diff in trip.diffs] == [
        ("modify_function", "other_body"),
        ("add_function", "added()"),
        ("modify_procedure", "other_arguments"),
        ("remove_function", "removed"),
        ("remove_procedure", "removed"),
    ]
    verb = "CREATE" if servers.MYSQL else "CREATE OR REPLACE"
    assert (
        "op.execute(\n"
        f"    '{verb} FUNCTION other_body(a int)\\n'\n"
        "    \"RETURNS int COMMENT 'it''s new' NO SQL RETURN a + 2\"\n"
        ")"
    ) in trip.upgrade
    assert (
        "removed(`a` varchar(5) CHARSET latin1 COLLATE latin1_swedish_ci) RETURNS varchar(5) CHARSET latin1"
        in trip.downgrade
    )


def orders(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() "
            "ORDER BY CAST(ACTION_TIMING AS CHAR) DESC, EVENT_MANIPULATION, ACTION_ORDER"  # MySQL has an ENUM there
        )
        return list(rows.scalars())


def test_triggers_and_their_order(engine):
    metadata = sa.MetaData()
    table = name_and_age(metadata)
    body = "FOR EACH ROW BEGIN\n  SET NEW.age = NEW.age + {};\n  SET NEW.name = 'x;';\nEND"
    Trigger("first", metadata, table, "before insert", body.format(1))
    Trigger("second", metadata, table, "BEFORE INSERT", body.format(2))
    Trigger("third", metadata, table, "BEFORE INSERT", "FOR EACH ROW PRECEDES second SET NEW.age = 3")
    Trigger("last", metadata, table, "BEFORE INSERT", "FOR EACH ROW SET NEW.age = 4")
    Trigger("moved", metadata, table, "AFTER UPDATE", "FOR EACH ROW DELETE FROM users WHERE id = OLD.id + 1")
    before = [
        USERS,
        f"CREATE TRIGGER last BEFORE INSERT ON users {body.format(1).replace('BEGIN', 'BEGIN # old')}",
        "SET sql_mode = 'PIPES_AS_CONCAT'",
        f"CREATE TRIGGER removed BEFORE INSERT ON users {body.format(1)}",
        "SET sql_mode = DEFAULT",
        f"CREATE TRIGGER first BEFORE INSERT ON users {body.format(1)}",
        f"CREATE TRIGGER second BEFORE INSERT ON users {body.format(3)}",
        "CREATE TRIGGER moved BEFORE UPDATE ON users FOR EACH ROW SET NEW.age = 1",
    ]
    trip = round_trip(engine, before, metadata, "triggers")
    assert orders(engine) == ["last", "removed", "first", "second", "moved"], "the order from before is back"
    assert [diff[:2] for diff in trip.diffs] == [
        ("remove_trigger", "users.removed"),
        ("modify_trigger", "users.second"),
        ("add_trigger", "users.third"),
        ("modify_trigger", "users.last"),
        ("modify_trigger", "users.moved"),
    ]
    assert trip.downgrade.count("# It was made with sql_mode = 'PIPES_AS_CONCAT', this session has another one") == 1
    assert "FOR EACH ROW PRECEDES second SET NEW.age = 3" in trip.upgrade, "as it was declared"
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER removed")
        for name in ("last", "first", "second", "moved"):
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        for name in ("last", "first", "third", "second"):
            said = body.format({"first": 1, "second": 2}.get(name, 0))
            said = {"third": "FOR EACH ROW SET NEW.age = 3", "last": "FOR EACH ROW SET NEW.age = 4"}.get(name, said)
            connection.exec_driver_sql(f"CREATE TRIGGER {name} BEFORE INSERT ON users {said}")
        connection.exec_driver_sql(
            "CREATE TRIGGER moved AFTER UPDATE ON users FOR EACH ROW DELETE FROM users WHERE id = OLD.id + 1"
        )
    trip = round_trip(engine, [], metadata, "triggers")
    assert [diff[:2] for diff in trip.diffs] == [("modify_trigger", "users.last")], "only its place is another"
    assert orders(engine) == ["last", "first", "third", "second", "moved"]


@pytest.mark.skipif(bool(servers.MYSQL), reason="MySQL has no sequences")
def test_sequences(engine):
    metadata = sa.MetaData()
    name_and_age(metadata)
    sa.Sequence("added", start=100, increment=5, cache=3, metadata=metadata)
    sa.Sequence("changed", increment=2, cycle=True, maxvalue=1000, metadata=metadata)
    sa.Sequence("back", increment=2, metadata=metadata)
    sa.Sequence("down", increment=-3, metadata=metadata)
    sa.Sequence("same", metadata=metadata)
    trip = round_trip(
        engine,
        [
            USERS,
            "CREATE SEQUENCE changed",
            "CREATE SEQUENCE back INCREMENT BY 2 CYCLE",
            "CREATE SEQUENCE down INCREMENT BY -3",
            "CREATE SEQUENCE removed INCREMENT BY -1 CACHE 7 START WITH -5",
            "CREATE SEQUENCE same",
        ],
        metadata,
        "sequences",
    )
    assert trip.upgrade.splitlines() == [
        "op.execute('CREATE SEQUENCE added INCREMENT BY 5 START WITH 100 CACHE 3')",
        "op.execute('ALTER SEQUENCE back NOCYCLE')",
        "op.execute('ALTER SEQUENCE changed INCREMENT BY 2 MAXVALUE 1000 CYCLE')",
        "op.execute('DROP SEQUENCE removed')",
    ]


def test_what_information_schema_spoils(engine):
    metadata = sa.MetaData()
    table = name_and_age(metadata)
    table.append_constraint(sa.CheckConstraint("name <> '😀'", name="no_smile"))
    text = """BEGIN SET @a = '😀?'; SET @b = '\\\\', @c = 'a\\\\nb', @d = "it's \\"", @e = N'ü'; END"""
    View("same", metadata, "SELECT '😀\\\\' AS smile, name FROM users WHERE name <> '?' WITH CHECK OPTION")
    Procedure("same(a int, `b c` varchar(9))", metadata, text)
    Trigger("same", metadata, table, "BEFORE INSERT", f"FOR EACH ROW {text}")
    other, view = text.replace("😀", "😎"), "SELECT '😎' AS smile FROM users"
    trip = round_trip(
        engine,
        [
            f"{USERS[:-1]}, CONSTRAINT no_smile CHECK (name <> '😀'))",
            "CREATE VIEW same AS SELECT '😀\\\\' AS smile, name FROM users WHERE name <> '?' WITH CHECK OPTION",
            f"CREATE VIEW removed AS {view}",
            f"CREATE PROCEDURE same(a int, `b c` varchar(9)) {text}",
            f"CREATE PROCEDURE removed(a int, `b c` varchar(9)) {other}",
            f"CREATE TRIGGER same BEFORE INSERT ON users FOR EACH ROW {text}",
            f"CREATE TRIGGER removed BEFORE INSERT ON users FOR EACH ROW FOLLOWS same {other}",
        ],
        metadata,
        "*",
    )
    assert {diff[0] for diff in trip.diffs} == {"remove_view", "remove_procedure", "remove_trigger"}
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW CREATE PROCEDURE removed").one()[2].endswith(other)
        assert connection.exec_driver_sql("SHOW CREATE TRIGGER removed").one()[2].endswith(other)
        assert "😎" in connection.exec_driver_sql("SHOW CREATE VIEW removed").one()[1]


def test_everything_in_another_database(engine, mariadb_database):
    other = mariadb_database()
    metadata = sa.MetaData(schema=other)
    table = users(metadata, sa.Column("name", sa.String(20)), sa.CheckConstraint("name <> 'x'", name="same"))
    View("same", metadata, sa.select(table.c.id))
    View("Odd name", metadata, sa.select(table.c.id, table.c.name))
    Function("same()", metadata, "RETURNS int DETERMINISTIC RETURN 1")
    Procedure("added()", metadata, "BEGIN SELECT 1; END")
    Trigger("same", metadata, table, "BEFORE UPDATE", "FOR EACH ROW SET NEW.name = 'x'")
    Trigger("added", metadata, table, "BEFORE UPDATE", "FOR EACH ROW FOLLOWS same SET NEW.name = 'y'")
    sa.Sequence("added", metadata=metadata, start=5)
    trip = round_trip(
        engine,
        [
            f"""CREATE TABLE {other}.users (id integer AUTO_INCREMENT PRIMARY KEY, name varchar(20),
            CONSTRAINT same CHECK (name <> 'x'))""",
            f"CREATE FUNCTION {other}.same() RETURNS int DETERMINISTIC RETURN 1",
            f"CREATE PROCEDURE {other}.removed() SELECT 1",
            f"CREATE TRIGGER {other}.same BEFORE UPDATE ON {other}.users FOR EACH ROW SET NEW.name = 'x'",
            f"CREATE VIEW {other}.same AS SELECT id FROM {other}.users",
            f"CREATE VIEW {other}.removed AS SELECT id FROM {other}.users",
            *([] if servers.MYSQL else [f"CREATE SEQUENCE {other}.gone"]),
        ],
        metadata,
        "*",
        include_schemas=True,
        include_name=lambda name, type_, _: type_ != "schema" or name in {None, other},
    )
    found = [
        ("add_sequence", f"{other}.added"),
        ("add_procedure", f"{other}.added()"),
        ("remove_view", f"{other}.removed"),
        ("remove_procedure", f"{other}.removed"),
        ("add_view", f"{other}.Odd name"),
        ("remove_sequence", f"{other}.gone"),
        ("add_trigger", f"{other}.users.added"),
    ]
    assert [diff[:2] for diff in trip.diffs] == [
        each for each in found if not servers.MYSQL or "sequence" not in each[0]
    ]


def test_what_mariadb_has_not_is_an_error(engine):
    metadata = sa.MetaData()
    name_and_age(metadata)
    MaterializedView("stored", metadata, "SELECT id FROM users")
    Function("touch()", metadata, "")
    with engine.connect() as connection:
        with pytest.raises(CommandError, match="no materialised views, but 'stored'"):
            compared(connection, metadata, "views")
        with pytest.raises(CommandError, match="it has no body"):
            compared(connection, metadata, "functions")


def test_the_number_of_statements_stays_the_same(mariadb_server, mariadb_database):
    def statements(count: int) -> int:
        engine = sa.create_engine(mariadb_server.url(mariadb_database(), "pymysql"))
        metadata = sa.MetaData()
        table = name_and_age(metadata)
        table.append_constraint(sa.CheckConstraint("age > 0", name="positive"))
        metadata.create_all(engine)
        with engine.begin() as connection:
            for number in range(count):
                View(f"v{number}", metadata, f"SELECT id, {number} AS n FROM users")
                Function(f"f{number}(a INTEGER)", metadata, "RETURNS numeric DETERMINISTIC RETURN a")
                Procedure(f"p{number}(a REAL)", metadata, "BEGIN SELECT a; END")
                Trigger(f"t{number}", metadata, table, "BEFORE INSERT", "FOR EACH ROW SET NEW.age = 1")
                connection.exec_driver_sql(f"CREATE VIEW v{number} AS SELECT id FROM users")
                connection.exec_driver_sql(f"CREATE FUNCTION f{number}(a int) RETURNS int DETERMINISTIC RETURN a")
                connection.exec_driver_sql(f"CREATE PROCEDURE p{number}(a double) SELECT a")
                connection.exec_driver_sql(
                    f"CREATE TRIGGER t{number} BEFORE INSERT ON users FOR EACH ROW SET NEW.age = 2"
                )
        with engine.connect() as connection, Statements(engine) as sent:
            assert len(compared(connection, metadata, "*").diffs) == 4 * count
        engine.dispose()
        return len(sent)

    each = 18 if servers.MYSQL else 0  # it tells the algorithm of a view that changes in SHOW CREATE VIEW only
    assert statements(2) == statements(20) - each <= 50
