"""A table that inherits is made while what it inherits from still changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from generated import adopt, run, same, state, undo

if TYPE_CHECKING:
    import sqlalchemy as sa

pytestmark = pytest.mark.postgresql
READ = ["tenant"]


@pytest.mark.parametrize(
    ("base", "heir"),
    [
        ("PARTITION BY RANGE (id)", "PARTITION OF t FOR VALUES FROM (MINVALUE) TO (0)"),
        ("", "() INHERITS (t)"),
    ],
)
@pytest.mark.parametrize(("old", "new"), [("NULL", "7"), ("7", "NULL"), ("7", "8")])
def test_a_default_changes_where_a_new_heir_takes_it_from(
    module_engine: sa.Engine, base: str, heir: str, old: str, new: str
) -> None:
    with module_engine.connect() as connection:
        run(connection, "CREATE SCHEMA tenant", "SET LOCAL search_path TO tenant")
        run(connection, f"CREATE TABLE t (id integer, a integer DEFAULT {old}) {base}")
        before = state(connection, READ)
        run(connection, f"ALTER TABLE t ALTER COLUMN a SET DEFAULT {new}", f"CREATE TABLE heir {heir}")
        after = state(connection, READ)
        undo(connection, before[0], after[0])
        same(before, state(connection, READ))
        adopt(connection, before[0], after[0])
        same(after, state(connection, READ))
