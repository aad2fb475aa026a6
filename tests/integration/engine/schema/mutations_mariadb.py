"""A MariaDB schema with one of everything, and every way to change it by hand that is known to be found; MySQL's as well."""

from __future__ import annotations

import re
from dataclasses import replace

from mutations import Mutation, extra, ignored, missing, modified

import servers

REPLACES = re.compile(r"CREATE OR REPLACE (TRIGGER|FUNCTION|PROCEDURE) (\w+)")


def on_mysql(*statements: str) -> tuple[str, ...]:
    """Return MariaDB's statements in MySQL's words; MySQL has no sequences, and cannot replace code."""
    said: list[str] = []
    for sql in statements:
        if code := REPLACES.match(sql):
            said.append(f"DROP {code[1]} {code[2]}")
        if "SEQUENCE" not in sql:
            said.append(
                sql.replace("CREATE OR REPLACE", "CREATE" if code else "CREATE OR REPLACE").replace(
                    "IGNORED", "INVISIBLE"
                )
            )
    return tuple(said)


def said_on_mysql(mutation: Mutation) -> Mutation | None:
    """Return a mutation in MySQL's words; None for what it has not."""
    sql = on_mysql(*mutation.sql)
    if not sql or "ALGORITHM" in sql[0]:
        return None
    if mutation.title.endswith("a column's check"):  # MySQL gives it a name of its own
        drop, add = "ALTER TABLE users DROP CONSTRAINT users_chk_1", "ADD CONSTRAINT users_chk_1 CHECK (age > 1)"
        sql = (drop,) if mutation.title.startswith("drop") else (f"{drop}, {add}",)
    found = tuple(
        (op, kind, name.replace("users.age", "users.users_chk_1") if kind == "constraint" else name, attribute)
        for op, kind, name, attribute in mutation.found
    )
    return replace(mutation, sql=sql, found=found)


BASE = """
CREATE TABLE users (id int AUTO_INCREMENT PRIMARY KEY, mail varchar(40) NOT NULL, name varchar(20) DEFAULT 'anon' COMMENT 'full name', mood enum('sad','ok') DEFAULT 'ok', score decimal(8,2), age int CHECK (age > 0), twice int GENERATED ALWAYS AS (age * 2) VIRTUAL, made timestamp DEFAULT current_timestamp ON UPDATE current_timestamp, label varchar(10) COLLATE utf8mb4_bin, body text, CONSTRAINT users_name CHECK (char_length(name) < 100), UNIQUE KEY users_mail (mail), KEY users_label (label(5)), KEY users_age (age, name), FULLTEXT KEY users_body (body)) COMMENT = 'people'
CREATE TABLE posts (user_id int NOT NULL, n int NOT NULL, title varchar(30), PRIMARY KEY (user_id, n), CONSTRAINT posts_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE)
CREATE TABLE plain (a int, b varchar(20))
CREATE TABLE parts (id int NOT NULL, region int) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE)
CREATE VIEW adults AS SELECT id, name FROM users WHERE age >= 18
CREATE VIEW names AS SELECT name FROM adults
CREATE TRIGGER users_insert BEFORE INSERT ON users FOR EACH ROW SET NEW.name = trim(NEW.name)
CREATE FUNCTION twice(n int) RETURNS int DETERMINISTIC RETURN n * 2
CREATE PROCEDURE sweep(IN age int) BEGIN DELETE FROM plain WHERE a > age; END
CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DO DELETE FROM plain
CREATE SEQUENCE ticket START WITH 10
""".strip().splitlines()

MUTATIONS: tuple[Mutation, ...] = (
    extra("create a table", "table", "stray", "CREATE TABLE stray (a int PRIMARY KEY)"),
    missing("drop a table", "table", "plain", "DROP TABLE plain"),
    missing("drop a table that refers to another", "table", "posts", "DROP TABLE posts"),
    missing("drop a partitioned table", "table", "parts", "DROP TABLE parts"),
    Mutation(
        "rename a table",
        ("ALTER TABLE plain RENAME TO fancy",),
        (("missing", "table", "plain", None), ("extra", "table", "fancy", None)),
    ),
    modified("change the engine", "table", "plain", "engine", "ALTER TABLE plain ENGINE=MyISAM"),
    modified("change the row format", "table", "plain", "options", "ALTER TABLE plain ROW_FORMAT=COMPACT"),
    modified(
        "convert a table's collation",
        "table",
        "plain",
        "collation",
        "ALTER TABLE plain CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    ),
    Mutation(
        "change a table's default collation",
        ("ALTER TABLE plain DEFAULT COLLATE utf8mb4_bin",),
        (("modified", "table", "plain", "collation"), ("modified", "column", "plain.b", "collation")),
    ),
    modified("comment on a table", "table", "users", "comment", "ALTER TABLE users COMMENT='humans'"),
    modified(
        "add a partition",
        "table",
        "parts",
        "partitions",
        "ALTER TABLE parts REORGANIZE PARTITION p1 INTO (PARTITION p1 VALUES LESS THAN (20), PARTITION p2 VALUES LESS THAN MAXVALUE)",
    ),
    Mutation(
        "remove the partitions",
        ("ALTER TABLE parts REMOVE PARTITIONING",),
        (("modified", "table", "parts", "partition_key"), ("modified", "table", "parts", "partitions")),
    ),
    extra("add a column", "column", "plain.c", "ALTER TABLE plain ADD COLUMN c int"),
    missing("drop a column", "column", "plain.b", "ALTER TABLE plain DROP COLUMN b"),
    Mutation(
        "rename a column",
        ("ALTER TABLE plain RENAME COLUMN b TO z",),
        (("missing", "column", "plain.b", None), ("extra", "column", "plain.z", None)),
    ),
    modified("change a type", "column", "plain.a", "type", "ALTER TABLE plain MODIFY a bigint"),
    modified("make a column unsigned", "column", "plain.a", "type", "ALTER TABLE plain MODIFY a int unsigned"),
    modified("change a length", "column", "users.mail", "type", "ALTER TABLE users MODIFY mail varchar(80) NOT NULL"),
    modified("change a scale", "column", "users.score", "type", "ALTER TABLE users MODIFY score decimal(8,3)"),
    modified(
        "add an enum value",
        "column",
        "users.mood",
        "type",
        "ALTER TABLE users MODIFY mood enum('sad','ok','happy') DEFAULT 'ok'",
    ),
    modified("allow NULL", "column", "users.mail", "nullable", "ALTER TABLE users MODIFY mail varchar(40) NULL"),
    modified("forbid NULL", "column", "plain.a", "nullable", "ALTER TABLE plain MODIFY a int NOT NULL"),
    modified("set a default", "column", "plain.a", "default", "ALTER TABLE plain ALTER a SET DEFAULT 3"),
    modified(
        "change a default", "column", "users.name", "default", "ALTER TABLE users ALTER name SET DEFAULT 'nobody'"
    ),
    modified(
        "drop a default",
        "column",
        "users.name",
        "default",
        "ALTER TABLE users MODIFY name varchar(20) COMMENT 'full name'",
    ),
    modified(
        "drop ON UPDATE",
        "column",
        "users.made",
        "extra",
        "ALTER TABLE users MODIFY made timestamp NULL DEFAULT current_timestamp",
    ),
    modified(
        "drop AUTO_INCREMENT",
        "column",
        "users.id",
        "extra",
        "SET foreign_key_checks=0",
        "ALTER TABLE users MODIFY id int NOT NULL",
        "SET foreign_key_checks=1",
    ),
    modified("hide a column", "column", "plain.b", "extra", "ALTER TABLE plain MODIFY b varchar(20) INVISIBLE"),
    modified(
        "change a generated column's expression",
        "column",
        "users.twice",
        "generated",
        "ALTER TABLE users MODIFY twice int GENERATED ALWAYS AS (age * 3) VIRTUAL",
    ),
    modified(
        "store a generated column",
        "column",
        "users.twice",
        "extra",
        "ALTER TABLE users DROP COLUMN twice, ADD COLUMN twice int GENERATED ALWAYS AS (age * 2) STORED",
    ),
    modified(
        "use another collation", "column", "users.label", "collation", "ALTER TABLE users MODIFY label varchar(10)"
    ),
    modified(
        "comment on a column",
        "column",
        "users.name",
        "comment",
        "ALTER TABLE users MODIFY name varchar(20) DEFAULT 'anon' COMMENT 'nickname'",
    ),
    modified(
        "change a primary key",
        "constraint",
        "posts.PRIMARY",
        "definition",
        "ALTER TABLE posts DROP PRIMARY KEY, ADD PRIMARY KEY (user_id)",
    ),
    extra("add a primary key", "constraint", "parts.PRIMARY", "ALTER TABLE parts ADD PRIMARY KEY (id)"),
    Mutation(
        "drop a foreign key",
        ("ALTER TABLE posts DROP FOREIGN KEY posts_user",),
        (("missing", "constraint", "posts.posts_user", None),),
    ),
    modified(
        "change a foreign key's action",
        "constraint",
        "posts.posts_user",
        "on_delete",
        "ALTER TABLE posts DROP FOREIGN KEY posts_user",
        "ALTER TABLE posts ADD CONSTRAINT posts_user FOREIGN KEY (user_id) REFERENCES users (id)",
    ),
    modified(
        "let a foreign key follow updates",
        "constraint",
        "posts.posts_user",
        "on_update",
        "ALTER TABLE posts DROP FOREIGN KEY posts_user",
        "ALTER TABLE posts ADD CONSTRAINT posts_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE",
    ),
    missing("drop a check", "constraint", "users.users_name", "ALTER TABLE users DROP CONSTRAINT users_name"),
    modified(
        "change a check",
        "constraint",
        "users.users_name",
        "definition",
        "ALTER TABLE users DROP CONSTRAINT users_name",
        "ALTER TABLE users ADD CONSTRAINT users_name CHECK (char_length(name) < 50)",
    ),
    missing("drop a column's check", "constraint", "users.age", "ALTER TABLE users MODIFY age int"),
    modified(
        "change a column's check",
        "constraint",
        "users.age",
        "definition",
        "ALTER TABLE users MODIFY age int CHECK (age > 1)",
    ),
    extra("create an index", "index", "plain.plain_a", "CREATE INDEX plain_a ON plain (a)"),
    missing("drop an index", "index", "users.users_age", "DROP INDEX users_age ON users"),
    modified(
        "change an index's columns",
        "index",
        "users.users_age",
        "definition",
        "ALTER TABLE users DROP INDEX users_age, ADD INDEX users_age (name, age)",
    ),
    modified(
        "change an index's prefix",
        "index",
        "users.users_label",
        "definition",
        "ALTER TABLE users DROP INDEX users_label, ADD INDEX users_label (label(7))",
    ),
    modified(
        "change an index's direction",
        "index",
        "users.users_age",
        "definition",
        "ALTER TABLE users DROP INDEX users_age, ADD INDEX users_age (age DESC, name)",
    ),
    modified(
        "make a unique index plain",
        "index",
        "users.users_mail",
        "unique",
        "ALTER TABLE users DROP INDEX users_mail, ADD INDEX users_mail (mail)",
    ),
    modified(
        "make the server ignore an index",
        "index",
        "users.users_age",
        "ignored",
        "ALTER TABLE users ALTER INDEX users_age IGNORED",
    ),
    missing("drop a full-text index", "index", "users.users_body", "DROP INDEX users_body ON users"),
    extra("create a view", "view", "spy", "CREATE VIEW spy AS SELECT * FROM plain"),
    missing("drop a view", "view", "names", "DROP VIEW names"),
    modified(
        "change a view",
        "view",
        "adults",
        "definition",
        "CREATE OR REPLACE VIEW adults AS SELECT id, name FROM users WHERE age >= 21",
    ),
    modified(
        "change who a view runs as",
        "view",
        "adults",
        "security",
        "CREATE OR REPLACE SQL SECURITY INVOKER VIEW adults AS SELECT id, name FROM users WHERE age >= 18",
    ),
    modified(
        "change a view's algorithm",
        "view",
        "adults",
        "algorithm",
        "CREATE OR REPLACE ALGORITHM = TEMPTABLE VIEW adults AS SELECT id, name FROM users WHERE age >= 18",
    ),
    extra(
        "create a trigger",
        "trigger",
        "plain.plain_insert",
        "CREATE TRIGGER plain_insert AFTER INSERT ON plain FOR EACH ROW SET @a = 1",
    ),
    missing("drop a trigger", "trigger", "users.users_insert", "DROP TRIGGER users_insert"),
    modified(
        "change a trigger's event",
        "trigger",
        "users.users_insert",
        "event",
        "CREATE OR REPLACE TRIGGER users_insert BEFORE UPDATE ON users FOR EACH ROW SET NEW.name = trim(NEW.name)",
    ),
    modified(
        "change a trigger's body",
        "trigger",
        "users.users_insert",
        "definition",
        "CREATE OR REPLACE TRIGGER users_insert BEFORE INSERT ON users FOR EACH ROW SET NEW.name = upper(NEW.name)",
    ),
    extra(
        "create a function",
        "function",
        "thrice",
        "CREATE FUNCTION thrice(n int) RETURNS int DETERMINISTIC RETURN n * 3",
    ),
    missing("drop a function", "function", "twice", "DROP FUNCTION twice"),
    modified(
        "change a function",
        "function",
        "twice",
        "body",
        "CREATE OR REPLACE FUNCTION twice(n int) RETURNS int DETERMINISTIC RETURN n + n",
    ),
    modified(
        "change a function's arguments",
        "function",
        "twice",
        "arguments",
        "CREATE OR REPLACE FUNCTION twice(n bigint) RETURNS int DETERMINISTIC RETURN n * 2",
    ),
    modified(
        "change a function's result",
        "function",
        "twice",
        "result",
        "CREATE OR REPLACE FUNCTION twice(n int) RETURNS bigint DETERMINISTIC RETURN n * 2",
    ),
    missing("drop a procedure", "procedure", "sweep", "DROP PROCEDURE sweep"),
    modified(
        "change a procedure",
        "procedure",
        "sweep",
        "body",
        "CREATE OR REPLACE PROCEDURE sweep(IN age int) BEGIN DELETE FROM plain; END",
    ),
    missing("drop an event", "event", "nightly", "DROP EVENT nightly"),
    modified(
        "change an event's schedule", "event", "nightly", "schedule", "ALTER EVENT nightly ON SCHEDULE EVERY 2 HOUR"
    ),
    modified("disable an event", "event", "nightly", "status", "ALTER EVENT nightly DISABLE"),
    extra("create a sequence", "sequence", "spare", "CREATE SEQUENCE spare"),
    missing("drop a sequence", "sequence", "ticket", "DROP SEQUENCE ticket"),
    modified("change a sequence's step", "sequence", "ticket", "increment", "ALTER SEQUENCE ticket INCREMENT BY 5"),
    ignored(
        "insert, update and delete rows", "data is not schema", "INSERT INTO plain VALUES (1, 'x')", "DELETE FROM plain"
    ),
    ignored(
        "count AUTO_INCREMENT up", "its value is data", "INSERT INTO users (mail) VALUES ('a@b')", "DELETE FROM users"
    ),
    ignored(
        "grant a privilege",
        "grants differ between environments",
        "CREATE USER IF NOT EXISTS 'reader'@'localhost'",
        "GRANT SELECT ON users TO 'reader'@'localhost'",
    ),
    ignored(
        "change a view's definer",
        "definers differ between servers",
        "CREATE OR REPLACE DEFINER='nobody'@'localhost' VIEW names AS SELECT name FROM adults",
    ),
)
NOT_IN_FINGERPRINT = frozenset({"change a sequence's step"})

if servers.MYSQL:
    BASE = list(on_mysql(*BASE))
    MUTATIONS = tuple(filter(None, map(said_on_mysql, MUTATIONS)))
