"""Directives as a revision would write them, each a function of ``op``: the table of the differential tests."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from batch_cases import batch
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Sequence,
    String,
    Table,
    Text,
    UniqueConstraint,
    column,
    func,
    text,
)
from sqlalchemy.dialects import mysql, postgresql

if TYPE_CHECKING:
    from collections.abc import Callable

Case = "Callable[[Any], Any]"

ALL = ("postgresql", "sqlite", "mysql", "mariadb", "mssql", "oracle")
CONVENTION = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def rows() -> Any:
    return sa.table("t", column("a", Integer), column("b", String), column("d", Date))


def bound_table() -> Any:
    return Table("tt", MetaData(), Column("id", Integer, primary_key=True), Column("n", String(5)), schema="sch")


def create_full(op: Any) -> None:
    op.create_table(
        "t",
        Column("id", Integer, primary_key=True),
        Column("n", String(5), nullable=False, server_default="x", comment="cc"),
        Column("b", Boolean(create_constraint=True, name="ckb")),
        Column("e", Enum("a", "b", name="en")),
        Column("f", Integer),
        Column("g", Integer, index=True),
        ForeignKeyConstraint(["f"], ["s2.q.x"], name="fq"),
        CheckConstraint("id>1", name="cx"),
        UniqueConstraint("n", "g", name="uu"),
        comment="tc",
        schema="s",
        if_not_exists=True,
        mysql_engine="InnoDB",
        mariadb_engine="InnoDB",
        prefixes=["TEMPORARY"],
        info={"a": 1},
    )


def create_twice_with_enum(op: Any) -> None:
    op.create_table("t", Column("e", Enum("a", "b", name="en")))
    op.create_table("t2", Column("e", Enum("a", "b", name="en")), Column("f", Enum("x", name="fn", schema="s")))
    op.drop_table("t")


def enum_by_hand(op: Any) -> None:
    kind = postgresql.ENUM("a", "b", name="by_hand", create_type=False)
    kind.create(op.get_bind(), checkfirst=False)
    op.add_column("t", Column("c", kind))
    kind.drop(op.get_bind(), checkfirst=False)


def insert_into_created(op: Any) -> None:
    table = op.create_table("t", Column("id", Integer), Column("n", String(10)))
    op.bulk_insert(table, [{"id": 1, "n": "one"}, {"id": 2, "n": "two's"}])
    op.execute(table.update().where(table.c.id == op.inline_literal(1)).values(n=op.inline_literal("x")))


def batch_plain(op: Any) -> None:
    with op.batch_alter_table("t", schema="s") as batch:
        batch.add_column(Column("c", Integer))
        batch.create_index("i", ["c"])
        batch.execute("select 1")
        batch.drop_index("z")


def batch_many(op: Any) -> None:
    with op.batch_alter_table("t", schema="s") as batch:
        batch.add_column(Column("c", Integer, nullable=False, server_default="4"))
        batch.drop_column("d")
        batch.alter_column("e", nullable=False, new_column_name="f", existing_type=Integer())
        batch.create_unique_constraint("u", ["c"])
        batch.drop_constraint("x", type_="unique")
        batch.create_foreign_key("f", "p", ["a"], ["b"], ondelete="CASCADE", referent_schema="o")
        batch.create_check_constraint("kk", "a>1")
        batch.create_primary_key("pk", ["a"])


def batch_comments(op: Any) -> None:
    with op.batch_alter_table("t", schema="s") as batch:
        batch.create_table_comment("q", existing_comment="o")
        batch.drop_table_comment(existing_comment="q")


TABLES: dict[str, Any] = {
    "create one column": lambda op: op.create_table("t", Column("a", Integer)),
    "create everything": create_full,
    "create with quoting": lambda op: op.create_table(
        "My Table", Column("select", Integer), Column("Mixed", Text), schema="Odd Schema"
    ),
    "create with column key": lambda op: op.create_table(
        "t", Column("f", Integer, ForeignKey("p.id", ondelete="CASCADE", name="fk1"))
    ),
    "create with unnamed key": lambda op: op.create_table("t", Column("f", Integer, ForeignKey("p.id"))),
    "create with key in schema": lambda op: op.create_table("t", Column("f", Integer, ForeignKey("s.p.id"))),
    "create with dotted schema": lambda op: op.create_table("t", Column("f", Integer, ForeignKey("x.y.p.id"))),
    "create with self reference": lambda op: op.create_table(
        "t", Column("id", Integer, primary_key=True), Column("f", Integer, ForeignKey("t.id"))
    ),
    "create with key to a table": lambda op: op.create_table(
        "t", Column("a", Integer, ForeignKey(Table("z", MetaData(), Column("q", Integer)).c.q))
    ),
    "create with composite primary key": lambda op: op.create_table(
        "t", Column("a", Integer), Column("b", Integer), PrimaryKeyConstraint("a", "b", name="pk_ab")
    ),
    "create with unique column": lambda op: op.create_table("t", Column("a", Integer, unique=True)),
    "create with unique index": lambda op: op.create_table("t", Column("a", Integer, unique=True, index=True)),
    "create with index": lambda op: op.create_table("t", Column("a", Integer), Index("ix", "a")),
    "create with identity": lambda op: op.create_table(
        "t", Column("a", Integer, Identity(always=True, start=4, increment=2), primary_key=True)
    ),
    "create with computed": lambda op: op.create_table(
        "t", Column("a", Integer), Column("b", Integer, Computed("a+1"))
    ),
    "create with sequence": lambda op: op.create_table("t", Column("a", Integer, Sequence("sq"), primary_key=True)),
    "create with column check": lambda op: op.create_table("t", Column("a", Integer, CheckConstraint("a>1", name="q"))),
    "create with defaults": lambda op: op.create_table(
        "t",
        Column("a", DateTime, server_default=func.now()),
        Column("b", Numeric(10, 2), server_default=text("0.5")),
        Column("c", Boolean, server_default=sa.true()),
        Column("d", String(3), server_default="it's"),
    ),
    "create with types": lambda op: op.create_table(
        "t",
        Column("a", sa.Float),
        Column("b", sa.LargeBinary),
        Column("c", sa.Date),
        Column("d", sa.Time),
        Column("e", sa.Interval),
        Column("f", sa.Unicode(4)),
        Column("g", sa.Uuid),
        Column("h", sa.SmallInteger),
        Column("i", sa.DateTime(timezone=True)),
        Column("j", sa.Double),
    ),
    "create if not exists": lambda op: op.create_table("t", Column("a", Integer), if_not_exists=True),
    "create with two enums": create_twice_with_enum,
    "create with dialect keyword of others": lambda op: op.create_table(
        "t", Column("a", Integer), sqlite_autoincrement=False, postgresql_tablespace="ts", oracle_compress=True
    ),
    "create with unknown keyword": lambda op: op.create_table("t", Column("a", Integer), foo=1),
    "create with a column twice": lambda op: op.create_table("t", Column("a", Integer), Column("a", Integer)),
    "create and insert": insert_into_created,
    "drop": lambda op: op.drop_table("t"),
    "drop in schema": lambda op: op.drop_table("t", schema="s"),
    "drop if exists": lambda op: op.drop_table("t", schema="s", if_exists=True),
    "drop with dialect keyword": lambda op: op.drop_table("t", mysql_engine="x"),
    "rename": lambda op: op.rename_table("a", "b"),
    "rename in schema": lambda op: op.rename_table("a", "B b", schema="s"),
    "rename in odd schema": lambda op: op.rename_table("A a", "b", schema="S s"),
    "comment": lambda op: op.create_table_comment("t", "it's", existing_comment="q", schema="s"),
    "comment away": lambda op: op.drop_table_comment("t", existing_comment="q", schema="s"),
    "missing argument": lambda op: op.drop_table(),
    "wrong keyword": lambda op: op.rename_table("a", "b", foo=1),
}

COLUMNS: dict[str, Any] = {
    "add": lambda op: op.add_column("t", Column("c", Integer)),
    "add not null": lambda op: op.add_column(
        "t", Column("c", String(5), server_default="x", nullable=False), schema="s"
    ),
    "add with comment": lambda op: op.add_column("t", Column("c", Integer, comment="it's"), schema="s"),
    "add with index": lambda op: op.add_column("t", Column("c", Integer, index=True), schema="s"),
    "add with unique index": lambda op: op.add_column("t", Column("c", Integer, unique=True, index=True)),
    "add with unique": lambda op: op.add_column("t", Column("c", Integer, unique=True)),
    "add with key": lambda op: op.add_column("t", Column("c", Integer, ForeignKey("p.id", ondelete="CASCADE"))),
    "add with named key": lambda op: op.add_column("t", Column("c", Integer, ForeignKey("s.p.id", name="fk"))),
    "add with deferrable key": lambda op: op.add_column(
        "t", Column("c", Integer, ForeignKey("p.id", deferrable=True, initially="DEFERRED"))
    ),
    "add with self reference": lambda op: op.add_column("t", Column("c", Integer, ForeignKey("t.id"))),
    "add if not exists": lambda op: op.add_column("t", Column("c", Integer), if_not_exists=True),
    "add primary key": lambda op: op.add_column("t", Column("c", Integer, primary_key=True)),
    "add boolean": lambda op: op.add_column("t", Column("c", Boolean)),
    "add checked boolean": lambda op: op.add_column("t", Column("c", Boolean(create_constraint=True, name="ckb"))),
    "add enum": lambda op: op.add_column("t", Column("c", Enum("a", "b", name="e"))),
    "add checked enum": lambda op: op.add_column("t", Column("c", Enum("a", "b", name="e", create_constraint=True))),
    "add non-native enum": lambda op: op.add_column(
        "t", Column("c", Enum("a", "b", name="e", native_enum=False, create_constraint=True))
    ),
    "add computed": lambda op: op.add_column("t", Column("c", Integer, Computed("a+1"))),
    "add identity": lambda op: op.add_column("t", Column("c", Integer, Identity(start=5, always=True))),
    "add with timestamp": lambda op: op.add_column("t", Column("c", DateTime, server_default=func.now())),
    "add quoted": lambda op: op.add_column("T t", Column("C c", Integer), schema="S s"),
    "drop": lambda op: op.drop_column("t", "c"),
    "drop in schema": lambda op: op.drop_column("t", "c", schema="s"),
    "drop if exists": lambda op: op.drop_column("t", "c", if_exists=True),
    "drop quoted": lambda op: op.drop_column("T t", "C c"),
    "drop with what hangs on it": lambda op: op.drop_column(
        "t", "c", mssql_drop_check=True, mssql_drop_default=True, mssql_drop_foreign_key=True, schema="s"
    ),
    "drop quoted default": lambda op: op.drop_column("T t", "C c", mssql_drop_default=True),
    "drop with unknown keyword": lambda op: op.drop_column("t", "c", foo=1),
    "add without column": lambda op: op.add_column("t"),
}

ENUM = {"name": "e1", "create_constraint": True}
BOOL = {"name": "ckb", "create_constraint": True}
ALTERATIONS: dict[str, dict[str, Any]] = {
    "not null": {"nullable": False},
    "not null of a type": {"nullable": False, "existing_type": String(5)},
    "null with the rest": {
        "nullable": True, "existing_type": String(5), "existing_server_default": "x", "existing_comment": "cm",
    },
    "type": {"type_": Integer()},
    "type class": {"type_": String},
    "type with the rest": {
        "type_": Integer(), "existing_type": String(5), "existing_nullable": False, "existing_server_default": "5",
        "schema": "s",
    },
    "type of nullable": {"type_": Integer(), "existing_nullable": True},
    "type using": {"type_": Integer(), "postgresql_using": "c::integer"},
    "type and null": {"nullable": False, "type_": String(10)},
    "type, null and default": {"nullable": False, "type_": String(10), "server_default": "x"},
    "type with collation": {"type_": String(5, collation="c")},
    "type of mysql": {"type_": mysql.INTEGER(unsigned=True), "existing_nullable": False},
    "default": {"server_default": "x"},
    "default with quote": {"server_default": "it's"},
    "default as text": {"server_default": text("now()"), "existing_type": DateTime()},
    "default as function": {"server_default": func.now(), "existing_type": DateTime()},
    "default of timestamp": {"server_default": text("CURRENT_TIMESTAMP"), "existing_type": sa.TIMESTAMP()},
    "default of timestamp as string": {"server_default": "2020-01-01", "existing_type": DateTime()},
    "default as number": {"server_default": text("5"), "existing_type": Integer()},
    "default away": {"server_default": None, "existing_type": Integer()},
    "default away, told": {
        "server_default": None, "existing_server_default": "5", "existing_nullable": False, "existing_type": Integer(),
    },
    "default changed": {"server_default": "6", "existing_server_default": "5", "existing_type": Integer()},
    "default where there was none": {"server_default": "6", "existing_server_default": None, "existing_type": Integer()},
    "default of timestamp away": {"server_default": None, "existing_type": DateTime()},
    "name": {"new_column_name": "d"},
    "name with the rest": {
        "new_column_name": "D x", "existing_type": Integer(), "existing_nullable": False, "existing_server_default": "5",
        "schema": "s",
    },
    "name that stays": {"new_column_name": "c", "existing_type": Integer()},
    "comment with type": {"comment": "it's", "existing_type": Integer(), "existing_nullable": False},
    "comment in schema": {"comment": "cm", "existing_type": Integer(), "schema": "s"},
    "comment changed": {"comment": "cm", "existing_comment": "old", "existing_type": Integer(), "schema": "s"},
    "comment away": {"comment": None, "existing_comment": "x", "existing_type": Integer(), "schema": "s"},
    "autoincrement": {"autoincrement": True, "existing_type": Integer()},
    "autoincrement kept": {"nullable": False, "existing_autoincrement": True, "existing_type": Integer()},
    "autoincrement away": {
        "autoincrement": False, "existing_autoincrement": True, "existing_type": Integer(), "existing_nullable": False,
    },
    "bigger autoincrement": {"autoincrement": True, "type_": BigInteger(), "existing_type": Integer()},
    "all": {
        "nullable": False, "type_": String(10), "server_default": "v", "new_column_name": "z",
        "existing_type": Integer(), "existing_nullable": True, "existing_server_default": "4", "existing_comment": "old",
        "schema": "s",
    },
    "all with comment": {
        "nullable": False, "type_": String(10), "server_default": "v", "comment": "cc", "new_column_name": "z",
        "existing_type": Integer(), "existing_nullable": True, "existing_server_default": "4", "existing_comment": "old",
        "schema": "s",
    },
    "to boolean": {"type_": Boolean(**BOOL), "existing_type": Integer()},
    "to unnamed boolean": {"type_": Boolean(create_constraint=True), "existing_type": Integer()},
    "from boolean": {"type_": Integer(), "existing_type": Boolean(**BOOL)},
    "from enum to enum": {
        "type_": Enum("a", "b", "c", name="e2", create_constraint=True), "existing_type": Enum("a", "b", **ENUM),
    },
    "renamed to boolean": {"type_": Boolean(**BOOL), "existing_type": Integer(), "new_column_name": "d"},
    "to identity": {"server_default": Identity(always=True, start=3), "existing_type": Integer()},
    "from identity": {
        "server_default": None, "existing_server_default": Identity(), "existing_type": Integer(),
    },
    "identity changed": {
        "server_default": Identity(always=True, increment=4),
        "existing_server_default": Identity(start=3, always=False),
        "existing_type": Integer(),
    },
    "identity changed much": {
        "server_default": Identity(start=3, increment=4, minvalue=1, maxvalue=100, cache=5, cycle=True),
        "existing_server_default": Identity(always=True),
    },
    "identity without bounds": {
        "server_default": Identity(nominvalue=True, nomaxvalue=True, cycle=False),
        "existing_server_default": Identity(minvalue=1, maxvalue=3, cycle=True),
    },
    "to computed": {"server_default": Computed("x+1"), "existing_type": Integer()},
    "from computed": {
        "server_default": None, "existing_server_default": Computed("x+1"), "existing_type": Integer(),
    },
    "nothing": {"existing_type": Integer()},
    "unknown keyword": {"foo": 1},
    "on update": {
        "nullable": True, "existing_type": sa.TIMESTAMP(),
        "existing_server_default": text("CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP"),
    },
    "quoted": {"nullable": False, "existing_type": Integer(), "schema": "S s"},
}  # fmt: skip


def alteration(arguments: dict[str, Any]) -> Callable[[Any], None]:
    return lambda op: op.alter_column("t", "c", **arguments)


ALTERED = {name: alteration(arguments) for name, arguments in ALTERATIONS.items()}

CONSTRAINTS: dict[str, Any] = {
    "unique": lambda op: op.create_unique_constraint("uq", "t", ["a", "b"], schema="s"),
    "unique deferred": lambda op: op.create_unique_constraint("uq", "t", ["a"], deferrable=True, initially="DEFERRED"),
    "unique without name": lambda op: op.create_unique_constraint(None, "t", ["a"]),
    "unique nulls": lambda op: op.create_unique_constraint("uq", "t", ["a"], postgresql_nulls_not_distinct=True),
    "unique with unknown keyword": lambda op: op.create_unique_constraint("uq", "t", ["a"], foo=1),
    "check": lambda op: op.create_check_constraint("ck", "t", "a > 5 and b like '%x'", schema="s"),
    "check of a column": lambda op: op.create_check_constraint("ck", "t", column("a") > 5),
    "check of a function": lambda op: op.create_check_constraint("ck", "t", func.length(column("a")) > 5),
    "check of text": lambda op: op.create_check_constraint("ck", "t", text("a > 5")),
    "check not valid": lambda op: op.create_check_constraint("ck", "t", "x>1", postgresql_not_valid=True),
    "foreign key": lambda op: op.create_foreign_key("fk", "t", "p", ["a"], ["id"]),
    "foreign key without name": lambda op: op.create_foreign_key(None, "t", "p", ["a"], ["id"]),
    "foreign key in schemas": lambda op: op.create_foreign_key(
        "fk", "t", "p", ["a", "b"], ["c", "d"], source_schema="s1", referent_schema="s2"
    ),
    "foreign key with rules": lambda op: op.create_foreign_key(
        "fk", "t", "p", ["a"], ["id"], ondelete="CASCADE", onupdate="SET NULL", deferrable=True, initially="DEFERRED"
    ),
    "foreign key with match": lambda op: op.create_foreign_key("fk", "t", "p", ["a"], ["id"], match="FULL"),
    "foreign key not valid": lambda op: op.create_foreign_key("fk", "t", "p", ["a"], ["c"], postgresql_not_valid=True),
    "foreign key to itself": lambda op: op.create_foreign_key("fk", "t", "t", ["a"], ["id"]),
    "foreign key to dotted name": lambda op: op.create_foreign_key("fk", "t", "x.p", ["a"], ["id"]),
    "foreign key with unknown keyword": lambda op: op.create_foreign_key("fk", "t", "p", ["a"], ["id"], foo=1),
    "primary key": lambda op: op.create_primary_key("pk", "t", ["a", "b"], schema="s"),
    "primary key without name": lambda op: op.create_primary_key(None, "t", ["a"]),
    "exclude": lambda op: op.create_exclude_constraint(
        "ex", "t", ("a", "="), (column("b"), "&&"), where="a > 1", schema="s", using="gist", deferrable=True,
        initially="DEFERRED",
    ),
    "exclude where column": lambda op: op.create_exclude_constraint("ex", "t", ("a b", "="), where=column("a") > 1),
    **{
        f"drop {kind}": lambda op, kind=kind: op.drop_constraint("c", "t", type_=kind, schema="s")
        for kind in (None, "foreignkey", "unique", "check", "primary", "bogus")
    },
    "drop if exists": lambda op: op.drop_constraint("c", "t", type_="unique", if_exists=True),
    "drop primary if exists": lambda op: op.drop_constraint("c", "t", type_="primary", if_exists=True),
    "drop positional type": lambda op: op.drop_constraint("c", "t", "check"),
}  # fmt: skip

INDEXES: dict[str, Any] = {
    "create": lambda op: op.create_index("ix", "t", ["a", "b"]),
    "create unique": lambda op: op.create_index("ix", "t", ["a", "b"], unique=True, schema="s"),
    "create if not exists": lambda op: op.create_index("ix", "t", ["a"], if_not_exists=True),
    "create without name": lambda op: op.create_index(None, "t", ["a"]),
    "create over function": lambda op: op.create_index("ix", "t", [func.lower(column("a")), column("b").desc()]),
    "create over text": lambda op: op.create_index("ix", "t", ["a", text("lower(b)")]),
    "create over text only": lambda op: op.create_index("ix", "t", [text("lower(a) desc")]),
    "create over table column": lambda op: op.create_index("ix", "t", [bound_table().c.n]),
    "create quoted": lambda op: op.create_index("Ix a", "T b", ["A c"]),
    "create concurrently": lambda op: op.create_index(
        "ix", "t", ["a"], postgresql_concurrently=True, postgresql_using="gin", postgresql_where=text("a>1"),
        postgresql_include=["b"], postgresql_ops={"a": "xx"}, postgresql_with={"fillfactor": 50},
        postgresql_nulls_not_distinct=True,
    ),
    "create partial": lambda op: op.create_index(
        "ix", "t", ["a"], postgresql_where=column("a") == 5, sqlite_where=column("a") == 5, mssql_where=column("a") == 5
    ),
    "create of mssql": lambda op: op.create_index("ix", "t", ["a"], mssql_include=["q", "r"], mssql_clustered=True),
    "create of mysql": lambda op: op.create_index(
        "ix", "t", ["a"], mysql_length=5, mysql_prefix="FULLTEXT", mariadb_length=5, mariadb_prefix="FULLTEXT"
    ),
    "create with unknown keyword": lambda op: op.create_index("x", "t", ["a"], foo=1),
    "create with long name": lambda op: op.create_index("x" * 200, "t", ["a"]),
    "drop": lambda op: op.drop_index("ix", "t"),
    "drop in schema": lambda op: op.drop_index("ix", "t", schema="s"),
    "drop if exists": lambda op: op.drop_index("ix", table_name="t", if_exists=True),
    "drop without table": lambda op: op.drop_index("ix"),
    "drop concurrently": lambda op: op.drop_index("ix", postgresql_concurrently=True, if_exists=True),
}  # fmt: skip

DATA: dict[str, Any] = {
    "text": lambda op: op.execute("select 1 where a = ':b' and x = \\:c"),
    "text with parameter": lambda op: op.execute("select :b"),
    "text with value": lambda op: op.execute(text("select :b").bindparams(b=3)),
    "text with tab and blanks": lambda op: op.execute("  select\t1 ;\n "),
    "text with percent": lambda op: op.execute("select 1 like '%x'"),
    "with options": lambda op: op.execute("select 1", execution_options={"a": 1}),
    "insert": lambda op: op.execute(rows().insert().values(a=1, b="it's")),
    "inline literals": lambda op: op.execute(
        rows().update().where(rows().c.a == op.inline_literal(5)).values(b=op.inline_literal("q"))
    ),
    "inline literal of type": lambda op: op.execute(
        rows().update().values(d=op.inline_literal(dt.date(2020, 1, 2), type_=Date()))
    ),
    "ddl": lambda op: op.execute(sa.DDL("vacuum %(a)s", context={"a": "x"})),
    "bulk insert": lambda op: op.bulk_insert(
        rows(), [{"a": 1, "b": "x"}, {"a": 2, "b": "y'z"}, {"a": None, "b": None}]
    ),
    "bulk insert date": lambda op: op.bulk_insert(rows(), [{"d": dt.date(2020, 1, 2)}]),
    "bulk insert inline": lambda op: op.bulk_insert(rows(), [{"a": 1, "b": op.inline_literal("x")}], multiinsert=False),
    "bulk insert into schema": lambda op: op.bulk_insert(bound_table(), [{"id": 1, "n": "x"}]),
    "bulk insert nothing": lambda op: op.bulk_insert(rows(), []),
    "bulk insert of no list": lambda op: op.bulk_insert(rows(), {"a": 1}),
    "bulk insert of no dictionaries": lambda op: op.bulk_insert(rows(), [1]),
    "enum by hand": enum_by_hand,
    "begin": lambda op: op.get_context().impl.emit_begin(),
    "commit": lambda op: op.get_context().impl.emit_commit(),
    "static": lambda op: op.get_context().impl.static_output("-- hello"),
    "batch without need": batch_plain,
    "batch of many": batch_many,
    "batch of comments": batch_comments,
}

NAMED: dict[str, Any] = {
    "create table": lambda op: op.create_table(
        "t",
        Column("id", Integer, primary_key=True),
        Column("b", Boolean(create_constraint=True, name="bb")),
        Column("f", Integer, ForeignKey("p.id")),
        UniqueConstraint("f"),
        CheckConstraint("f>1", name="cx"),
        CheckConstraint("f>2", name=op.f("cy")),
        Index(None, "f"),
    ),
    "boolean in a batch": batch(lambda b: b.add_column(Column("n", Boolean(create_constraint=True, name="flag")))),
    "check": lambda op: op.create_check_constraint("c1", "t", "x>1"),
    "check by final name": lambda op: op.create_check_constraint(op.f("c2"), "t", "x>1"),
    "check without name": lambda op: op.create_check_constraint(None, "t", "x>1"),
    "unique": lambda op: op.create_unique_constraint(None, "t", ["a"]),
    "unique with name": lambda op: op.create_unique_constraint("named", "t", ["a"]),
    "foreign key": lambda op: op.create_foreign_key(None, "t", "p", ["a"], ["b"]),
    "primary key": lambda op: op.create_primary_key(None, "t", ["a"]),
    "index": lambda op: op.create_index(None, "t", ["a"]),
    "drop check": lambda op: op.drop_constraint("c1", "t", type_="check"),
    "drop any": lambda op: op.drop_constraint("c1", "t"),
    "drop by final name": lambda op: op.drop_constraint(op.f("c1"), "t", type_="check"),
    "add column with key": lambda op: op.add_column("t", Column("z", Integer, ForeignKey("p.id"))),
    "add unique column": lambda op: op.add_column("t", Column("y", Integer, unique=True)),
    "add boolean": lambda op: op.add_column("t", Column("x", Boolean(create_constraint=True, name="xb"))),
    "add indexed column": lambda op: op.add_column("t", Column("w", Integer, index=True)),
    "alter to boolean": lambda op: op.alter_column(
        "t", "c", type_=Boolean(create_constraint=True, name="tb"), existing_type=Integer(), existing_nullable=True
    ),
    "alter from enum": lambda op: op.alter_column(
        "t", "c", existing_type=Enum("a", create_constraint=True, name="tb"), type_=Integer(), existing_nullable=True
    ),
}

GROUPS = {
    "tables": TABLES,
    "columns": COLUMNS,
    "alterations": ALTERED,
    "constraints": CONSTRAINTS,
    "indexes": INDEXES,
    "data": DATA,
}
