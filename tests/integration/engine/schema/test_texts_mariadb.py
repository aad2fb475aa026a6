"""What information_schema spoils is read, told apart, repaired and adopted as it really is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from generated import adopt, run, undo

import servers
from stillhouse_engine.schema import diff, take_fingerprint, take_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.mariadb

SCHEMA = r"""
CREATE TABLE t (id int PRIMARY KEY, a varchar(90) DEFAULT 'plain?' CHECK (a <> 'TEXT'), `b``'(` varchar(90) DEFAULT (concat('TEXT', '?', '\'), ')) COMMENT 'CHECK (''?''), ', c varchar(90) GENERATED ALWAYS AS (concat(a, 'TEXT')) VIRTUAL, CONSTRAINT `ch``eck` CHECK (a <> 'TEXT' OR `b``'(` <> '?'), KEY k (a) COMMENT '?')
CREATE VIEW v AS SELECT id, 'TEXT' AS `s?`, concat('????', a) AS `back\slash`, '?' AS q FROM t WHERE a <> 'TEXT' WITH LOCAL CHECK OPTION
CREATE TRIGGER first BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 'TEXT'
CREATE TRIGGER `second?` BEFORE INSERT ON t FOR EACH ROW FOLLOWS first BEGIN SET NEW.a = concat(NEW.a, 'TEXT', "it's \"", '\\n%s :a'); END
CREATE FUNCTION f(a enum('x)', 'y'), `b c` varchar(9)) RETURNS varchar(90) CHARSET utf8mb4 DETERMINISTIC COMMENT 'RETURN ?' RETURN concat(a, 'TEXT', '?')
CREATE PROCEDURE `p``?`() BEGIN SELECT 'TEXT'; END
CREATE EVENT `e?` ON SCHEDULE EVERY 1 DAY DISABLE COMMENT 'DO ?' DO SET @a = 'TEXT'
""".strip()
LOOK = (
    "SHOW CREATE TABLE t", "SHOW CREATE VIEW v", "SHOW CREATE TRIGGER first", "SHOW CREATE TRIGGER `second?`",
    "SHOW CREATE FUNCTION f", "SHOW CREATE PROCEDURE `p``?`", "SHOW CREATE EVENT `e?`",
)  # fmt: skip

EVERYTHING = {
    "t.t_chk_1" if servers.MYSQL else "t.a",
    "t.b`'(",
    "t.c",
    "t.ch`eck",
    "v",
    "t.first",
    "t.second?",
    "f",
    "p`?",
    "e?",
}
if servers.MYSQL:
    SCHEMA += "\nCREATE INDEX of_expression ON t ((concat(a, 'TEXT')), id DESC)"
    EVERYTHING.add("t.of_expression")
TEXT = re.compile(r"'(?:[^'\\]|\\.|'')*'")


@pytest.fixture
def engine(mariadb_server: servers.MariaDBServer, mariadb_database: Callable[[], str]) -> Iterator[sa.Engine]:
    engine = sa.create_engine(mariadb_server.url(mariadb_database(), driver="pymysql"), isolation_level="AUTOCOMMIT")
    yield engine
    with engine.connect() as connection:
        run(connection, f"DROP DATABASE `{engine.url.database}`")
    engine.dispose()


def made(connection: sa.Connection, text: str) -> None:
    database = connection.engine.url.database
    run(connection, f"DROP DATABASE `{database}`", f"CREATE DATABASE `{database}`", f"USE `{database}`")
    run(connection, *SCHEMA.replace("TEXT", text).splitlines())


def said(connection: sa.Connection) -> list[list[str]]:
    """Return the texts in the server's own words for everything, but for when an event starts, and collations said aloud."""
    words = [" ".join(map(str, connection.exec_driver_sql(sql).one()[1:4])) for sql in LOOK]
    return [TEXT.findall(re.sub(r"STARTS '[^']*'|CHARACTER SET \w+ COLLATE \w+ ", "", each)) for each in words]


@pytest.mark.parametrize(("old", "new"), [("a😀b?", "a🎉b?"), ("😀", "????"), (r"\\n", r"\n"), (r"\\😀", r"\\?")])
def test_texts_that_look_alike_are_told_apart_repaired_and_adopted(engine: sa.Engine, old: str, new: str) -> None:
    with engine.connect() as connection:
        made(connection, new)
        after, words_after = take_snapshot(connection), said(connection)
        made(connection, old)
        before, words_before = take_snapshot(connection), said(connection)
        assert {change.object for change in diff(before, after)} == EVERYTHING
        made(connection, new)
        undo(connection, before, after)
        assert take_snapshot(connection) == before
        assert said(connection) == words_before
        adopt(connection, before, after)
        assert take_snapshot(connection) == after
        assert said(connection) == words_after


def test_long_lists_are_read_whole(engine: sa.Engine) -> None:
    parts = ", ".join(f"PARTITION a_name_that_is_rather_long_{n:03} VALUES LESS THAN ({n})" for n in range(60))
    with engine.connect() as connection:
        run(connection, f"CREATE TABLE t (id int PRIMARY KEY) PARTITION BY RANGE (id) ({parts})")
        before = take_snapshot(connection)
        fingerprint = take_fingerprint(connection)
        run(connection, "ALTER TABLE t DROP PARTITION a_name_that_is_rather_long_059")
        assert take_fingerprint(connection) != fingerprint
        undo(connection, before, take_snapshot(connection))
        assert take_snapshot(connection) == before
