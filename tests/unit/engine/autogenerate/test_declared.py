"""Promise: views, functions and triggers belong to a metadata, once each, and say their SQL."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from stillhouse_engine.autogenerate import Function, MaterializedView, Trigger, View
from stillhouse_engine.declared import declared


def test_what_is_declared_is_found_in_its_order():
    metadata = sa.MetaData(schema="app")
    second = View("b", metadata, "SELECT 1;")
    first = MaterializedView("a", metadata, "SELECT 1", schema="other")
    Function("f(integer)", metadata, "RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$")
    assert declared([metadata], "view", "materialized_view") == [second, first]
    assert (second.full_name, first.full_name) == ("app.b", "other.a")
    assert repr(second) == "View('app.b')"
    assert second.query(sqlite.dialect()) == "SELECT 1"


def test_a_name_is_declared_once():
    metadata = sa.MetaData()
    table = sa.Table("t", metadata, sa.Column("id", sa.Integer))
    Trigger("touch", metadata, table, "AFTER UPDATE", "BEGIN SELECT 1; END")
    Trigger("touch", metadata, "another", "AFTER UPDATE", "BEGIN SELECT 1; END")
    with pytest.raises(ValueError, match="trigger 'touch' is declared twice on one metadata"):
        Trigger("touch", metadata, "t", "AFTER INSERT", "BEGIN SELECT 2; END")


@pytest.mark.parametrize("dialect", [postgresql.psycopg.dialect(), postgresql.asyncpg.dialect(), sqlite.dialect()])
def test_a_query_is_said_with_its_values_and_single_percent_signs(dialect):
    table = sa.table("t", sa.column("name"), sa.column("n"))
    view = View("v", sa.MetaData(), sa.select(table.c.name).where(table.c.name.like("50%"), table.c.n == 3))
    assert " ".join(view.query(dialect).split()) == "SELECT t.name FROM t WHERE t.name LIKE '50%' AND t.n = 3"
