"""Promise: operations are data with Alembic's attributes, and ``reverse``, diff tuples and conversions are Alembic's."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.ddl import postgresql as alembic_postgresql
from alembic.operations import ops as alembic_ops
from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, MetaData, String, Table, UniqueConstraint
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from stillhouse_engine.operations import ops

NAMES = [name for name in dir(alembic_ops) if name.endswith(("Op", "Ops", "MigrationScript", "MigrateOperation"))]


class Theirs:
    def __getattr__(self, name: str) -> Any:
        return getattr(alembic_postgresql if name == "CreateExcludeConstraintOp" else alembic_ops, name)


def models() -> Table:
    metadata = MetaData()
    Table("p", metadata, Column("id", Integer, primary_key=True))
    return Table(
        "tab",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("x", Integer, ForeignKey("p.id", ondelete="CASCADE", name="fkx")),
        Column("y", Integer, index=True, unique=True),
        UniqueConstraint("x", "y", name="uq", deferrable=True, initially="DEFERRED"),
        comment="zz",
        schema="sc",
        mysql_engine="X",
        info={"q": 1},
    )


def constraint(kind: type) -> Any:
    return next(each for each in models().constraints if type(each) is kind)


def check() -> Any:
    table = Table("t", MetaData(), Column("x", Integer), CheckConstraint("x > 1", name="ck"), schema="s")
    return next(each for each in table.constraints if isinstance(each, CheckConstraint))


def exclusion() -> Any:
    made = ExcludeConstraint((sa.column("x"), "="), ("y", "&&"), name="ex", where=sa.text("x>1"), using="gist")
    Table("et", MetaData(), Column("x", Integer), Column("y", Integer), made)
    return made


def index() -> Any:
    table = models()
    return sa.Index("ix", table.c.x, table.c.y.desc(), unique=True, postgresql_where=table.c.x > 1, mysql_length=5)


def column(**kw: Any) -> Any:
    return Column("q", Integer, **kw)


OPERATIONS: dict[str, Any] = {
    "create table": lambda o: o.CreateTableOp("t", [column()], schema="s", prefixes=["TEMP"], comment="q", info={"x": 1}, mysql_engine="x"),
    "create table if not exists": lambda o: o.CreateTableOp("t", [column()], if_not_exists=True),
    "create table of a table": lambda o: o.CreateTableOp.from_table(models()),
    "drop table": lambda o: o.DropTableOp("t", schema="s", table_kw={"mysql_engine": "x", "comment": "c", "info": {}}),
    "drop table of a table": lambda o: o.DropTableOp.from_table(models()),
    "rename table": lambda o: o.RenameTableOp("a", "b", schema="s"),
    "create comment": lambda o: o.CreateTableCommentOp("t", "a"),
    "change comment": lambda o: o.CreateTableCommentOp("t", "a", existing_comment="b", schema="s"),
    "drop comment": lambda o: o.DropTableCommentOp("t", existing_comment="b"),
    "add column": lambda o: o.AddColumnOp("t", column(), schema="s"),
    "add column if not exists": lambda o: o.AddColumnOp("t", column(), if_not_exists=True),
    "add column of a column": lambda o: o.AddColumnOp.from_column(models().c.x),
    "add column of a name": lambda o: o.AddColumnOp.from_column_and_tablename("s", "t", models().c.x),
    "drop column": lambda o: o.DropColumnOp("t", "c", mssql_drop_check=True),
    "drop known column": lambda o: o.DropColumnOp.from_column_and_tablename("s", "t", column()),
    "drop known column if exists": lambda o: o.DropColumnOp("t", "q", if_exists=True, _reverse=o.AddColumnOp("t", column())),
    "alter nothing": lambda o: o.AlterColumnOp("t", "c"),
    "alter all": lambda o: o.AlterColumnOp(
        "t", "c", modify_nullable=False, modify_type=String(), modify_server_default="x", modify_comment="z",
        existing_type=Integer(), existing_nullable=True, existing_server_default=None, existing_comment="y",
        modify_name="d", schema="s",
    ),
    "alter null": lambda o: o.AlterColumnOp("t", "c", modify_nullable=True, existing_nullable=False, autoincrement=True),
    "alter other": lambda o: o.AlterColumnOp("t", "c", modify_foo=1, existing_foo=2),
    "unique": lambda o: o.CreateUniqueConstraintOp("u", "t", ["a"], schema="s", deferrable=True),
    "unique of a constraint": lambda o: o.AddConstraintOp.from_constraint(constraint(UniqueConstraint)),
    "primary key": lambda o: o.CreatePrimaryKeyOp("c", "t", ["a"]),
    "primary key of a constraint": lambda o: o.AddConstraintOp.from_constraint(constraint(sa.PrimaryKeyConstraint)),
    "foreign key": lambda o: o.CreateForeignKeyOp("f", "a", "b", ["x"], ["y"], ondelete="CASCADE"),
    "foreign key of a constraint": lambda o: o.AddConstraintOp.from_constraint(constraint(sa.ForeignKeyConstraint)),
    "check": lambda o: o.CreateCheckConstraintOp("c", "t", "a > 1", schema="s"),
    "check of a constraint": lambda o: o.AddConstraintOp.from_constraint(check()),
    "exclude": lambda o: o.CreateExcludeConstraintOp("n", "t", [("x", "=")], where="a", schema="s", using="q"),
    "exclude of a constraint": lambda o: o.AddConstraintOp.from_constraint(exclusion()),
    "drop constraint": lambda o: o.DropConstraintOp("c", "t", type_="unique", schema="s", if_exists=True),
    "drop unique": lambda o: o.DropConstraintOp.from_constraint(constraint(UniqueConstraint)),
    "drop primary key": lambda o: o.DropConstraintOp.from_constraint(constraint(sa.PrimaryKeyConstraint)),
    "drop foreign key": lambda o: o.DropConstraintOp.from_constraint(constraint(sa.ForeignKeyConstraint)),
    "drop check": lambda o: o.DropConstraintOp.from_constraint(check()),
    "drop exclude": lambda o: o.DropConstraintOp.from_constraint(exclusion()),
    "create index": lambda o: o.CreateIndexOp("i", "t", ["a"], if_not_exists=True, unique=True),
    "create index of an index": lambda o: o.CreateIndexOp.from_index(index()),
    "drop index": lambda o: o.DropIndexOp("i", "t", if_exists=True),
    "drop index of an index": lambda o: o.DropIndexOp.from_index(index()),
    "insert": lambda o: o.BulkInsertOp(sa.table("t"), []),
    "execute": lambda o: o.ExecuteSQLOp("x", execution_options={"a": 1}),
    "modify table": lambda o: o.ModifyTableOps("t", [o.AddColumnOp("t", column()), o.CreateIndexOp("i", "t", ["a"])], schema="q"),
    "upgrade": lambda o: o.UpgradeOps([o.AddColumnOp("t", column()), o.ModifyTableOps("t", [o.AddColumnOp("t", column())])]),
    "downgrade": lambda o: o.DowngradeOps([o.AddColumnOp("t", column())]),
    "script": lambda o: o.MigrationScript("abc", o.UpgradeOps([]), o.DowngradeOps([]), message="m"),
    "script of two": lambda o: o.MigrationScript("abc", [o.UpgradeOps([]), o.UpgradeOps([])], [o.DowngradeOps([])]),
    "base": lambda o: o.MigrateOperation(),
}  # fmt: skip

METHODS = (
    "reverse", "to_diff_tuple", "to_constraint", "to_index", "to_table", "to_column", "as_diffs", "is_empty",
    "has_changes", "upgrade_ops", "upgrade_ops_list", "downgrade_ops", "info", "constraint_type",
)  # fmt: skip
HIDDEN = re.compile(r"0x[0-9a-f]+|(alembic|stillhouse_engine)[\w.]*\.")


def shown(value: Any, depth: int = 0) -> Any:
    """Show a value so that two engines' can be compared: operations by their attributes, the rest by its text."""
    if depth > 4:
        return "…"
    if type(value).__name__ in NAMES or type(value).__name__.endswith("ConstraintOp"):
        facts = {name: shown(each, depth + 1) for name, each in sorted(vars(value).items())}
        return (type(value).__name__, facts)
    if isinstance(value, list | tuple):
        entries = [shown(each, depth + 1) for each in value]
        unordered = any(isinstance(each, sa.Constraint) for each in value)
        return sorted(entries, key=repr) if unordered else entries
    if isinstance(value, dict):
        return {name: shown(each, depth + 1) for name, each in value.items()}
    return schema_item(value)


def schema_item(value: Any) -> Any:
    if isinstance(value, Table):
        return (str(value), [repr(each) for each in value.c], value.comment, dict(value.kwargs), value.info)
    if isinstance(value, sa.Index):
        expressions = [str(each) for each in value.expressions]
        return (value.name, str(value.table), expressions, value.unique, list(value.kwargs))
    if isinstance(value, sa.Constraint):
        columns = [each.name for each in getattr(value, "columns", ())]
        return (type(value).__name__, value.name, str(value.table), columns, value.deferrable, value.initially)
    text = str(value) if isinstance(value, sa.sql.elements.ClauseElement) else repr(value)
    return HIDDEN.sub("", text)


def result(operation: Any, method: str) -> Any:
    try:
        found = getattr(operation, method)
        return shown(found() if callable(found) else found)
    except Exception as error:  # noqa: BLE001 - whatever it is, both engines must raise the same
        return (type(error).__name__, HIDDEN.sub("", str(error)))


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_attributes_are_alembics(name):
    assert shown(OPERATIONS[name](ops)) == shown(OPERATIONS[name](Theirs()))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", OPERATIONS)
def test_the_methods_say_what_alembics_say(name, method):
    assert hasattr(type(OPERATIONS[name](ops)), method) == hasattr(type(OPERATIONS[name](Theirs())), method)
    if hasattr(type(OPERATIONS[name](ops)), method):
        assert result(OPERATIONS[name](ops), method) == result(OPERATIONS[name](Theirs()), method)


def test_every_operation_class_of_alembic_is_there():
    assert {name for name in NAMES if not hasattr(ops, name)} == set()


@pytest.mark.parametrize("name", NAMES)
def test_an_operation_class_has_alembics_bases(name):
    def bases(kind: type) -> list[str]:
        return [each.__name__ for each in kind.__mro__]

    assert bases(getattr(ops, name)) == bases(getattr(alembic_ops, name))


def test_a_script_of_several_databases_says_so():
    script = ops.MigrationScript("abc", [ops.UpgradeOps(), ops.UpgradeOps()], [ops.DowngradeOps()])
    with pytest.raises(ValueError, match="multiple-entry list for UpgradeOps; please use the upgrade_ops_list"):
        _ = script.upgrade_ops


def test_a_script_takes_only_containers():
    with pytest.raises(TypeError, match="expected UpgradeOps"):
        ops.MigrationScript("abc", [1], [])  # type: ignore[list-item]
