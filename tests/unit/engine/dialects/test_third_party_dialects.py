"""Promise: a dialect of somebody else's subclasses ``DefaultImpl`` as it did with Alembic, and is found by its name."""

from __future__ import annotations

import io

import pytest
import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.ext.compiler import compiles

from stillhouse_engine.dialects import ddl
from stillhouse_engine.dialects.impl import DefaultImpl
from stillhouse_engine.dialects.registry import IMPLEMENTATIONS
from stillhouse_engine.operations import Operations
from stillhouse_engine.runtime.migration import MigrationContext


class StoneDialect(DefaultDialect):
    name = "stone"
    supports_statement_cache = False


@pytest.fixture
def stone():
    class StoneImpl(DefaultImpl):
        __dialect__ = "stone"
        transactional_ddl = True

        def drop_column(self, table_name, column, **kw):
            self._exec(f"CHISEL {column.name} FROM {table_name}")

    yield StoneImpl
    del IMPLEMENTATIONS["stone"]


def test_the_registry_knows_all(stone):
    assert IMPLEMENTATIONS["stone"] is stone
    assert IMPLEMENTATIONS["oracle"].__dialect__ == "oracle"
    with pytest.raises(KeyError):
        IMPLEMENTATIONS["wood"]


@compiles(ddl.RenameTable, "stone")
def rename(element, compiler, **kw):
    return f"RECARVE {element.table_name} AS {ddl.format_table_name(compiler, element.new_table_name, element.schema)}"


@compiles(ddl.ColumnType, "stone")
def retype(element, compiler, **kw):
    table = ddl.alter_table(compiler, element.table_name, element.schema)
    return f"{table} {ddl.alter_column(compiler, element.column_name)} RECUT {ddl.format_type(compiler, element.type_)}"


def written(change, **options) -> str:
    buffer = io.StringIO()
    context = MigrationContext.configure(
        dialect=StoneDialect(), opts={"as_sql": True, "output_buffer": buffer, **options}
    )
    change(Operations(context))
    return buffer.getvalue()


def test_its_implementation_serves_it(stone):
    assert DefaultImpl.get_by_dialect(StoneDialect()) is stone
    assert written(lambda op: op.drop_column("t", "c")) == "CHISEL c FROM t;\n\n"


def test_its_compilation_rules_are_used(stone):
    assert written(lambda op: op.rename_table("a", "b", schema="s")) == "RECARVE a AS s.b;\n\n"
    sql = written(lambda op: op.alter_column("t", "c", type_=sa.Integer()))
    assert sql == "ALTER TABLE t ALTER COLUMN c RECUT INTEGER;\n\n"


def test_what_it_does_not_change_is_the_standards(stone):
    assert (
        written(lambda op: op.add_column("t", sa.Column("c", sa.Integer))) == "ALTER TABLE t ADD COLUMN c INTEGER;\n\n"
    )


def test_its_own_separator_is_found_by_its_name(stone):
    assert written(lambda op: op.execute("SELECT 1"), stone_batch_separator="END") == "SELECT 1;\n\nEND\n\n"


def test_a_subclass_without_a_name_enters_nothing(stone):
    class Variant(stone):
        transactional_ddl = False

    assert IMPLEMENTATIONS["stone"] is stone
    assert Variant.transactional_ddl is False


def test_a_dialect_without_implementation_is_a_key_error():
    with pytest.raises(KeyError, match="stone"):
        DefaultImpl.get_by_dialect(StoneDialect())


@pytest.mark.parametrize("name", ["postgresql", "sqlite", "mysql", "mariadb", "mssql", "oracle"])
def test_built_in_dialects_are_there(name):
    class Named(DefaultDialect):
        supports_statement_cache = False

    dialect = Named()
    dialect.name = name
    assert DefaultImpl.get_by_dialect(dialect).__dialect__ == name
