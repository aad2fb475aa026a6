"""Operations as Python, text for text as Alembic writes them."""

from __future__ import annotations

import warnings

import alembic.autogenerate.api as alembic_api
import pytest
import sqlalchemy as sa
from alembic.operations import ops as alembic_ops
from alembic.runtime.migration import MigrationContext as AlembicContext
from sqlalchemy.dialects import mysql, postgresql

from stillhouse_engine.autogenerate import api as our_api
from stillhouse_engine.operations import ops as our_ops
from stillhouse_engine.runtime.migration import MigrationContext as OurContext

OURS = (our_api, our_ops, OurContext)
THEIRS = (alembic_api, alembic_ops, AlembicContext)


class Celsius(sa.types.UserDefinedType):
    def get_col_spec(self):
        return "CELSIUS"


def models():
    metadata = sa.MetaData()
    sa.Table("t2", metadata, sa.Column("id", sa.Integer, primary_key=True), schema="o")
    return sa.Table(
        "t",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True, comment="it's"),
        sa.Column("a", sa.String(5), key="akey"),
        sa.Column("q", sa.Integer, nullable=False, server_default=sa.text("1+1")),
        sa.Column("f", sa.Integer, sa.FetchedValue()),
        sa.Column("i", sa.Integer, sa.Identity(always=True, start=5)),
        sa.Column("cc", sa.Integer, sa.Computed("id+1")),
        sa.Column("fk", sa.ForeignKey("o.t2.id", name="fkn", ondelete="C", deferrable=True)),
        sa.UniqueConstraint("akey", "q", name="uq", deferrable=True, initially="D"),
        sa.CheckConstraint("id > '5'", name="ck"),
        sa.Index("ix", sa.text("lower(a)"), "q", postgresql_where=sa.text("q > 5")),
        schema="foo",
        comment='c"om',
        info={"a": 1},
        mysql_engine="InnoDB",
    )


def table(ops):
    return [ops.CreateTableOp.from_table(models()), ops.CreateIndexOp.from_index(next(iter(models().indexes)))]


TYPES = [
    sa.String(), sa.Numeric(10, 2), sa.Enum("a", "b", name="e"), sa.ARRAY(sa.String(5)), Celsius(), sa.Interval(), sa.Uuid(as_uuid=False),
    postgresql.JSONB(), postgresql.ARRAY(postgresql.JSONB()), postgresql.HSTORE(), postgresql.DOMAIN("d", sa.Integer, check="VALUE > 1", not_null=True, default="5"),
    postgresql.ENUM("a", name="e", create_type=False), sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), mysql.ENUM("a", "b"), mysql.INTEGER(unsigned=True),
    sa.Integer().with_variant(mysql.TINYINT(1), "mysql", "mariadb"), postgresql.TIMESTAMP(precision=3), sa.types.NULLTYPE,
]  # fmt: skip
MADE = {
    "nothing": lambda _: [],
    "a table": table,
    "a table dropped": lambda ops: [
        ops.DropTableOp.from_table(models()),
        ops.DropTableOp("x", schema="s", if_exists=True),
    ],
    "256 columns": lambda ops: [
        ops.CreateTableOp("big", [sa.Column(f"c{number}", sa.Integer) for number in range(256)])
    ],
    "an index": lambda ops: [
        ops.CreateIndexOp("i", "t", ["a"], schema="s", unique=True, postgresql_using="gin", if_not_exists=True),
        ops.DropIndexOp("i", "t", postgresql_using="gin"),
    ],
    "constraints": lambda ops: [
        ops.CreateUniqueConstraintOp("u", "t", ["a"], deferrable=True),
        ops.CreateForeignKeyOp("f", "a", "b", ["c"], ["d"], source_schema="x", onupdate="1", postgresql_not_valid=True),
        ops.CreateCheckConstraintOp("p", "t", "a > 5", schema="q"),
        ops.DropConstraintOp("c", "t", "unique", if_exists=True),
        ops.DropConstraintOp(None, "t", "check"),
    ],
    "an altered column": lambda ops: [
        ops.AlterColumnOp(
            "t",
            "c",
            schema="s",
            existing_type=sa.String(5),
            existing_nullable=True,
            existing_comment="ec",
            modify_nullable=False,
            modify_comment="mc",
            modify_server_default="new",
            modify_name="nn",
            modify_type=sa.Integer(),
            autoincrement=True,
        )
    ],
    "a column": lambda ops: [
        ops.AddColumnOp("t", sa.Column("x", sa.Integer, server_default=sa.func.now()), schema="s", if_not_exists=True),
        ops.DropColumnOp("t", "x", if_exists=True),
    ],
    "comments": lambda ops: [
        ops.CreateTableCommentOp("t", "c", schema="s", existing_comment="x"),
        ops.DropTableCommentOp("t"),
    ],
    "SQL": lambda ops: [ops.ExecuteSQLOp("select 'x'\n")],
    "types": lambda ops: [ops.AddColumnOp("t", sa.Column("c", type_)) for type_ in TYPES],
}


def rendered(engine, name, dialect, *, batch, **options):
    api, ops, context_class = engine
    context = context_class.configure(dialect_name=dialect, opts={})
    made = MADE[name](ops)
    containers = [ops.ModifyTableOps("t", made, schema="s")] if batch else made
    imports = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return api.render_python_code(
            ops.UpgradeOps(containers), render_as_batch=batch, migration_context=context, imports=imports, **options
        )


DIALECTS = ("postgresql", "mysql", "sqlite", "mssql", "oracle")
# Alembic leaves the prefix out of types within another dialect's types; ours does not.
TEXTS = [(name, dialect) for name in MADE for dialect in DIALECTS if name != "types" or dialect == "postgresql"]


@pytest.mark.parametrize(("name", "dialect"), TEXTS)
@pytest.mark.parametrize("batch", [False, True], ids=["plain", "batch"])
def test_same_text(name, dialect, batch):
    arguments = (name, dialect)
    assert rendered(OURS, *arguments, batch=batch) == rendered(THEIRS, *arguments, batch=batch)


@pytest.mark.parametrize(
    "prefixes",
    [
        {"user_module_prefix": "my."},
        {"sqlalchemy_module_prefix": "", "alembic_module_prefix": ""},
        {"render_item": lambda kind, item, _: "Kelvin()" if kind == "type" and isinstance(item, Celsius) else False},
    ],
    ids=["user module", "none at all", "a hook"],
)
def test_prefixes_and_hooks(prefixes):
    for name in ("types", "a table"):
        arguments = (name, "postgresql")
        assert rendered(OURS, *arguments, batch=False, **prefixes) == rendered(
            THEIRS, *arguments, batch=False, **prefixes
        )


def test_what_alembic_cannot_render():
    made = our_ops.UpgradeOps(
        [our_ops.CreatePrimaryKeyOp("pk", "t", ["a"]), our_ops.RenameTableOp("a", "b", schema="s")]
    )
    text = our_api.render_python_code(made)
    assert "op.create_primary_key('pk', 't', ['a'])" in text
    assert "op.rename_table('a', 'b', schema='s')" in text
