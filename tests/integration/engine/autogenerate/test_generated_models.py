"""Models made by hypothesis: a database made from the one, compared with the other."""

from __future__ import annotations

import os
from typing import Any

import sqlalchemy as sa
from both_autogenerates import alembic_outcome, differences, our_outcome
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NAMES = st.sampled_from(["a", "b", "c", "d"])
TYPES = st.sampled_from(
    [
        sa.Integer(),
        sa.BigInteger(),
        sa.String(10),
        sa.String(20),
        sa.Text(),
        sa.Numeric(8, 2),
        sa.Boolean(),
        sa.DateTime(),
    ]
)


@st.composite
def columns(draw: Any) -> dict[str, Any]:
    return {
        "type_": draw(TYPES),
        "nullable": draw(st.booleans()),
        "server_default": draw(st.sampled_from([None, "1", "2"])),
        "index": draw(st.booleans()),
    }


@st.composite
def tables(draw: Any) -> dict[str, Any]:
    found = draw(st.dictionaries(NAMES, columns(), max_size=3))
    names = sorted(found)
    return {
        "columns": found,
        "unique": draw(st.lists(st.sampled_from(names), unique=True, max_size=2)) if names else [],
        "parent": draw(st.sampled_from([None, "parent"])),
        "ondelete": draw(st.sampled_from([None, "CASCADE"])),
    }


models = st.dictionaries(st.sampled_from(["t1", "t2", "t3", "t4"]), tables(), max_size=4)


def made(described: dict[str, Any]) -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table("parent", metadata, sa.Column("id", sa.Integer, primary_key=True))
    for name, table in described.items():
        items: list[Any] = [sa.Column(column, **about) for column, about in table["columns"].items()]
        if table["unique"]:
            items.append(sa.UniqueConstraint(*table["unique"], name=f"uq_{name}"))
        if table["parent"]:
            items.append(sa.Column("up", sa.ForeignKey("parent.id", name=f"fk_{name}", ondelete=table["ondelete"])))
        sa.Table(name, metadata, sa.Column("id", sa.Integer, primary_key=True), *items)
    return metadata


@settings(
    max_examples=int(os.environ.get("STILLHOUSE_EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(before=models, after=models, defaults=st.booleans(), batch=st.booleans())
def test_any_two_models_differ_alike_on_sqlite(before, after, defaults, batch):
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        made(before).create_all(connection)
        options = {"compare_server_default": defaults, "render_as_batch": batch}
        theirs = alembic_outcome(connection, made(after), **options)
        ours = our_outcome(connection, made(after), **options)
    engine.dispose()
    found = differences(theirs, ours)
    assert found == {}
