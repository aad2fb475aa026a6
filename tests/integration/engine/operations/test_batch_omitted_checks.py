"""Promise: a batch on SQLite warns of the same reflected CHECKs as Alembic, which have no name and are left out."""

from __future__ import annotations

import warnings

import pytest
import sqlalchemy as sa
from online_runs import ENGINES


def check(name: str | None = None) -> sa.CheckConstraint:
    return sa.CheckConstraint("a > 5", name=name)


CASES = {
    "one": ("CHECK (a > 5)", {}),
    "two and a named one": ("CHECK (a > 5), CHECK (b > 5), CONSTRAINT ck CHECK (a > 6)", {}),
    "of a boolean": ("CHECK (b IN (0, 1))", {}),
    "of a boolean that is stated": (
        "CHECK (b IN (0, 1))",
        {"reflect_args": lambda: [sa.Column("b", sa.Boolean(create_constraint=True))]},
    ),
    "in reflect_args": ("CHECK (a > 5)", {"reflect_args": lambda: [check()]}),
    "stated again": ("CHECK (a > 5), CHECK (b > 5)", {"table_args": lambda: [check("ck")]}),
    "stated again without a name": ("CHECK (a > 5)", {"table_args": lambda: [check()]}),
    "beside another constraint": ("CHECK (a > 5)", {"table_args": lambda: [sa.UniqueConstraint("a", name="uq")]}),
    "named by a convention": (
        "CHECK (a > 5)",
        {"naming_convention": lambda: {"ck": "ck_%(table_name)s_%(column_0_name)s"}},
    ),
    "stated in copy_from": (
        "CHECK (a > 5)",
        {"copy_from": lambda: sa.Table("t", sa.MetaData(), sa.Column("a", sa.Integer), check())},
    ),
    "without a new table": ("CHECK (a > 5)", {"recreate": lambda: "never"}),
}


def said(engine: str, checks: str, options: dict) -> list[str]:
    context_class, operations_class = ENGINES[engine]
    database = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    with database.begin() as connection, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        connection.exec_driver_sql(f"CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b BOOLEAN, {checks})")
        operations = operations_class(context_class.configure(connection))
        arguments = {name: value() for name, value in options.items()}
        with operations.batch_alter_table("t", **{"recreate": "always", **arguments}) as batch:
            batch.add_column(sa.Column("c", sa.Integer))
    database.dispose()
    return [str(warning.message) for warning in caught if warning.category is UserWarning]


@pytest.mark.parametrize("name", CASES)
def test_what_is_left_out_is_warned_of_as_by_alembic(name):
    assert said("stillhouse", *CASES[name]) == said("alembic", *CASES[name])


def test_a_check_without_a_name_is_not_lost_silently():
    assert "Unnamed CHECK constraint on reflected table 't'" in said("stillhouse", *CASES["one"])[0]
