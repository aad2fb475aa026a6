"""Pairs of models: what is in the database, and what the models have become. Each is compared by both engines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql

if TYPE_CHECKING:
    from collections.abc import Callable

    Items = Callable[[], list[Any]]

ALL = ("sqlite", "postgresql", "mariadb")


@dataclass(frozen=True)
class Case:
    """Two states of a project's models.

    Attributes:
        name: what the case is about.
        before: makes the models that the database was made from.
        after: makes the models as they are now.
        options: what ``configure()`` is told.
        on: the databases that it runs on.
    """

    name: str
    before: Callable[[], sa.MetaData]
    after: Callable[[], sa.MetaData]
    options: dict[str, Any] = field(default_factory=dict)
    on: tuple[str, ...] = ALL


CASES: list[Case] = []
CONVENTION = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
DEFAULTS = {"compare_server_default": True}
COMPUTED = (
    (sa.Integer, "n * 2"),
    (sa.Integer, "length(a)"),
    (sa.Text, "coalesce(a, '')"),
    (postgresql.TSVECTOR, "to_tsvector('english', a)"),
)


def pair(
    name: str,
    before: Callable[[sa.MetaData], Any],
    after: Callable[[sa.MetaData], Any],
    *,
    on: tuple[str, ...] = ALL,
    convention: dict[str, str] | None = None,
    **options: Any,
) -> None:
    """Enter a case and its way back."""

    def made(fill: Callable[[sa.MetaData], Any]) -> Callable[[], sa.MetaData]:
        def make() -> sa.MetaData:
            metadata = sa.MetaData(naming_convention=convention) if convention else sa.MetaData()
            fill(metadata)
            return metadata

        return make

    CASES.append(Case(name, made(before), made(after), options, on))
    CASES.append(Case(f"{name}, back", made(after), made(before), options, on))


def table(name: str, items: Items, **kw: Any) -> Callable[[sa.MetaData], Any]:
    """Return what fills models with one table that has a key."""
    return lambda metadata: sa.Table(name, metadata, sa.Column("id", sa.Integer, primary_key=True), *items(), **kw)


def items(name: str, before: Items, after: Items, **options: Any) -> None:
    """Enter a case of one table whose columns and constraints change."""
    pair(name, table("t", before), table("t", after), **options)


def column(name: str, before: Items, after: Items, **options: Any) -> None:
    """Enter a case of one column that changes; the functions return what ``Column`` takes after the name."""
    items(name, lambda: [made(before())], lambda: [made(after())], **options)


def made(arguments: list[Any]) -> sa.Column[Any]:
    """Return a column; a dictionary at the end is keywords."""
    keywords = arguments.pop() if arguments and isinstance(arguments[-1], dict) else {}
    return sa.Column("c", *arguments, **keywords)


def nothing(_: sa.MetaData) -> None:
    """Fill nothing in."""


def numbered(default: Callable[[sa.Sequence], Any]) -> Callable[[sa.MetaData], Any]:
    """Return what fills models with a sequence and a column whose default is made of it."""
    return lambda metadata: table(
        "t", lambda: [sa.Column("c", sa.BigInteger, server_default=default(sa.Sequence("one", metadata=metadata)))]
    )(metadata)


def parent_and(name: str, items: Items, **kw: Any) -> Callable[[sa.MetaData], Any]:
    """Return what fills models with a table to point to, and one table more."""

    def fill(metadata: sa.MetaData) -> None:
        sa.Table(
            "parent",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("x", sa.Integer, nullable=False),
            sa.Column("y", sa.Integer, nullable=False),
            sa.UniqueConstraint("x", "y", name="uq_parent"),
        )
        table(name, items, **kw)(metadata)

    return fill


def keys(name: str, before: Items, after: Items, **options: Any) -> None:
    """Enter a case of foreign keys that change."""
    start = [lambda: [sa.Column("p", sa.Integer), sa.Column("x", sa.Integer), sa.Column("y", sa.Integer)]]
    pair(
        name,
        parent_and("child", lambda: [*start[0](), *before()]),
        parent_and("child", lambda: [*start[0](), *after()]),
        **options,
    )


# Tables.
pair("a table", nothing, table("t", lambda: [sa.Column("c", sa.String(20), nullable=False)]))
pair(
    "a table with indexes",
    nothing,
    table(
        "t", lambda: [sa.Column("c", sa.String(20), index=True, unique=True), sa.Column("d", sa.Integer, index=True)]
    ),
)
pair("a table with a unique column", nothing, table("t", lambda: [sa.Column("c", sa.String(20), unique=True)]))
pair(
    "a table with constraints",
    nothing,
    table(
        "t",
        lambda: [
            sa.Column("c", sa.Integer),
            sa.UniqueConstraint("c", name="uq"),
            sa.CheckConstraint("c > 5", name="ck"),
        ],
    ),
)
pair(
    "a table with a comment",
    nothing,
    table("t", lambda: [sa.Column("c", sa.Integer, comment='it\'s a "c"')], comment="what's this"),
)
pair(
    "two tables, one of which points to the other",
    nothing,
    parent_and("aaa", lambda: [sa.Column("p", sa.ForeignKey("parent.id"), index=True)]),
)
pair(
    "a table with a key of two columns",
    nothing,
    parent_and(
        "aaa",
        lambda: [
            sa.Column("x", sa.Integer),
            sa.Column("y", sa.Integer),
            sa.ForeignKeyConstraint(["x", "y"], ["parent.x", "parent.y"], name="fk"),
        ],
    ),
)
pair(
    "a table that points to itself",
    nothing,
    table("t", lambda: [sa.Column("p", sa.ForeignKey("t.id", name="fk_self"))]),
)
pair(
    "a table by naming convention",
    nothing,
    parent_and(
        "t",
        lambda: [
            sa.Column("p", sa.ForeignKey("parent.id"), index=True),
            sa.Column("u", sa.Integer, unique=True),
            sa.CheckConstraint("u > 5", name="positive"),
        ],
    ),
    convention=CONVENTION,
)
pair(
    "a table of all kinds of columns",
    nothing,
    table(
        "t",
        lambda: [
            sa.Column("a", sa.BigInteger),
            sa.Column("b", sa.Text),
            sa.Column("c", sa.DateTime),
            sa.Column("d", sa.Date),
            sa.Column("e", sa.Numeric(10, 2)),
            sa.Column("f", sa.Float),
            sa.Column("g", sa.LargeBinary),
            sa.Column("h", sa.Boolean),
            sa.Column("i", sa.Enum("x", "y", name="en")),
            sa.Column("j", sa.JSON),
            sa.Column("k", sa.SmallInteger),
            sa.Column("l", sa.Time),
            sa.Column("m", sa.Uuid),
        ],
    ),
)
pair(
    "a table of all kinds of defaults",
    nothing,
    table(
        "t",
        lambda: [
            sa.Column("a", sa.Integer, server_default="5"),
            sa.Column("b", sa.String(20), server_default="it's"),
            sa.Column("c", sa.DateTime, server_default=sa.func.now()),
            sa.Column("d", sa.Integer, server_default=sa.text("7")),
            sa.Column("e", sa.Boolean, server_default=sa.true()),
        ],
    ),
)
pair(
    "a table in a batch", nothing, table("t", lambda: [sa.Column("c", sa.String(20), index=True)]), render_as_batch=True
)
pair(
    "odd names",
    nothing,
    lambda m: sa.Table(
        "Odd table",
        m,
        sa.Column("Id x", sa.Integer, primary_key=True),
        sa.Column("select", sa.Integer, index=True),
        sa.UniqueConstraint("select", name="Uq x"),
    ),
)
pair("a table without a key", nothing, lambda m: sa.Table("t", m, sa.Column("c", sa.Integer)))
pair(
    "three tables",
    table("m", list),
    lambda m: [sa.Table(name, m, sa.Column("id", sa.Integer, primary_key=True)) for name in ("z", "m", "a")],
)
pair(
    "a column whose key is another",
    nothing,
    lambda m: sa.Table(
        "t",
        m,
        sa.Column("id", sa.Integer, primary_key=True, key="ident"),
        sa.Column("c", sa.Integer, key="see"),
        sa.UniqueConstraint("see", name="uq"),
        sa.Index("ix", "see"),
    ),
)
pair("a table with a schema of none", nothing, table("t", lambda: [sa.Column("c", sa.Integer, quote=True)]))

# Columns.
items("a column", list, lambda: [sa.Column("c", sa.String(20))])
items("a column that takes no NULL", list, lambda: [sa.Column("c", sa.String(20), nullable=False, server_default="x")])
items("a column with a default", list, lambda: [sa.Column("c", sa.DateTime, server_default=sa.func.now())])
items("a column with an empty comment", list, lambda: [sa.Column("c", sa.Integer, comment="")])
items("a column with a comment", list, lambda: [sa.Column("c", sa.Integer, comment="see")])
items(
    "several columns",
    lambda: [sa.Column("b", sa.Integer)],
    lambda: [sa.Column("a", sa.Integer), sa.Column("b", sa.Integer), sa.Column("c", sa.Integer)],
)
items(
    "columns in another order",
    lambda: [sa.Column("a", sa.Integer), sa.Column("b", sa.Integer)],
    lambda: [sa.Column("b", sa.Integer), sa.Column("a", sa.Integer)],
)
items("one column for another", lambda: [sa.Column("a", sa.Integer)], lambda: [sa.Column("b", sa.Text)])
items(
    "columns in a batch",
    lambda: [sa.Column("a", sa.Integer)],
    lambda: [sa.Column("b", sa.Text, index=True)],
    render_as_batch=True,
)
items(
    "a column with index and unique constraint",
    list,
    lambda: [sa.Column("a", sa.Integer, index=True), sa.Column("b", sa.Integer, unique=True)],
)
items(
    "an enumerated type of the default schema as it is",
    *[lambda: [sa.Column("c", sa.Enum("a", "b", name="en", schema="public"))]] * 2,
    on=("postgresql",),
)
items("an enumerated column", list, lambda: [sa.Column("c", sa.Enum("a", "b", name="en"))], on=("sqlite", "mariadb"))
items("a boolean column", list, lambda: [sa.Column("c", sa.Boolean, nullable=False, server_default=sa.false())])
column("NULL", lambda: [sa.Integer], lambda: [sa.Integer, {"nullable": False}])
column("NULL and type", lambda: [sa.Integer], lambda: [sa.BigInteger, {"nullable": False}])
column(
    "NULL, type, default and comment",
    lambda: [sa.Integer],
    lambda: [sa.BigInteger, {"nullable": False, "server_default": "5", "comment": "x"}],
    **DEFAULTS,
)
column("NULL in a batch", lambda: [sa.Integer], lambda: [sa.Integer, {"nullable": False}], render_as_batch=True)
column(
    "NULL of a column with a default",
    lambda: [sa.Integer, {"server_default": "5"}],
    lambda: [sa.Integer, {"nullable": False, "server_default": "5"}],
)
column("a comment", lambda: [sa.Integer], lambda: [sa.Integer, {"comment": "see"}])
column("a comment that becomes empty", lambda: [sa.Integer, {"comment": "see"}], lambda: [sa.Integer, {"comment": ""}])
column("another comment", lambda: [sa.Integer, {"comment": "it's"}], lambda: [sa.Integer, {"comment": 'a "b"'}])

# Types.
for number, (one, other) in enumerate(
    [
        (sa.String(10), sa.String(20)), (sa.String(10), sa.Text()), (sa.Integer(), sa.BigInteger()), (sa.Integer(), sa.SmallInteger()),
        (sa.Integer(), sa.String(5)), (sa.Numeric(10, 2), sa.Numeric(12, 2)), (sa.Numeric(10, 2), sa.Numeric(10, 3)), (sa.Float(), sa.Numeric(5, 1)),
        (sa.Date(), sa.DateTime()), (sa.DateTime(), sa.Time()), (sa.Boolean(), sa.Integer()), (sa.Text(), sa.LargeBinary()), (sa.Integer(), sa.Float()),
        (sa.CHAR(5), sa.String(5)), (sa.CHAR(5), sa.CHAR(6)), (sa.Uuid(), sa.String(36)), (sa.JSON(), sa.Text()), (sa.Numeric(), sa.DECIMAL()), (sa.Unicode(5), sa.String(5)),
        (sa.Interval(), sa.DateTime()), (sa.Double(), sa.Float()), (sa.REAL(), sa.Float()), (sa.Enum("a", name="e1"), sa.Enum("a", "b", name="e1", native_enum=False)),
    ]
):  # fmt: skip
    column(f"type {number}: {one!r} to {other!r}", lambda one=one: [one], lambda other=other: [other])
for number, type_ in enumerate(
    [
        postgresql.UUID(), postgresql.JSONB(), postgresql.JSON(), postgresql.INET(), postgresql.ARRAY(sa.Integer), postgresql.ARRAY(sa.String(5)), postgresql.TSVECTOR(),
        postgresql.BIT(3), postgresql.BIT(3, varying=True), postgresql.INTERVAL(), postgresql.INTERVAL(fields="DAY"), postgresql.TIMESTAMP(timezone=True), postgresql.TIMESTAMP(precision=3),
        postgresql.TIME(timezone=True), postgresql.BYTEA(), postgresql.INT4RANGE(), postgresql.MONEY(), postgresql.DOUBLE_PRECISION(), postgresql.OID(), postgresql.MACADDR(),
    ]
):  # fmt: skip
    items(f"PostgreSQL type {number}: {type_!r}", list, lambda type_=type_: [sa.Column("c", type_)], on=("postgresql",))
    column(
        f"PostgreSQL type {number}: {type_!r} from text",
        lambda: [sa.Text],
        lambda type_=type_: [type_],
        on=("postgresql",),
    )
    column(
        f"PostgreSQL type {number}: {type_!r} as it is",
        lambda type_=type_: [type_],
        lambda type_=type_: [type_],
        on=("postgresql",),
    )
for number, type_ in enumerate(
    [
        mysql.TINYINT(), mysql.TINYINT(1), mysql.INTEGER(unsigned=True), mysql.BIGINT(unsigned=True), mysql.LONGTEXT(), mysql.MEDIUMTEXT(), mysql.DATETIME(fsp=6), mysql.TIMESTAMP(fsp=3),
        mysql.ENUM("a", "b"), mysql.SET("a", "b"), mysql.YEAR(), mysql.BIT(3), mysql.DOUBLE(), mysql.DECIMAL(10, 2, unsigned=True), mysql.VARCHAR(5, collation="utf8mb4_bin"), mysql.JSON(), mysql.LONGBLOB(),
        mysql.VARCHAR(5, charset="latin1"),
    ]
):  # fmt: skip
    items(f"MySQL type {number}: {type_!r}", list, lambda type_=type_: [sa.Column("c", type_)], on=("mariadb",))
    column(f"MySQL type {number}: {type_!r} from text", lambda: [sa.Text], lambda type_=type_: [type_], on=("mariadb",))
    column(
        f"MySQL type {number}: {type_!r} as it is",
        lambda type_=type_: [type_],
        lambda type_=type_: [type_],
        on=("mariadb",),
    )
column("values of an ENUM", lambda: [mysql.ENUM("a", "b")], lambda: [mysql.ENUM("a", "b", "c")], on=("mariadb",))
column("types that are not compared", lambda: [sa.Integer], lambda: [sa.Text], compare_type=False)
column("no type", lambda: [sa.Integer], lambda: [sa.types.NullType()], on=("sqlite",))

# Defaults.
for number, (type_, one, other) in enumerate(
    [
        (sa.Integer, "5", "6"), (sa.Integer, "5", None), (sa.Integer, "5", sa.text("5")), (sa.String(20), "x", "y"), (sa.String(20), "x", sa.text("'x'")), (sa.String(20), "x", None),
        (sa.DateTime, sa.func.now(), None), (sa.DateTime, sa.func.now(), sa.text("CURRENT_TIMESTAMP")), (sa.Boolean, sa.true(), sa.false()), (sa.Boolean, sa.true(), None), (sa.Integer, "-1", "1"),
        (sa.Numeric(5, 2), "1.5", "1.50"), (sa.String(20), "a b", "a  b"), (sa.String(20), "", "x"), (sa.Integer, sa.text("1"), sa.text("2")), (sa.Float, "1.5", "2.5"), (sa.String(20), "5", "6"),
    ]
):  # fmt: skip
    column(
        f"default {number}: {one} to {other}",
        lambda type_=type_, one=one: [type_, {"server_default": one}],
        lambda type_=type_, other=other: [type_, {"server_default": other}],
        **DEFAULTS,
    )
    column(
        f"default {number}: {one} as it is",
        lambda type_=type_, one=one: [type_, {"server_default": one}],
        lambda type_=type_, one=one: [type_, {"server_default": one}],
        **DEFAULTS,
    )
    column(
        f"default {number}: {one} not compared",
        lambda type_=type_, one=one: [type_, {"server_default": one}],
        lambda type_=type_, other=other: [type_, {"server_default": other}],
    )
column(
    "default and type",
    lambda: [sa.Integer, {"server_default": "5"}],
    lambda: [sa.BigInteger, {"server_default": "6"}],
    **DEFAULTS,
)
column(
    "default of PostgreSQL's JSONB",
    lambda: [postgresql.JSONB, {"server_default": "{}"}],
    lambda: [postgresql.JSONB, {"server_default": sa.text("'{}'::jsonb")}],
    on=("postgresql",),
    **DEFAULTS,
)
column(
    "default of PostgreSQL's ARRAY",
    lambda: [postgresql.ARRAY(sa.Integer), {"server_default": "{}"}],
    lambda: [postgresql.ARRAY(sa.Integer), {"server_default": "{1}"}],
    on=("postgresql",),
    **DEFAULTS,
)
column(
    "default of PostgreSQL's UUID",
    lambda: [postgresql.UUID, {"server_default": sa.text("gen_random_uuid()")}],
    lambda: [postgresql.UUID, {"server_default": sa.text("gen_random_uuid()")}],
    on=("postgresql",),
    **DEFAULTS,
)
column(
    "default of PostgreSQL's interval",
    lambda: [postgresql.INTERVAL, {"server_default": "1 day"}],
    lambda: [postgresql.INTERVAL, {"server_default": "24 hours"}],
    on=("postgresql",),
    **DEFAULTS,
)
column(
    "default on update",
    lambda: [
        sa.TIMESTAMP,
        {"nullable": False, "server_default": sa.text("CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP")},
    ],
    lambda: [sa.TIMESTAMP, {"nullable": False, "server_default": sa.text("CURRENT_TIMESTAMP")}],
    on=("mariadb",),
    **DEFAULTS,
)

# Identities and computations.
column(
    "an identity",
    lambda: [sa.Integer, {"nullable": False}],
    lambda: [sa.Integer, sa.Identity(always=True)],
    on=("postgresql",),
    **DEFAULTS,
)
column(
    "an identity's options",
    lambda: [sa.Integer, sa.Identity(start=1, increment=2)],
    lambda: [sa.Integer, sa.Identity(start=1, increment=3, always=True)],
    on=("postgresql",),
)
column(
    "an identity as it is",
    lambda: [sa.Integer, sa.Identity(start=5, increment=2, minvalue=2, maxvalue=100, cycle=True, cache=3)],
    lambda: [sa.Integer, sa.Identity(start=5, increment=2, minvalue=2, maxvalue=100, cycle=True, cache=3)],
    on=("postgresql",),
)
column(
    "an identity that says nothing",
    lambda: [sa.Integer, sa.Identity(start=5)],
    lambda: [sa.Integer, sa.Identity()],
    on=("postgresql",),
)
column(
    "an identity for a default",
    lambda: [sa.Integer, {"server_default": "5", "nullable": False}],
    lambda: [sa.Integer, sa.Identity()],
    on=("postgresql",),
)
items(
    "a column with an identity",
    list,
    lambda: [sa.Column("c", sa.Integer, sa.Identity(always=True, start=5))],
    on=("postgresql",),
)
items(
    "a computed column",
    lambda: [sa.Column("a", sa.Integer)],
    lambda: [sa.Column("a", sa.Integer), sa.Column("c", sa.Integer, sa.Computed("a + 1", persisted=True))],
)
items(
    "a computed column as it is",
    lambda: [sa.Column("a", sa.Integer), sa.Column("c", sa.Integer, sa.Computed("a + 1", persisted=True))],
    lambda: [sa.Column("a", sa.Integer), sa.Column("c", sa.Integer, sa.Computed("a + 1", persisted=True))],
)
items(
    "a computation",
    lambda: [sa.Column("a", sa.Integer), sa.Column("c", sa.Integer, sa.Computed("a + 1", persisted=True))],
    lambda: [sa.Column("a", sa.Integer), sa.Column("c", sa.Integer, sa.Computed("a + 2", persisted=True))],
)
items(
    "a computation for nothing",
    lambda: [sa.Column("a", sa.Integer), sa.Column("c", sa.Integer)],
    lambda: [sa.Column("a", sa.Integer), sa.Column("c", sa.Integer, sa.Computed("a + 2", persisted=True))],
)

# Indexes and unique constraints.
C2 = lambda: [sa.Column("a", sa.Integer), sa.Column("b", sa.String(20))]  # noqa: E731 - a short name for the columns of the next cases
for name, before, after in [
    ("an index", list, lambda: [sa.Index("ix", "a")]),
    ("a unique index", list, lambda: [sa.Index("ix", "a", unique=True)]),
    ("an index of two columns", list, lambda: [sa.Index("ix", "a", "b")]),
    ("an index's columns", lambda: [sa.Index("ix", "a")], lambda: [sa.Index("ix", "a", "b")]),
    ("the order of an index's columns", lambda: [sa.Index("ix", "b", "a")], lambda: [sa.Index("ix", "a", "b")]),
    ("an index's uniqueness", lambda: [sa.Index("ix", "a")], lambda: [sa.Index("ix", "a", unique=True)]),
    ("an index's name", lambda: [sa.Index("ix1", "a")], lambda: [sa.Index("ix2", "a")]),
    (
        "several indexes",
        lambda: [sa.Index("ix_b", "b"), sa.Index("ix_c", "a")],
        lambda: [sa.Index("ix_a", "a"), sa.Index("ix_c", "b")],
    ),
    ("a unique constraint", list, lambda: [sa.UniqueConstraint("a", name="uq")]),
    ("a unique constraint of two columns", list, lambda: [sa.UniqueConstraint("b", "a", name="uq")]),
    (
        "a unique constraint's columns",
        lambda: [sa.UniqueConstraint("a", name="uq")],
        lambda: [sa.UniqueConstraint("a", "b", name="uq")],
    ),
    (
        "the order of a unique constraint's columns",
        lambda: [sa.UniqueConstraint("a", "b", name="uq")],
        lambda: [sa.UniqueConstraint("b", "a", name="uq")],
    ),
    (
        "a unique constraint's name",
        lambda: [sa.UniqueConstraint("a", name="uq1")],
        lambda: [sa.UniqueConstraint("a", name="uq2")],
    ),
    ("a unique constraint without a name", list, lambda: [sa.UniqueConstraint("a")]),
    (
        "a unique constraint without a name as it is",
        lambda: [sa.UniqueConstraint("a")],
        lambda: [sa.UniqueConstraint("a")],
    ),
    (
        "a unique constraint that lost its name",
        lambda: [sa.UniqueConstraint("a", name="uq")],
        lambda: [sa.UniqueConstraint("a")],
    ),
    (
        "an index for a unique constraint",
        lambda: [sa.UniqueConstraint("a", name="x")],
        lambda: [sa.Index("x", "a", unique=True)],
    ),
    ("an index and a unique constraint", list, lambda: [sa.Index("ix", "a"), sa.UniqueConstraint("a", name="uq")]),
    (
        "indexes and unique constraints at once",
        lambda: [sa.Index("c", "a"), sa.UniqueConstraint("b", name="b")],
        lambda: [sa.Index("d", "a"), sa.UniqueConstraint("a", name="a"), sa.UniqueConstraint("a", "b")],
    ),
    ("an index in descending order", list, lambda: [sa.Index("ix", sa.text("a DESC"))]),
    ("a long name", list, lambda: [sa.Index("ix_" + "x" * 50, "a"), sa.UniqueConstraint("b", name="uq_" + "y" * 50)]),
]:
    items(name, lambda before=before: [*C2(), *before()], lambda after=after: [*C2(), *after()])
    if "descending" not in name:
        items(
            f"{name}, in a batch",
            lambda before=before: [*C2(), *before()],
            lambda after=after: [*C2(), *after()],
            render_as_batch=True,
        )
for name, before, after in [
    (
        "by convention, an index and a unique constraint",
        C2,
        lambda: [sa.Column("a", sa.Integer, index=True), sa.Column("b", sa.String(20), unique=True)],
    ),
    (
        "by convention, a very long table's name",
        C2,
        lambda: [sa.Column("a", sa.Integer, index=True), sa.Column("b", sa.String(20), unique=True)],
    ),
]:
    long = "t" * 60 if "long" in name else "t"
    pair(name, table(long, before), table(long, after), convention=CONVENTION, on=("postgresql", "sqlite"))
for name, before, after in [
    ("an expression", list, lambda: [sa.Index("ix", sa.text("lower(b)"))]),
    ("two expressions", list, lambda: [sa.Index("ix", sa.text("lower(b)"), "a", sa.text("(a + 1)"))]),
    (
        "another expression",
        lambda: [sa.Index("ix", sa.text("lower(b)"))],
        lambda: [sa.Index("ix", sa.text("upper(b)"))],
    ),
    (
        "an expression as it is",
        lambda: [sa.Index("ix", sa.text("lower(b)"))],
        lambda: [sa.Index("ix", sa.func.lower(sa.column("b")), _table=None)],
    ),
    ("a condition", lambda: [sa.Index("ix", "a")], lambda: [sa.Index("ix", "a", postgresql_where=sa.text("a > 5"))]),
    ("a method", list, lambda: [sa.Index("ix", "a", postgresql_using="hash")]),
    ("INCLUDE", list, lambda: [sa.Index("ix", "a", postgresql_include=["b"])]),
    (
        "NULLs not distinct",
        lambda: [sa.Index("ix", "a", unique=True)],
        lambda: [sa.Index("ix", "a", unique=True, postgresql_nulls_not_distinct=True)],
    ),
    (
        "a constraint's NULLs not distinct",
        lambda: [sa.UniqueConstraint("a", name="uq")],
        lambda: [sa.UniqueConstraint("a", name="uq", postgresql_nulls_not_distinct=True)],
    ),
    (
        "a deferrable constraint",
        lambda: [sa.UniqueConstraint("a", name="uq")],
        lambda: [sa.UniqueConstraint("a", name="uq", deferrable=True, initially="DEFERRED")],
    ),
    ("an exclusion constraint", list, lambda: [postgresql.ExcludeConstraint((sa.column("a"), "="), name="ex")]),
    ("operators", list, lambda: [sa.Index("ix", "b", postgresql_ops={"b": "varchar_pattern_ops"})]),
]:
    if "as it is" in name:
        after = before  # noqa: PLW2901 - the same on both sides
    items(
        f"PostgreSQL index: {name}",
        lambda before=before: [*C2(), *before()],
        lambda after=after: [*C2(), *after()],
        on=("postgresql",),
    )
items(
    "MySQL index: a prefix", C2, lambda: [*C2(), sa.Index("ix", "b", mysql_length=5, mariadb_length=5)], on=("mariadb",)
)
items(
    "SQLite index: a condition", C2, lambda: [*C2(), sa.Index("ix", "b", sqlite_where=sa.text("a > 5"))], on=("sqlite",)
)
items("SQLite index: an expression", C2, lambda: [*C2(), sa.Index("ix", sa.text("lower(b)"))], on=("sqlite",))


# Foreign keys.
def FK(*columns: str, **kw: Any) -> sa.ForeignKeyConstraint:  # noqa: N802 - a short name for the next cases
    """Return a foreign key to the parent."""
    remote = ["parent.id"] if len(columns) == 1 else ["parent.x", "parent.y"]
    return sa.ForeignKeyConstraint(list(columns), remote, **kw)


for name, before, after in [
    ("a foreign key", list, lambda: [FK("p", name="fk")]),
    ("a foreign key without a name", list, lambda: [FK("p")]),
    ("a foreign key of two columns", list, lambda: [FK("x", "y", name="fk")]),
    ("a foreign key's columns", lambda: [FK("p", name="fk")], lambda: [FK("x", name="fk")]),
    ("a foreign key's name", lambda: [FK("p", name="fk1")], lambda: [FK("p", name="fk2")]),
    ("ON DELETE", lambda: [FK("p", name="fk")], lambda: [FK("p", name="fk", ondelete="CASCADE")]),
    (
        "ON DELETE and ON UPDATE",
        lambda: [FK("p", name="fk", ondelete="SET NULL")],
        lambda: [FK("p", name="fk", ondelete="CASCADE", onupdate="CASCADE")],
    ),
    ("RESTRICT", lambda: [FK("p", name="fk")], lambda: [FK("p", name="fk", ondelete="RESTRICT")]),
    (
        "NO ACTION",
        lambda: [FK("p", name="fk")],
        lambda: [FK("p", name="fk", ondelete="NO ACTION", onupdate="NO ACTION")],
    ),
    (
        "a foreign key as it is",
        lambda: [FK("p", name="fk", ondelete="CASCADE")],
        lambda: [FK("p", name="fk", ondelete="cascade")],
    ),
    ("two foreign keys", lambda: [FK("p", name="fk1")], lambda: [FK("p", name="fk1"), FK("x", name="fk2")]),
]:
    keys(name, before, after)
    keys(f"{name}, in a batch", before, after, render_as_batch=True)
keys(
    "a deferrable foreign key",
    lambda: [FK("p", name="fk")],
    lambda: [FK("p", name="fk", deferrable=True)],
    on=("postgresql", "sqlite"),
)
keys(
    "an initially deferred foreign key",
    lambda: [FK("p", name="fk")],
    lambda: [FK("p", name="fk", deferrable=True, initially="DEFERRED")],
    on=("postgresql", "sqlite"),
)
keys("an indexed foreign key", lambda: [FK("p", name="fk")], lambda: [FK("p", name="fk"), sa.Index("ix_p", "p")])
keys("a foreign key and its index", list, lambda: [FK("p", name="fk"), sa.Index("ix_p", "p")])
pair(
    "a column with a foreign key",
    parent_and("c", list),
    parent_and("c", lambda: [sa.Column("p", sa.ForeignKey("parent.id", name="fk"))]),
)

# Comments, CHECKs, keys and the rest.
pair("a table's comment", table("t", list), table("t", list, comment="it's"))
pair("a table's comment that becomes empty", table("t", list, comment="one"), table("t", list, comment=""))
pair("another comment of a table", table("t", list, comment="one"), table("t", list, comment="two"))
pair("a table's comment in a batch", table("t", list), table("t", list, comment="it's"), render_as_batch=True)
items("a CHECK", C2, lambda: [*C2(), sa.CheckConstraint("a > 5", name="ck")])
PLUGINS = ["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"]
items("a CHECK by name", C2, lambda: [*C2(), sa.CheckConstraint("a > 5", name="ck")], autogenerate_plugins=PLUGINS)
items(
    "CHECKs by name",
    lambda: [*C2(), sa.CheckConstraint("a > 6", name="ck_b"), sa.CheckConstraint("a > 6", name="ck_c")],
    lambda: [*C2(), sa.CheckConstraint("a > 5", name="ck_a"), sa.CheckConstraint("a > 5", name="ck_c")],
    autogenerate_plugins=PLUGINS,
)
items(
    "types but no comments",
    lambda: [sa.Column("c", sa.Integer)],
    lambda: [sa.Column("c", sa.Text, comment="x", nullable=False)],
    autogenerate_plugins=["alembic.autogenerate.*", "~alembic.autogenerate.comments"],
)
items(
    "tables but no types",
    lambda: [sa.Column("c", sa.Integer)],
    lambda: [sa.Column("c", sa.Text, comment="x", nullable=False)],
    autogenerate_plugins=["alembic.autogenerate.schemas", "alembic.autogenerate.tables"],
)
items(
    "nothing but comments",
    lambda: [sa.Column("c", sa.Integer)],
    lambda: [sa.Column("c", sa.Text, comment="x", nullable=False)],
    autogenerate_plugins=[
        "alembic.autogenerate.schemas",
        "alembic.autogenerate.tables",
        "alembic.autogenerate.comments",
    ],
)
pair(
    "a primary key",
    lambda m: sa.Table(
        "t",
        m,
        sa.Column("a", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("b", sa.Integer, nullable=False),
    ),
    lambda m: sa.Table(
        "t",
        m,
        sa.Column("a", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("b", sa.Integer, primary_key=True, autoincrement=False),
    ),
)
pair(
    "the key's type",
    lambda m: sa.Table("t", m, sa.Column("id", sa.Integer, primary_key=True)),
    lambda m: sa.Table("t", m, sa.Column("id", sa.BigInteger, primary_key=True)),
)
pair(
    "the key's counting",
    lambda m: sa.Table("t", m, sa.Column("id", sa.Integer, primary_key=True, autoincrement=False)),
    lambda m: sa.Table("t", m, sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=True)),
)
items(
    "a column's counting",
    lambda: [sa.Column("c", sa.Integer, autoincrement=False)],
    lambda: [sa.Column("c", sa.BigInteger, autoincrement=False)],
)

items(
    "a computation, compared",
    lambda: [sa.Column("a", sa.Integer), sa.Column("c", sa.Integer, sa.Computed("a + 1", persisted=True))],
    lambda: [sa.Column("a", sa.Integer), sa.Column("c", sa.Integer, sa.Computed("a + 2", persisted=True))],
    **DEFAULTS,
)
items(
    "a computation as it is, compared",
    lambda: [sa.Column("a", sa.Integer), sa.Column("c", sa.Integer, sa.Computed("a + 1", persisted=True))],
    lambda: [sa.Column("a", sa.Integer), sa.Column("c", sa.Integer, sa.Computed("a + 1", persisted=True))],
    **DEFAULTS,
)
items(
    "a computation for nothing, compared",
    lambda: [sa.Column("a", sa.Integer), sa.Column("c", sa.Integer, nullable=False)],
    lambda: [sa.Column("a", sa.Integer), sa.Column("c", sa.Integer, sa.Computed("a + 2", persisted=True))],
    on=("sqlite", "postgresql"),
    **DEFAULTS,
)
column(
    "an identity's options, compared",
    lambda: [sa.Integer, sa.Identity(start=1, increment=2)],
    lambda: [sa.Integer, sa.Identity(start=1, increment=3, always=True)],
    on=("postgresql",),
    **DEFAULTS,
)
column(
    "an identity as it is, compared",
    lambda: [sa.Integer, sa.Identity(start=5, increment=2, minvalue=2, maxvalue=100, cycle=True, cache=3)],
    lambda: [sa.Integer, sa.Identity(start=5, increment=2, minvalue=2, maxvalue=100, cycle=True, cache=3)],
    on=("postgresql",),
    **DEFAULTS,
)
column(
    "an identity that takes NULL",
    lambda: [sa.Integer],
    lambda: [sa.Integer, sa.Identity()],
    on=("postgresql",),
    **DEFAULTS,
)
items(
    "computations that PostgreSQL writes with casts, compared",
    *[
        lambda: [
            sa.Column("a", sa.String(9)),
            sa.Column("n", sa.Numeric(10, 2)),
            *(sa.Column(f"c{i}", type_, sa.Computed(sql, persisted=True)) for i, (type_, sql) in enumerate(COMPUTED)),
        ]
    ]
    * 2,
    on=("postgresql",),
    **DEFAULTS,
)
pair(
    "the type of a key with an identity",
    lambda m: sa.Table("t", m, sa.Column("id", sa.Integer, sa.Identity(), primary_key=True)),
    lambda m: sa.Table("t", m, sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True)),
    on=("postgresql",),
)
pair(
    "the identity of a key, compared",
    lambda m: sa.Table("t", m, sa.Column("id", sa.Integer, sa.Identity(), primary_key=True)),
    lambda m: sa.Table("t", m, sa.Column("id", sa.Integer, sa.Identity(start=5), primary_key=True)),
    on=("postgresql",),
    **DEFAULTS,
)
items(
    "an identity as it is where there are none",
    *[lambda: [sa.Column("c", sa.Integer, sa.Identity(start=4), nullable=False)]] * 2,
    on=("sqlite", "mariadb"),
    **DEFAULTS,
)
pair(
    "the next value as it is",
    numbered(lambda one: one.next_value()),
    numbered(lambda _: sa.text("nextval('public.one')")),
    on=("postgresql",),
    **DEFAULTS,
)
pair(
    "a foreign key added later",
    parent_and("t", lambda: [sa.Column("c", sa.Integer)]),
    parent_and("t", lambda: [sa.Column("c", sa.ForeignKey("parent.id", use_alter=True, name="fk"))]),
)
pair(
    "everything at once",
    table("t", lambda: [*C2(), sa.Column("z", sa.Integer)]),
    parent_and(
        "t",
        lambda: [
            sa.Column("a", sa.BigInteger, nullable=False, comment="x"),
            sa.Column("b", sa.String(30), index=True),
            sa.Column("p", sa.ForeignKey("parent.id", name="fk")),
            sa.UniqueConstraint("a", name="uq"),
        ],
        comment="all",
    ),
    **DEFAULTS,
)
pair(
    "two tables that change",
    lambda m: [table(name, lambda: [sa.Column("c", sa.Integer)])(m) for name in ("zeta", "alpha", "mid")],
    lambda m: [table(name, lambda: [sa.Column("c", sa.BigInteger)])(m) for name in ("zeta", "alpha", "mid")],
)
pair(
    "a new SQLite table with an index on an expression",
    nothing,
    table("t", lambda: [*C2(), sa.Index("ix", sa.text("lower(b)"))]),
    on=("sqlite", "postgresql"),
)
pair(
    "tables in a ring",
    nothing,
    lambda m: [
        sa.Table(
            "r1",
            m,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("o", sa.Integer, sa.ForeignKey("r2.id", name="fk1")),
        ),
        sa.Table(
            "r2",
            m,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("o", sa.Integer, sa.ForeignKey("r1.id", name="fk2", use_alter=True)),
        ),
    ],
    on=("postgresql",),
)
