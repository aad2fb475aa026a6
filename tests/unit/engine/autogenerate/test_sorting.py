"""Promise: the models' tables come in SQLAlchemy's order, only sooner."""

from __future__ import annotations

import warnings

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from stillhouse_engine.autogenerate.sorting import sorted_tables

NAMES = "abcdefgh"


def models(references: list[tuple[str, str, bool]]) -> sa.MetaData:
    metadata = sa.MetaData()
    for name in NAMES:
        keys = [
            sa.Column(f"to_{target}", sa.ForeignKey(f"{target}.id", use_alter=later, name=f"fk_{name}_{target}"))
            for source, target, later in references
            if source == name
        ]
        sa.Table(name, metadata, sa.Column("id", sa.Integer, primary_key=True), *keys)
    return metadata


@given(
    st.lists(
        st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES), st.booleans()),
        unique_by=lambda each: each[:2],
        max_size=12,
    )
)
def test_the_order_is_sqlalchemys(references):
    metadata = models(references)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sa.exc.SAWarning)
        assert list(sorted_tables(metadata)) == list(metadata.sorted_tables)


def test_dependencies_that_are_no_references_count():
    metadata = models([])
    metadata.tables["a"].add_is_dependent_on(metadata.tables["h"])
    assert list(sorted_tables(metadata)) == list(metadata.sorted_tables)


def test_a_reference_that_leads_nowhere_is_an_error_as_ever():
    metadata = sa.MetaData()
    sa.Table("a", metadata, sa.Column("b", sa.ForeignKey("nowhere.id")))
    with pytest.raises(sa.exc.NoReferencedTableError):
        sorted_tables(metadata)
