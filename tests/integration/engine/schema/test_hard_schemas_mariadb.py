"""What is written is what was read, however odd: an empty database becomes the very schema, down to literals and joins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from generated import run

import servers
from stillhouse_engine.schema import diff, repair, take_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

pytestmark = pytest.mark.mariadb

TABLES = r"""
CREATE TABLE a (id int PRIMARY KEY, t varchar(20) DEFAULT 'CURRENT_TIMESTAMP', b bit(4) DEFAULT b'0101', vb varbinary(8) DEFAULT 'ab', m timestamp(6) DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), u varchar(90) DEFAULT (concat('it''s ü', '\\n')), e enum('a','it''s','ü','b\\c') DEFAULT 'it''s', s set('x','y') DEFAULT 'x,y', n int DEFAULT -5, bi bigint unsigned DEFAULT 18446744073709551615, emp varchar(10) DEFAULT '', ch char(5) CHARACTER SET latin1 DEFAULT 'é', y year DEFAULT 2020, CONSTRAINT odd CHECK (t like '%\_%' or t regexp '^[a-z]+\\.$')) COMMENT='it''s \\ ü'
CREATE TABLE b (id int PRIMARY KEY, t varchar(20), p point NOT NULL, SPATIAL INDEX sp (p))
CREATE TABLE c (id int PRIMARY KEY, t varchar(20), own int, other int, CONSTRAINT f FOREIGN KEY (own) REFERENCES c (id) ON DELETE SET NULL ON UPDATE CASCADE)
CREATE TABLE pl (c varchar(10) NOT NULL) PARTITION BY LIST COLUMNS(c) (PARTITION p1 VALUES IN ('a','it''s'), PARTITION p2 VALUES IN ('ü','b,c'))
CREATE TABLE pc (d date NOT NULL, n int NOT NULL) PARTITION BY RANGE COLUMNS(d, n) (PARTITION p1 VALUES LESS THAN ('2000-01-01', 5), PARTITION p2 VALUES LESS THAN (MAXVALUE, MAXVALUE))
CREATE TABLE ph (d int NOT NULL) PARTITION BY HASH (d) PARTITIONS 3
CREATE FUNCTION fn(a varchar(10) CHARACTER SET latin1, e enum('a','it''s'), flag tinyint(1), d decimal(5,2)) RETURNS varchar(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin READS SQL DATA SQL SECURITY INVOKER COMMENT 'it''s \\ ü' BEGIN DECLARE x int DEFAULT 0; RETURN concat(a, 'it''s'); END
CREATE PROCEDURE `p``c`(INOUT a int, OUT `b c` varchar(10)) DETERMINISTIC MODIFIES SQL DATA BEGIN DECLARE `odd``name` int; SET `odd``name` = 1, a = a + `odd``name`; END
CREATE TRIGGER tr1 BEFORE INSERT ON a FOR EACH ROW BEGIN IF NEW.t = 'it''s' THEN SET NEW.t = concat('a\\b', "q\"'", NEW.e); END IF; END
CREATE TRIGGER tr2 BEFORE INSERT ON a FOR EACH ROW FOLLOWS tr1 SET NEW.n = 1
CREATE EVENT ev ON SCHEDULE EVERY '1:30' HOUR_MINUTE STARTS '2030-01-01 00:00:00' ENDS '2031-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE COMMENT 'it''s' DO BEGIN SET @a = 'it''s'; END
CREATE EVENT once ON SCHEDULE AT '2030-01-01 10:00:00' DISABLE DO SET @a = 1
""".strip().splitlines()
ON_MYSQL = r"""
CREATE TABLE mysqls (id int PRIMARY KEY, j json DEFAULT (json_object('k', 'it''s ü😀')), t varchar(20), n int, d datetime(3) DEFAULT (now(3) + INTERVAL 1 DAY), p point NOT NULL SRID 4326, v int GENERATED ALWAYS AS (n + 1) VIRTUAL NOT NULL, st varchar(30) GENERATED ALWAYS AS (concat('x\'y', n)) STORED UNIQUE, hid int INVISIBLE DEFAULT 3, SPATIAL INDEX sp (p), KEY jx ((CAST(j->'$.arr' AS UNSIGNED ARRAY))), KEY fx ((lower(t)), (abs(n)) DESC, id), KEY hidden (v) INVISIBLE, CONSTRAINT lax CHECK (n < 100) NOT ENFORCED)
""".strip().splitlines()
VIEWS = r"""
SELECT a.id FROM a, b
SELECT a.id FROM a, b, c WHERE a.id = b.id
SELECT a.id FROM a JOIN b ON a.id = b.id JOIN c ON c.id = b.id
SELECT a.id FROM a LEFT JOIN (b, c) ON a.id = b.id AND c.id = a.id
SELECT a.id FROM a RIGHT JOIN b ON a.id = b.id LEFT JOIN c ON c.id = a.id
SELECT a.id FROM a, b LEFT JOIN c ON c.id = b.id
SELECT a.id FROM (a JOIN b ON a.id = b.id), c
SELECT STRAIGHT_JOIN a.id FROM a, b
SELECT x.id FROM (SELECT id FROM a) AS x, (SELECT id FROM b UNION SELECT id FROM c) AS y
SELECT x.id FROM ((SELECT id FROM a LIMIT 1) UNION (SELECT id FROM b LIMIT 1)) AS x
SELECT extract(year FROM (a.m + INTERVAL 1 DAY)) * 2 AS y, trim(BOTH 'x' FROM (concat(a.t, b.t))) AS t FROM a, b
SELECT id FROM a WHERE id IN (SELECT b.id FROM b, c) AND EXISTS (SELECT 1 FROM c)
WITH RECURSIVE q (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM q WHERE n < 5) SELECT q.n, a.id FROM q, a
SELECT id AS `sel``ect`, concat(t, 'it''s 😀?') AS `from (join` FROM a WHERE e IN ('it''s','ü')
""".strip().splitlines()


def rebuilt(server: servers.MariaDBServer, databases: Sequence[str], statements: Sequence[str]) -> list[object]:
    """Make a schema in the first database, bring the second one to it, and return in what they still differ."""
    engines = [sa.create_engine(server.url(name, "pymysql"), isolation_level="AUTOCOMMIT") for name in databases]
    with engines[0].connect() as full, engines[1].connect() as empty:
        run(full, *statements)
        expected, actual = take_snapshot(full), take_snapshot(empty)
        run(empty, *(sql for step in repair(diff(expected, actual), expected, actual) for sql in step.sql))
        found = [*diff(expected, take_snapshot(empty))]
    for engine in engines:
        engine.dispose()
    return found


def test_everything_is_made_as_it_was(
    mariadb_server: servers.MariaDBServer, mariadb_database: Callable[[], str]
) -> None:
    statements = TABLES + (ON_MYSQL if servers.MYSQL else [])
    assert rebuilt(mariadb_server, [mariadb_database(), mariadb_database()], statements) == []


def test_a_view_that_was_made_again_is_the_same(
    mariadb_server: servers.MariaDBServer, mariadb_database: Callable[[], str]
) -> None:
    views = [f"CREATE VIEW v{number} AS {query}" for number, query in enumerate(VIEWS)]
    assert rebuilt(mariadb_server, [mariadb_database(), mariadb_database()], TABLES + views) == []
