"""Migrations for real databases: what is there before, and what a revision does."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    Enum,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    column,
    func,
    text,
)

SETUP = """
CREATE TABLE parent (id INTEGER PRIMARY KEY, name VARCHAR(20));
INSERT INTO parent VALUES (1, 'one'), (2, 'two');
CREATE TABLE t (
    id INTEGER NOT NULL PRIMARY KEY,
    a INTEGER,
    b VARCHAR(20) DEFAULT 'bee' NOT NULL,
    c INTEGER,
    d INTEGER,
    CONSTRAINT uq_b UNIQUE (b, c),
    CONSTRAINT ck_c CHECK (c > 0),
    CONSTRAINT fk_d FOREIGN KEY (d) REFERENCES parent (id) ON DELETE CASCADE,
    UNIQUE (a)
);
CREATE INDEX ix_c ON t (c);
CREATE UNIQUE INDEX ix_cd ON t (c, d);
INSERT INTO t VALUES (1, 10, 'x', 5, 1), (2, NULL, 'y', 6, 2), (3, 30, 'z', 7, NULL)
"""


def batch(change: Any, table: str = "t", **options: Any) -> Any:
    def migrate(op: Any) -> None:
        arguments = {name: value() if callable(value) else value for name, value in options.items()}
        with op.batch_alter_table(table, **arguments) as target:
            for each in change if isinstance(change, list) else [change]:
                each(target)

    return migrate


def steps(*changes: Any) -> Any:
    def migrate(op: Any) -> None:
        for change in changes:
            change(op)

    return migrate


def stated() -> Table:
    return Table(
        "t",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("a", Integer),
        Column("b", String(20), nullable=False),
        Column("c", Integer),
        Column("d", Integer),
        CheckConstraint("c > 0", name="ck_c"),
    )


def insert(op: Any) -> None:
    made = op.create_table("n", Column("id", Integer, primary_key=True), Column("w", String(10)), Column("x", DateTime))
    op.bulk_insert(made, [{"id": 1, "w": "one"}, {"id": 2, "w": "it's"}])
    op.bulk_insert(made, [{"id": 3, "w": op.inline_literal("three")}], multiinsert=False)
    op.execute(made.update().where(made.c.id == 1).values(w="changed"))
    op.execute("UPDATE n SET w = 'text' WHERE id = 2")


def read_and_write(op: Any) -> None:
    rows = op.get_bind().execute(sa.text("SELECT id FROM t ORDER BY id")).all()
    op.create_table("copied", Column("id", Integer, primary_key=True, autoincrement=False))
    op.bulk_insert(sa.table("copied", column("id")), [{"id": row.id} for row in rows])


RECREATIONS: dict[str, Any] = {
    "nothing, always": batch([], recreate="always"),
    "nullable": batch(lambda b: b.alter_column("b", nullable=True)),
    "not null": batch(lambda b: b.alter_column("c", nullable=False)),
    "type": batch(lambda b: b.alter_column("a", type_=String(10))),
    "type of text to number": batch(lambda b: b.alter_column("b", type_=Text())),
    "default": batch(lambda b: b.alter_column("b", server_default="new")),
    "default away": batch(lambda b: b.alter_column("b", server_default=None)),
    "default as text": batch(lambda b: b.alter_column("a", server_default=text("7"))),
    "rename": batch(lambda b: b.alter_column("a", new_column_name="z")),
    "rename with index": batch(lambda b: b.alter_column("d", new_column_name="dd")),
    "rename and not null": batch(lambda b: b.alter_column("d", new_column_name="dd", server_default="1")),
    "drop column": batch(lambda b: b.drop_column("a")),
    "drop column with key": batch(
        [
            lambda b: b.drop_index("ix_cd"),
            lambda b: b.drop_constraint("fk_d", type_="foreignkey"),
            lambda b: b.drop_column("d"),
        ]
    ),
    "add column": batch(lambda b: b.add_column(Column("n", Integer))),
    "add column, always": batch(lambda b: b.add_column(Column("n", Integer, server_default="4")), recreate="always"),
    "add column with function": batch(
        [
            lambda b: b.execute("DELETE FROM t"),  # the rows would hold the time of each run
            lambda b: b.add_column(Column("n", DateTime, server_default=func.now())),
        ],
        recreate="always",
    ),
    "add column after": batch(lambda b: b.add_column(Column("n", Integer), insert_after="a"), recreate="always"),
    "add column before": batch(lambda b: b.add_column(Column("n", Integer), insert_before="id"), recreate="always"),
    "add key": batch(lambda b: b.create_foreign_key("fk_a", "parent", ["a"], ["id"])),
    "add unique": batch(lambda b: b.create_unique_constraint("uq_n", ["c", "b"])),
    "add check": batch(lambda b: b.create_check_constraint("ck_n", "a < 100")),
    "add index": batch(lambda b: b.create_index("ix_n", ["a", "b"], unique=True)),
    "add many": batch(
        [
            lambda b: b.add_column(Column("n", Integer)),
            lambda b: b.create_index("ix_n", ["n"]),
            lambda b: b.create_check_constraint("ck_n", "n > 4"),
            lambda b: b.create_unique_constraint("uq_n", ["n", "c"]),
            lambda b: b.alter_column("b", nullable=True),
        ]
    ),
    "drop index": batch([lambda b: b.drop_index("ix_c"), lambda b: b.alter_column("b", nullable=True)]),
    "drop unique": batch(lambda b: b.drop_constraint("uq_b", type_="unique")),
    "drop check": batch(lambda b: b.drop_constraint("ck_c", type_="check")),
    "drop key": batch(lambda b: b.drop_constraint("fk_d", type_="foreignkey")),
    "drop what is not there": batch(lambda b: b.drop_constraint("nope", type_="unique")),
    "drop column that is not there": batch(lambda b: b.drop_column("nope"), recreate="always"),
    "reordered": batch(
        lambda b: b.alter_column("b", nullable=True), partial_reordering=[("d", "c", "a")], recreate="always"
    ),
    "stated": batch(lambda b: b.alter_column("b", nullable=True), copy_from=stated),
    "further constraints": batch(
        lambda b: b.alter_column("b", nullable=True), table_args=lambda: (CheckConstraint("d > 0", name="ck_d"),)
    ),
    "reflected otherwise": batch(
        lambda b: b.alter_column("b", nullable=True),
        reflect_args=lambda: (Column("a", Boolean(create_constraint=True, name="ck_a")),),
    ),
    "boolean": batch(
        lambda b: b.add_column(Column("f", Boolean(create_constraint=True, name="ck_f"))), recreate="always"
    ),
    "enum": batch(
        lambda b: b.add_column(Column("f", Enum("x", "y", name="ck_f", create_constraint=True, native_enum=False))),
        recreate="always",
    ),
    "type to boolean": batch(
        lambda b: b.alter_column("d", type_=Boolean(create_constraint=True, name="ck_bool"), existing_type=Integer())
    ),
    "twice": steps(
        batch(lambda b: b.alter_column("b", nullable=True)), batch(lambda b: b.alter_column("b", nullable=False))
    ),
    "self reference": steps(
        lambda op: op.create_table(
            "tree",
            Column("id", Integer, primary_key=True),
            Column("up", Integer, ForeignKey("tree.id", name="fk_up")),
            Column("n", Integer),
        ),
        lambda op: op.execute("INSERT INTO tree VALUES (1, NULL, 1)"),
        lambda op: op.execute("INSERT INTO tree VALUES (2, 1, 2)"),
        batch(lambda b: b.alter_column("n", nullable=False), "tree"),
    ),
    "named by convention": batch(
        lambda b: b.drop_constraint("uq_t_a", type_="unique"),
        naming_convention={"uq": "uq_%(table_name)s_%(column_0_name)s"},
        recreate="always",
    ),
    "a convention for checks": batch(
        [lambda b: b.alter_column("b", nullable=True), lambda b: b.drop_constraint("ck_d", type_="check")],
        naming_convention={"ck": "ck_%(table_name)s_%(constraint_name)s"},
        reflect_args=lambda: (
            Column("a", Boolean(create_constraint=True, name="flag")),
            CheckConstraint("d > 0", name="ck_d"),
        ),
        recreate="always",
    ),
    "primary key": batch([lambda b: b.create_primary_key("pk_t", ["id", "b"])]),
    "data first": batch(
        [lambda b: b.execute("UPDATE t SET c = 99 WHERE id = 3"), lambda b: b.alter_column("c", nullable=False)]
    ),
}

EVERYWHERE: dict[str, Any] = {
    "create table": lambda op: op.create_table(
        "n",
        Column("id", Integer, primary_key=True),
        Column("e", Enum("a", "b", name="kind")),
        Column("f", Boolean(create_constraint=True, name="ck_f")),
        Column("g", Integer, ForeignKey("parent.id", name="fk_g")),
        Column("h", String(20), unique=True),
        Column("i", Integer, index=True),
        Column("j", DateTime, server_default=func.now()),
        Column("k", Integer, Computed("i + 1")),
        Column("l", String(5), comment="column's", server_default="it's"),
        CheckConstraint("i > 0", name="ck_i"),
        UniqueConstraint("i", "h", name="uq_ih"),
        Index("ix_gh", "g", "h"),
        comment="table's",
    ),
    "create table if not exists": lambda op: op.create_table("t", Column("id", Integer), if_not_exists=True),
    "create and insert": insert,
    "read and write": read_and_write,
    "drop table": lambda op: op.drop_table("t"),
    "drop table if exists": lambda op: op.drop_table("nope", if_exists=True),
    "drop table that is not there": lambda op: op.drop_table("nope"),
    "rename table": lambda op: op.rename_table("t", "tt"),
    "add column": lambda op: op.add_column("t", Column("n", Integer, nullable=False, server_default="4")),
    "add indexed column": lambda op: op.add_column("t", Column("n", String(10), index=True)),
    "add column twice": lambda op: op.add_column("t", Column("a", Integer)),
    "create index": lambda op: op.create_index("ix_n", "t", ["a", "c"]),
    "create index of expression": lambda op: op.create_index("ix_n", "t", [func.lower(column("b"))]),
    "drop index": lambda op: op.drop_index("ix_c", "t"),
    "rename column": lambda op: op.alter_column("t", "a", new_column_name="z", existing_type=Integer()),
}

ALTERING: dict[str, Any] = {
    "drop column": lambda op: op.drop_column("t", "a"),
    "not null": lambda op: op.alter_column("t", "c", nullable=False, existing_type=Integer()),
    "nullable": lambda op: op.alter_column(
        "t", "b", nullable=True, existing_type=String(20), existing_server_default="bee"
    ),
    "type": lambda op: op.alter_column("t", "b", type_=String(50), existing_nullable=False, existing_server_default="bee"),
    "default": lambda op: op.alter_column("t", "b", server_default="new", existing_type=String(20)),
    "default away": lambda op: op.alter_column("t", "b", server_default=None, existing_type=String(20)),
    "all of a column": lambda op: op.alter_column(
        "t", "b", new_column_name="bb", type_=Text(), nullable=True, server_default=None, comment="it's",
        existing_type=String(20), existing_nullable=False,
    ),
    "column comment": lambda op: op.alter_column(
        "t", "a", comment="it's", existing_type=Integer(), existing_nullable=True
    ),
    "table comment": lambda op: op.create_table_comment("t", "it's"),
    "table comment and away": steps(
        lambda op: op.create_table_comment("t", "it's"), lambda op: op.drop_table_comment("t")
    ),
    "unique": lambda op: op.create_unique_constraint("uq_n", "t", ["c", "b"]),
    "check": lambda op: op.create_check_constraint("ck_n", "t", column("a") < 100),
    "foreign key": lambda op: op.create_foreign_key("fk_n", "t", "parent", ["d"], ["id"], ondelete="SET NULL"),
    "add column with key": lambda op: op.add_column("t", Column("n", Integer, ForeignKey("parent.id", name="fk_n"))),
    "add column with inline key": lambda op: op.add_column(
        "t", Column("n", Integer, ForeignKey("parent.id")), inline_references=True
    ),
    "add unique column": lambda op: op.add_column("t", Column("n", Integer, unique=True)),
    "add boolean": lambda op: op.add_column("t", Column("n", Boolean(create_constraint=True, name="ck_n"))),
    "drop unique": lambda op: op.drop_constraint("uq_b", "t", type_="unique"),
    "drop foreign key": lambda op: op.drop_constraint("fk_d", "t", type_="foreignkey"),
    "drop check": lambda op: op.drop_constraint("ck_c", "t", type_="check"),
    "drop and create primary key": steps(
        lambda op: op.drop_constraint("t_pkey", "t", type_="primary"),
        lambda op: op.create_primary_key("t_pkey", "t", ["id", "b"]),
    ),
    "add column if not exists": lambda op: op.add_column("t", Column("a", Integer), if_not_exists=True),
    "drop column if exists": lambda op: op.drop_column("t", "nope", if_exists=True),
}  # fmt: skip

POSTGRESQL: dict[str, Any] = {
    "identity": lambda op: op.alter_column("t", "id", server_default=Identity(always=True, start=50)),
    "identity changed": steps(
        lambda op: op.create_table("n", Column("id", Integer, Identity(start=3), primary_key=True)),
        lambda op: op.alter_column(
            "n", "id", server_default=Identity(always=True, increment=5), existing_server_default=Identity(start=3)
        ),
    ),
    "identity away": steps(
        lambda op: op.create_table("n", Column("id", Integer, Identity(start=3), primary_key=True)),
        lambda op: op.alter_column("n", "id", server_default=None, existing_server_default=Identity(start=3)),
    ),
    "type using": lambda op: op.alter_column("t", "a", type_=String(9), postgresql_using="'n' || a"),
    "partial index": lambda op: op.create_index(
        "ix_n", "t", ["a"], postgresql_where=text("c > 5"), postgresql_include=["b"], postgresql_using="btree"
    ),
    "exclusion": lambda op: op.create_exclude_constraint("ex", "t", ("c", "="), ("d", "<>"), using="gist"),
    "exclusion by btree": lambda op: op.create_exclude_constraint(
        "ex", "t", ("c", "="), using="btree", where="a > 100"
    ),
    "not valid": lambda op: op.create_check_constraint("ck_n", "t", "a > 1000", postgresql_not_valid=True),
    "enum in two tables": steps(
        lambda op: op.create_table("n", Column("e", Enum("a", "b", name="kind"))),
        lambda op: op.create_table(
            "m", Column("e", Enum("a", "b", name="kind")), Column("f", sa.ARRAY(Enum("x", name="k2")))
        ),
    ),
    "enum that is not there": lambda op: op.add_column("t", Column("e", Enum("a", "b", name="kind"))),
    "enum by hand": steps(
        lambda op: Enum("a", "b", name="kind").create(op.get_bind()),
        lambda op: op.add_column("t", Column("e", Enum("a", "b", name="kind"), server_default="a")),
    ),
    "batch by alter": batch([lambda b: b.alter_column("b", nullable=True), lambda b: b.drop_column("a")]),
    "batch recreates": batch(lambda b: b.alter_column("c", nullable=False), recreate="always"),
    "batch recreates with rename": batch(lambda b: b.alter_column("a", new_column_name="z"), recreate="always"),
    "batch recreates with type": batch(lambda b: b.alter_column("b", type_=Text()), recreate="always"),
    "batch recreates with constraint": batch(
        lambda b: b.create_unique_constraint("uq_n", ["c", "b"]), recreate="always"
    ),
}

MARIADB: dict[str, Any] = {
    "autoincrement": lambda op: op.alter_column(
        "t", "id", autoincrement=True, existing_type=Integer(), existing_nullable=False
    ),
    "timestamp": steps(
        lambda op: op.add_column("t", Column("w", DateTime, nullable=True)),
        lambda op: op.alter_column("t", "w", server_default=func.now(), existing_type=DateTime()),
        lambda op: op.alter_column(
            "t", "w", nullable=False, existing_type=DateTime(), existing_server_default=func.now()
        ),
    ),
    "enum": lambda op: op.add_column("t", Column("e", Enum("a", "b"), server_default="a")),
    "prefix index": lambda op: op.create_index("ix_n", "t", ["b"], mysql_length=3, mariadb_length=3),
    "table options": lambda op: op.create_table(
        "n", Column("a", Integer), mysql_engine="MyISAM", mariadb_engine="MyISAM", comment="x"
    ),
    "drop primary key": lambda op: op.drop_constraint("PRIMARY", "parent", type_="primary"),
    "batch by alter": batch(
        [lambda b: b.alter_column("c", nullable=False, existing_type=Integer()), lambda b: b.drop_column("a")]
    ),
    "batch recreates": batch(
        [lambda b: b.drop_constraint("fk_d", type_="foreignkey"), lambda b: b.alter_column("c", nullable=False)],
        recreate="always",
    ),
}
