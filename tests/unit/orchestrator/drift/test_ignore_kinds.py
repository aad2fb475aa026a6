"""A rule for a kind of object that does not exist would cover nothing, and is refused."""

from __future__ import annotations

import pytest

from stillhouse_config import FleetValueError
from stillhouse_config.drift import KINDS, parse_kind
from stillhouse_engine.schema.mysql import reader as mysql
from stillhouse_engine.schema.postgresql import reader as postgresql
from stillhouse_engine.schema.sqlite import reader as sqlite


def test_the_kinds_of_rules_are_the_kinds_that_are_compared():
    assert set(KINDS) == {*mysql.COMPARED, *postgresql.COMPARED, *sqlite.COMPARED}


def test_a_misspelt_kind_is_refused_with_the_right_one():
    with pytest.raises(FleetValueError) as raised:
        parse_kind("tabel")

    assert raised.value.hint == "did you mean 'table'?"
