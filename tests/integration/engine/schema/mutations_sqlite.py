"""A SQLite schema with one of everything, and every way to change it by hand that is known to be found."""

from __future__ import annotations

from mutations import Mutation, extra, ignored, missing, modified

USERS = {
    "id": "id INTEGER PRIMARY KEY AUTOINCREMENT",
    "mail": "mail VARCHAR(40) NOT NULL COLLATE NOCASE",
    "name": "name TEXT DEFAULT 'anon'",
    "age": "age INTEGER CHECK (age > 0)",
    "twice": "twice INTEGER GENERATED ALWAYS AS (age * 2) STORED",
    "made": "made TIMESTAMP DEFAULT CURRENT_TIMESTAMP",
    "boss": "boss INTEGER REFERENCES users (id) ON DELETE SET NULL",
    "uq": "CONSTRAINT users_mail UNIQUE (mail)",
    "ck": "CONSTRAINT users_name CHECK (length(name) < 100)",
}
INDEXES = (
    "CREATE INDEX users_age ON users (age DESC) WHERE age > 18",
    "CREATE UNIQUE INDEX users_lower ON users (lower(name), age)",
    "CREATE TRIGGER users_touch AFTER UPDATE ON users BEGIN UPDATE users SET name = NEW.name; END",
)
POSTS = """CREATE TABLE posts (user_id INTEGER, n INTEGER, body TEXT, PRIMARY KEY (user_id, n),
    CONSTRAINT posts_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED)"""
OTHERS = (
    POSTS,
    "CREATE TABLE strict_one (a INTEGER, b TEXT) STRICT",
    "CREATE TABLE plain (a INTEGER, b TEXT)",
    "CREATE VIEW adults AS SELECT id, name FROM users WHERE age >= 18",
    "CREATE VIEW names AS SELECT name FROM adults",
    "CREATE TRIGGER adults_insert INSTEAD OF INSERT ON adults BEGIN INSERT INTO users (name) VALUES (NEW.name); END",
    "INSERT INTO users (id, mail, name, age) VALUES (1, 'a@b', 'ann', 20), (2, 'c@d', 'bob', 30)",
    "INSERT INTO posts VALUES (1, 1, 'hello')",
    "INSERT INTO plain VALUES (1, 'x')",
)
BASE = (f"CREATE TABLE users ({', '.join(USERS.values())})", *INDEXES, *OTHERS)


def users(**parts: str) -> tuple[str, ...]:
    """Return the statements that make the table users again with some parts of it changed, or left out."""
    body = ", ".join(text for text in {**USERS, **parts}.values() if text)
    return (
        "PRAGMA legacy_alter_table=ON",
        f"CREATE TABLE hand_made ({body})",
        "INSERT INTO hand_made (id, mail, name, age) SELECT id, mail, name, age FROM users",
        "DROP TABLE users",
        "ALTER TABLE hand_made RENAME TO users",
        *INDEXES,
    )


def plain(definition: str) -> tuple[str, ...]:
    """Return the statements that make the table plain again."""
    return ("DROP TABLE plain", f"CREATE TABLE plain {definition}", "INSERT INTO plain (a, b) VALUES (1, 'x')")


GENERATED = {"twice": "twice INTEGER"}
MUTATIONS: tuple[Mutation, ...] = (
    extra("create a table", "table", "stray", "CREATE TABLE stray (a INTEGER)", "CREATE INDEX stray_a ON stray (a)"),
    missing("drop a table", "table", "plain", "DROP TABLE plain"),
    Mutation(
        "rename a table",
        ("ALTER TABLE plain RENAME TO fancy",),
        (("missing", "table", "plain", None), ("extra", "table", "fancy", None)),
    ),
    modified("make a table STRICT", "table", "plain", "options", *plain("(a INTEGER, b TEXT) STRICT")),
    modified(
        "make a table not STRICT",
        "table",
        "strict_one",
        "options",
        "DROP TABLE strict_one",
        "CREATE TABLE strict_one (a INTEGER, b TEXT)",
    ),
    Mutation(
        "make a table WITHOUT ROWID",
        plain("(a INTEGER PRIMARY KEY, b TEXT) WITHOUT ROWID"),
        (("modified", "table", "plain", "options"), ("extra", "constraint", "plain.primary key", None)),
    ),
    extra("add a column", "column", "plain.c", "ALTER TABLE plain ADD COLUMN c INTEGER DEFAULT 5"),
    missing("drop a column", "column", "plain.b", "ALTER TABLE plain DROP COLUMN b"),
    missing("drop a generated column", "column", "users.twice", "ALTER TABLE users DROP COLUMN twice"),
    Mutation(
        "rename a column",
        ("ALTER TABLE plain RENAME COLUMN b TO z",),
        (("missing", "column", "plain.b", None), ("extra", "column", "plain.z", None)),
    ),
    modified("change a type", "column", "plain.a", "type", *plain("(a BIGINT, b TEXT)")),
    modified(
        "change a length", "column", "users.mail", "type", *users(mail="mail VARCHAR(80) NOT NULL COLLATE NOCASE")
    ),
    modified("allow NULL", "column", "users.mail", "nullable", *users(mail="mail VARCHAR(40) COLLATE NOCASE")),
    modified("forbid NULL", "column", "plain.a", "nullable", *plain("(a INTEGER NOT NULL, b TEXT)")),
    modified("set a default", "column", "plain.a", "default", *plain("(a INTEGER DEFAULT 3, b TEXT)")),
    modified("change a default", "column", "users.name", "default", *users(name="name TEXT DEFAULT 'nobody'")),
    modified("drop a default", "column", "users.made", "default", *users(made="made TIMESTAMP")),
    modified(
        "use another collation",
        "column",
        "users.mail",
        "collation",
        *users(mail="mail VARCHAR(40) NOT NULL COLLATE RTRIM"),
    ),
    modified(
        "change a generated column's expression",
        "column",
        "users.twice",
        "generated",
        *users(twice="twice INTEGER AS (age * 3) STORED"),
    ),
    modified(
        "make a generated column virtual",
        "column",
        "users.twice",
        "generated_kind",
        *users(twice="twice INTEGER AS (age * 2)"),
    ),
    Mutation(
        "make a generated column plain",
        users(**GENERATED),
        (("modified", "column", "users.twice", "generated"), ("modified", "column", "users.twice", "generated_kind")),
    ),
    modified(
        "change what a NOT NULL does on conflict",
        "column",
        "users.mail",
        "conflict",
        *users(mail="mail VARCHAR(40) NOT NULL ON CONFLICT IGNORE COLLATE NOCASE"),
    ),
    modified(
        "drop AUTOINCREMENT", "constraint", "users.primary key", "definition", *users(id="id INTEGER PRIMARY KEY")
    ),
    modified(
        "change a primary key's columns",
        "constraint",
        "posts.primary key",
        "definition",
        "DROP TABLE posts",
        POSTS.replace("(user_id, n)", "(n, user_id)"),
    ),
    extra("add a primary key", "constraint", "plain.primary key", *plain("(a INTEGER PRIMARY KEY, b TEXT)")),
    missing("drop a unique constraint", "constraint", "users.users_mail", *users(uq="")),
    modified(
        "change a unique constraint",
        "constraint",
        "users.users_mail",
        "definition",
        *users(uq="CONSTRAINT users_mail UNIQUE (mail, name)"),
    ),
    missing("drop a named check", "constraint", "users.users_name", *users(ck="")),
    modified(
        "change a named check",
        "constraint",
        "users.users_name",
        "definition",
        *users(ck="CONSTRAINT users_name CHECK (length(name) < 50)"),
    ),
    missing("drop a column's check", "constraint", "users.CHECK (age > 0)", *users(age="age INTEGER")),
    Mutation(
        "change a column's check",
        users(age="age INTEGER CHECK (age > 1)"),
        (
            ("missing", "constraint", "users.CHECK (age > 0)", None),
            ("extra", "constraint", "users.CHECK (age > 1)", None),
        ),
    ),
    missing("drop a foreign key", "constraint", "users.foreign key (boss)", *users(boss="boss INTEGER")),
    modified(
        "change a foreign key's action",
        "constraint",
        "users.foreign key (boss)",
        "definition",
        *users(boss="boss INTEGER REFERENCES users (id) ON DELETE CASCADE"),
    ),
    modified(
        "make a foreign key immediate",
        "constraint",
        "posts.posts_user",
        "definition",
        "DROP TABLE posts",
        POSTS.replace(" DEFERRABLE INITIALLY DEFERRED", ""),
    ),
    extra("create an index", "index", "plain.plain_a", "CREATE INDEX plain_a ON plain (a)"),
    missing("drop an index", "index", "users.users_age", "DROP INDEX users_age"),
    modified(
        "make an index unique",
        "index",
        "users.users_age",
        "definition",
        "DROP INDEX users_age",
        "CREATE UNIQUE INDEX users_age ON users (age DESC) WHERE age > 18",
    ),
    modified(
        "change an index's direction",
        "index",
        "users.users_age",
        "definition",
        "DROP INDEX users_age",
        "CREATE INDEX users_age ON users (age) WHERE age > 18",
    ),
    modified(
        "change an index's predicate",
        "index",
        "users.users_age",
        "definition",
        "DROP INDEX users_age",
        "CREATE INDEX users_age ON users (age DESC) WHERE age > 21",
    ),
    modified(
        "change an index's expression",
        "index",
        "users.users_lower",
        "definition",
        "DROP INDEX users_lower",
        "CREATE UNIQUE INDEX users_lower ON users (upper(name), age)",
    ),
    modified(
        "change an index's collation",
        "index",
        "users.users_lower",
        "definition",
        "DROP INDEX users_lower",
        "CREATE UNIQUE INDEX users_lower ON users (lower(name) COLLATE NOCASE, age)",
    ),
    extra("create a view", "view", "spy", "CREATE VIEW spy AS SELECT * FROM users"),
    missing("drop a view", "view", "names", "DROP VIEW names"),
    modified(
        "change a view",
        "view",
        "names",
        "definition",
        "DROP VIEW names",
        "CREATE VIEW names AS SELECT name AS n FROM adults",
    ),
    extra(
        "create a trigger",
        "trigger",
        "plain.plain_t",
        "CREATE TRIGGER plain_t AFTER INSERT ON plain BEGIN DELETE FROM plain; END",
    ),
    missing("drop a trigger", "trigger", "users.users_touch", "DROP TRIGGER users_touch"),
    missing("drop a view's trigger", "trigger", "adults.adults_insert", "DROP TRIGGER adults_insert"),
    modified(
        "change a trigger",
        "trigger",
        "users.users_touch",
        "definition",
        "DROP TRIGGER users_touch",
        "CREATE TRIGGER users_touch BEFORE UPDATE ON users BEGIN UPDATE users SET name = NEW.name; END",
    ),
    extra("create a virtual table", "table", "search", "CREATE VIRTUAL TABLE search USING fts5 (body)"),
    ignored(
        "insert, update and delete rows", "data is not schema", "INSERT INTO plain VALUES (2, 'y')", "DELETE FROM posts"
    ),
    ignored("set user_version", "it is the application's", "PRAGMA user_version=7"),
    ignored("create a temporary table", "it belongs to a session", "CREATE TEMPORARY TABLE scratch (a INTEGER)"),
    ignored(
        "write the same table in another way",
        "spacing, quoting and case say nothing",
        *plain('("a" integer, [b]  text /* note */)'),
    ),
)
