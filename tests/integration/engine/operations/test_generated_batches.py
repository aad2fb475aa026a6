"""Promise: whatever a batch does to a table on SQLite, what is left is what Alembic leaves, row for row."""

from __future__ import annotations

import os
import warnings
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from online_runs import ENGINES
from schema_dump import dump

COLUMNS = ("a", "b", "c", "d")
BEFORE = (
    "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
    "INSERT INTO parent VALUES (1), (2)",
    """CREATE TABLE t (
        id INTEGER PRIMARY KEY, a INTEGER, b VARCHAR(20) DEFAULT 'bee' NOT NULL, c NUMERIC(8, 2), d INTEGER,
        CONSTRAINT uq_bc UNIQUE (b, c), CONSTRAINT ck_id CHECK (id > 0),
        CONSTRAINT fk_d FOREIGN KEY (d) REFERENCES parent (id), UNIQUE (a)
    )""",
    "CREATE INDEX ix_c ON t (c)",
    "CREATE UNIQUE INDEX ix_ac ON t (a, c)",
    "INSERT INTO t VALUES (1, 10, 'x', 1.5, 1), (2, 20, 'y', 2.5, 2), (3, NULL, 'z', NULL, NULL)",
)
column = st.sampled_from(COLUMNS)
several = st.lists(column, min_size=1, max_size=2, unique=True)
kinds = st.sampled_from([sa.Integer, sa.Text, lambda: sa.String(50), sa.Float])
steps = st.one_of(
    st.tuples(st.just("alter"), column, st.fixed_dictionaries(
        {}, optional={"nullable": st.just(True), "type_": kinds, "server_default": st.sampled_from([None, "9", "it's"])}
    )),
    st.tuples(st.just("rename"), column),
    st.tuples(st.just("add"), st.sampled_from(["n", "m"]), st.sampled_from([None, "a", "id"]), kinds),
    st.tuples(st.just("unique"), several),
    st.tuples(st.just("index"), several, st.booleans()),
    st.tuples(st.just("check"), st.sampled_from(["id < 100", "1 = 1"])),
    st.tuples(st.just("key"), column),
    st.tuples(st.just("drop constraint"), st.sampled_from(["uq_bc", "ck_id", "fk_d", "nope"])),
    st.tuples(st.just("drop index"), st.sampled_from(["ix_c", "ix_ac", "nope"])),
)  # fmt: skip


def take(batch: Any, number: int, step: Any) -> None:
    match step:
        case "alter", name, changes:
            batch.alter_column(name, **{key: value() if callable(value) else value for key, value in changes.items()})
        case "rename", name:
            batch.alter_column(name, new_column_name=f"{name}{number}")
        case "add", name, after, kind:
            batch.add_column(sa.Column(f"{name}{number}", kind(), server_default="5"), insert_after=after)
        case "unique", names:
            batch.create_unique_constraint(f"uq_{number}", names)
        case "index", names, unique:
            batch.create_index(f"ix_{number}", names, unique=unique)
        case "check", condition:
            batch.create_check_constraint(f"ck_{number}", condition)
        case "key", name:
            batch.create_foreign_key(f"fk_{number}", "parent", [name], ["id"])
        case "drop constraint", name:
            batch.drop_constraint(name)
        case "drop index", name:
            batch.drop_index(name)


def placed_by_alter(chosen: list[Any], recreate: str) -> bool:
    """Tell whether a new column wants a place; Alembic refuses that or not, depending on what stands before it."""
    return recreate == "auto" and any(step[0] == "add" and step[2] for step in chosen)


def left(engine_name: str, chosen: list[Any], recreate: str) -> Any:
    context_class, operations_class = ENGINES[engine_name]
    engine = sa.create_engine("sqlite://")
    with warnings.catch_warnings(), engine.connect() as connection:
        warnings.simplefilter("ignore")
        for statement in BEFORE:
            connection.exec_driver_sql(statement)
        connection.commit()
        error = None
        try:
            operations = operations_class(context_class.configure(connection))
            with operations.batch_alter_table("t", recreate=recreate) as batch:
                for number, step in enumerate(chosen):
                    take(batch, number, step)
        except Exception as failure:  # noqa: BLE001 - whatever it is, both engines must raise the same
            error = (type(failure).__name__, str(getattr(failure, "orig", failure)))
        found = dump(connection)
        if engine_name == "alembic":
            found.pop("_alembic_tmp_t", None)  # it leaves the temporary table of a batch that failed
    engine.dispose()
    return found, error


@settings(
    max_examples=int(os.environ.get("STILLHOUSE_EXAMPLES", "150")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(chosen=st.lists(steps, min_size=1, max_size=5), recreate=st.sampled_from(["auto", "always"]))
def test_a_batch_leaves_what_alembic_leaves(chosen, recreate):
    assume(not placed_by_alter(chosen, recreate))
    assert left("stillhouse", chosen, recreate) == left("alembic", chosen, recreate)
