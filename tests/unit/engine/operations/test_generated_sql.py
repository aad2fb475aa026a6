"""Promise: whatever table, column or change is asked for, the offline text is Alembic's on every dialect."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from both_engines import alembics, ours
from generated_tables import columns, made, names, tables
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sql_cases import ALL

if TYPE_CHECKING:
    from both_engines import Outcome

thorough = settings(
    max_examples=int(os.environ.get("STILLHOUSE_EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def comparable(outcome: Outcome) -> Any:
    """Return what is promised of an outcome: Alembic adds a new column's constraints in any order."""
    return (Counter(outcome.sql.split("\n\n")), outcome.error, outcome.warnings)


@pytest.mark.parametrize("dialect", ALL)
@thorough
@given(table=tables())
def test_tables(dialect, table):
    name, items, options = table

    def case(op: Any) -> None:
        op.create_table(name, *(make() for make in items), **options)

    assert comparable(ours(case, dialect)) == comparable(alembics(case, dialect))


@pytest.mark.parametrize("dialect", ["postgresql", "mysql", "mariadb"])
@thorough
@given(
    table=names,
    column=columns(),
    schema=st.sampled_from([None, "s"]),
    flags=st.fixed_dictionaries(
        {},
        optional={
            "if_not_exists": st.just(True),
            "inline_references": st.booleans(),
            "inline_primary_key": st.just(True),
        },
    ),
)
def test_new_columns(dialect, table, column, schema, flags):
    def case(op: Any) -> None:
        op.add_column(table, column[1](), schema=schema, **flags)

    assert comparable(ours(case, dialect)) == comparable(alembics(case, dialect))


KINDS = st.sampled_from([sa.Integer, sa.Text, sa.DateTime, lambda: sa.String(7), lambda: sa.Numeric(4, 1), sa.Date])
DEFAULTS = st.sampled_from(["x", "it's", lambda: sa.text("now()"), sa.func.now, lambda: sa.text("7")])
CHANGES = st.fixed_dictionaries(
    {"existing_type": KINDS},
    optional={
        "nullable": st.booleans(),
        "type_": KINDS,
        "server_default": st.one_of(st.none(), DEFAULTS),
        "new_column_name": names,
        "existing_nullable": st.booleans(),
        "existing_server_default": st.one_of(st.none(), DEFAULTS),
        "existing_comment": st.just("old"),
        "autoincrement": st.booleans(),
    },
)


@pytest.mark.parametrize("dialect", ALL)
@thorough
@given(table=names, column=names, schema=st.sampled_from([None, "s"]), changes=CHANGES)
def test_changes_of_columns(dialect, table, column, schema, changes):
    # Without any change, Alembic states a DATETIME column of MySQL again, and thereby loses what it was not told.
    assume(any(not name.startswith("existing_") for name in changes))

    def case(op: Any) -> None:
        arguments = {name: made(value) for name, value in changes.items()}
        op.alter_column(table, column, schema=schema, **arguments)

    assert ours(case, dialect) == alembics(case, dialect)


@pytest.mark.parametrize("dialect", ["postgresql", "mysql", "mssql", "oracle"])
@thorough
@given(
    kind=st.sampled_from(["unique", "check", "primary", "foreignkey", "index"]),
    where=st.tuples(st.one_of(st.none(), names), names, st.sampled_from([None, "s"])),
    local=st.lists(names, min_size=1, max_size=3, unique=True),
    rules=st.fixed_dictionaries(
        {},
        optional={
            "ondelete": st.sampled_from(["CASCADE", "SET NULL"]),
            "onupdate": st.just("CASCADE"),
            "deferrable": st.booleans(),
            "initially": st.just("DEFERRED"),
        },
    ),
)
def test_constraints_and_indexes(dialect, kind, where, local, rules):
    name, table, schema = where
    timing = {key: value for key, value in rules.items() if key in {"deferrable", "initially"}}

    def case(op: Any) -> None:
        if kind == "unique":
            op.create_unique_constraint(name, table, local, schema=schema, **timing)
        elif kind == "check":
            op.create_check_constraint(name, table, sa.column(local[0]) > 5, schema=schema, **timing)
        elif kind == "primary":
            op.create_primary_key(name, table, local, schema=schema)
        elif kind == "foreignkey":
            op.create_foreign_key(name, table, "other", local, local, source_schema=schema, **rules)
        else:
            op.create_index(name, table, [*local, sa.func.lower(sa.column(local[0]))], schema=schema)
        if name is not None and kind != "index":
            op.drop_constraint(name, table, type_=kind, schema=schema)

    assert ours(case, dialect) == alembics(case, dialect)
