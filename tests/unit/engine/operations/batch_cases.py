"""Batches that make a table anew, over a table that the revision states itself."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    text,
)


def table(*items: Any, **kw: Any) -> Table:
    return Table(
        "t",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("a", Integer),
        Column("b", Integer),
        Column("c", String(5), server_default="q"),
        *items,
        **kw,
    )


def batch(
    change: Any, *items: Any, source: Any = None, table_options: dict[str, Any] | None = None, **options: Any
) -> Any:
    def case(op: Any) -> None:
        known = source() if source is not None else table(*(item() for item in items), **(table_options or {}))
        arguments = {name: value() if callable(value) else value for name, value in options.items()}
        with op.batch_alter_table("t", **{"copy_from": known, "recreate": "always", **arguments}) as target:
            change(target)

    return case


def not_null(target: Any) -> None:
    target.alter_column("a", nullable=False)


def nothing(target: Any) -> None:
    pass


def several(*changes: Any) -> Any:
    def change(target: Any) -> None:
        for each in changes:
            each(target)

    return change


def flag(**kw: Any) -> Any:
    return lambda: Column("f", Boolean(create_constraint=True, name="ckf"), **kw)


REORDERINGS = [
    [("c", "a")],
    [("c", "b", "a")],
    [("a", "c"), ("b", "id")],
    [("b", "a"), ("c", "id")],
    [("c", "id", "b")],
    [("a", "id")],
    [("c", "x")],
]

BATCHES: dict[str, Any] = {
    "nothing": batch(nothing),
    "nothing in auto": batch(nothing, recreate="auto"),
    "nullable": batch(not_null),
    "nullable in auto": batch(not_null, recreate="auto"),
    "nullable in never": batch(not_null, recreate="never"),
    "add column in auto": batch(lambda b: b.add_column(Column("x", Integer)), recreate="auto"),
    "add column": batch(lambda b: b.add_column(Column("x", Integer, nullable=False, server_default="5"))),
    "add column before": batch(lambda b: b.add_column(Column("x", Integer), insert_before="b")),
    "add column after": batch(lambda b: b.add_column(Column("x", Integer), insert_after="id")),
    "add columns in a chain": batch(
        several(
            lambda b: b.add_column(Column("x", Integer), insert_after="a"),
            lambda b: b.add_column(Column("y", Integer), insert_after="x"),
            lambda b: b.add_column(Column("z", Integer), insert_before="id"),
        )
    ),
    "add columns, drop the last": batch(
        several(
            lambda b: b.add_column(Column("x", Integer)),
            lambda b: b.add_column(Column("y", Integer), insert_before="b"),
            lambda b: b.drop_column("c"),
        )
    ),
    "drop a column behind which one is put, bring back another": batch(
        several(
            lambda b: b.add_column(Column("x", Integer), insert_after="a"),
            lambda b: b.drop_column("a"),
            lambda b: b.drop_column("b"),
            lambda b: b.add_column(Column("b", Integer)),
        )
    ),
    "add beside added ones while reordering": batch(
        several(
            lambda b: b.add_column(Column("x", Integer), insert_after="b"),
            lambda b: b.add_column(Column("y", Integer)),
            lambda b: b.add_column(Column("z", Integer), insert_before="x"),
        ),
        partial_reordering=[("b", "c", "a")],
    ),
    "add column after nothing": batch(lambda b: b.add_column(Column("x", Integer), insert_after="nope")),
    "add column after, by alter": batch(
        lambda b: b.add_column(Column("x", Integer), insert_after="a"), recreate="never"
    ),
    "add boolean": batch(lambda b: b.add_column(Column("n", Boolean(create_constraint=True, name="ckn")))),
    "add unnamed boolean": batch(lambda b: b.add_column(Column("n", Boolean(create_constraint=True)))),
    "add key": batch(lambda b: b.add_column(Column("n", Integer, ForeignKey("p.id", name="fn")))),
    "add unnamed key": batch(lambda b: b.add_column(Column("n", Integer, ForeignKey("p.id")))),
    "add unnamed unique": batch(lambda b: b.add_column(Column("n", Integer, unique=True))),
    "add checked column": batch(lambda b: b.add_column(Column("n", Integer, CheckConstraint("n>1", name="cx")))),
    "add then alter": batch(
        several(lambda b: b.add_column(Column("n", Integer)), lambda b: b.alter_column("n", nullable=False))
    ),
    "drop column": batch(lambda b: b.drop_column("b")),
    "drop primary key column": batch(lambda b: b.drop_column("id")),
    "drop column that is not there": batch(lambda b: b.drop_column("zz")),
    "drop column with constraints": batch(
        lambda b: b.drop_column("a"),
        lambda: UniqueConstraint("a", "b", name="uq"),
    ),
    "drop column with key": batch(
        lambda b: b.drop_column("a"), lambda: ForeignKeyConstraint(["a"], ["p.id"], name="fs")
    ),
    "rename": batch(lambda b: b.alter_column("a", new_column_name="z")),
    "rename with constraints": batch(
        lambda b: b.alter_column("a", new_column_name="z"),
        lambda: UniqueConstraint("a", "b", name="uq"),
        lambda: Index("ix", "a", "b"),
    ),
    "rename with key": batch(
        lambda b: b.alter_column("a", new_column_name="z"),
        lambda: ForeignKeyConstraint(["a"], ["p.id"], name="fs", ondelete="CASCADE"),
    ),
    "type to unnamed boolean": batch(lambda b: b.alter_column("a", type_=Boolean(create_constraint=True))),
    "rename then alter": batch(
        several(lambda b: b.alter_column("a", new_column_name="z"), lambda b: b.alter_column("a", nullable=False))
    ),
    "rename then drop": batch(
        several(lambda b: b.alter_column("a", new_column_name="z"), lambda b: b.drop_column("a"))
    ),
    "rename and index by old name": batch(
        several(lambda b: b.alter_column("a", new_column_name="z"), lambda b: b.create_index("nix", ["a"]))
    ),
    "type": batch(lambda b: b.alter_column("c", type_=Integer())),
    "type of same kind": batch(lambda b: b.alter_column("id", type_=BigInteger(), autoincrement=True)),
    "type to boolean": batch(lambda b: b.alter_column("a", type_=Boolean(create_constraint=True, name="ckf"))),
    "type to enum": batch(
        lambda b: b.alter_column("c", type_=Enum("x", "y", create_constraint=True, name="ckf"), existing_type=String(5))
    ),
    "type from boolean": batch(
        lambda b: b.alter_column("f", type_=Integer(), existing_type=Boolean(create_constraint=True, name="ckf")),
        flag(),
    ),
    "type from boolean, not told": batch(lambda b: b.alter_column("f", type_=Integer()), flag()),
    "other change of boolean": batch(not_null, flag()),
    "defaults": batch(
        several(
            lambda b: b.alter_column("a", server_default="5"),
            lambda b: b.alter_column("c", server_default=None),
            lambda b: b.alter_column("b", server_default=text("1+1")),
        )
    ),
    "column comment": batch(lambda b: b.alter_column("a", comment="zz")),
    "column that is not there": batch(lambda b: b.alter_column("zz", nullable=True)),
    "unique": batch(lambda b: b.create_unique_constraint("uq", ["a", "b"])),
    "unique of the same name": batch(
        lambda b: b.create_unique_constraint("uq", ["b"]), lambda: UniqueConstraint("a", name="uq")
    ),
    "unique without name": batch(lambda b: b.create_unique_constraint(None, ["a"])),
    "check": batch(lambda b: b.create_check_constraint("ck", "a > 1")),
    "foreign key": batch(lambda b: b.create_foreign_key("fk", "p", ["a"], ["id"], ondelete="CASCADE")),
    "foreign key in schema": batch(lambda b: b.create_foreign_key("fk", "p", ["a"], ["id"], referent_schema="s")),
    "primary key exchanged": batch(
        several(
            lambda b: b.drop_constraint("pkx", type_="primary"),
            lambda b: b.create_primary_key("newpk", ["a"]),
        ),
        source=lambda: Table(
            "t", MetaData(), Column("id", Integer), Column("a", Integer), PrimaryKeyConstraint("id", name="pkx")
        ),
    ),
    "drop unique": batch(lambda b: b.drop_constraint("uq", type_="unique"), lambda: UniqueConstraint("a", name="uq")),
    "drop check": batch(
        lambda b: b.drop_constraint("ck", type_="check"),
        lambda: CheckConstraint("a > 1", name="ck"),
        lambda: CheckConstraint("a > 2"),
    ),
    "drop foreign key": batch(
        lambda b: b.drop_constraint("fs", type_="foreignkey"),
        lambda: ForeignKeyConstraint(["a"], ["p.id"], name="fs"),
    ),
    "drop constraint that is not there": batch(lambda b: b.drop_constraint("zz")),
    "drop constraint without name": batch(lambda b: b.drop_constraint(None, type_="unique")),
    "index": batch(lambda b: b.create_index("ix", ["a", "b"], unique=True)),
    "index in auto": batch(lambda b: b.create_index("ix", ["a"]), recreate="auto"),
    "drop index": batch(lambda b: b.drop_index("ix"), lambda: Index("ix", "a")),
    "drop index that is not there": batch(lambda b: b.drop_index("zz")),
    "partial index": batch(not_null, lambda: Index("ix", "b", sqlite_where=text("a>1"), postgresql_where=text("a>1"))),
    "text index": batch(not_null, lambda: Index("ix", text("a > 1"))),
    "self reference": batch(
        not_null,
        lambda: ForeignKeyConstraint(["a"], ["t.id"], name="fs"),
        lambda: ForeignKeyConstraint(["b"], ["t.id"]),
    ),
    "unnamed unique": batch(not_null, lambda: UniqueConstraint("a")),
    "unnamed check": batch(not_null, lambda: CheckConstraint("a > 2")),
    "unique column": batch(
        not_null,
        source=lambda: Table(
            "t", MetaData(), Column("id", Integer, primary_key=True), Column("a", Integer, unique=True)
        ),
    ),
    "column check": batch(not_null, lambda: Column("d", Integer, CheckConstraint("d>1", name="cc"))),
    "autoincrement of sqlite": batch(not_null, table_options={"sqlite_autoincrement": True}),
    "table arguments": batch(not_null, table_args=lambda: (UniqueConstraint("a", name="zz"),)),
    "table keywords": batch(not_null, table_kwargs={"prefixes": ["TEMP"], "sqlite_autoincrement": True}),
    "exclude": batch(lambda b: b.create_exclude_constraint("ex", ("a", "="))),
    "wrong recreate": batch(nothing, recreate="sometimes"),
    "in schema": batch(
        not_null,
        source=lambda: Table("t", MetaData(), Column("id", Integer), Column("a", Integer), schema="s"),
        schema="s",
    ),
    **{f"reorder {pairs}": batch(not_null, partial_reordering=pairs) for pairs in REORDERINGS},
    "reorder added": batch(lambda b: b.add_column(Column("x", Integer)), partial_reordering=[("id", "x", "a")]),
    "rename table": batch(lambda b: b.rename_table("x")),
    "execute": batch(several(lambda b: b.execute("select 1"), not_null)),
    "computed": batch(not_null, lambda: Column("g", Integer, Computed("a+1")), recreate="never"),
}
