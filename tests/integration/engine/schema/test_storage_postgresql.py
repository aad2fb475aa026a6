"""A column gets the usual storage of its type back, whatever the type is and becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from generated import adopt, run, same, state, undo

if TYPE_CHECKING:
    import sqlalchemy as sa

pytestmark = pytest.mark.postgresql
READ = ["tenant"]


@pytest.mark.parametrize(
    ("old", "new"),
    [("varchar(7)", "varchar(7)"), ("numeric(8,2)", "numeric(8,2)"), ("text", "varchar(7)"), ("integer", "text")],
)
def test_the_usual_storage_of_a_type(module_engine: sa.Engine, old: str, new: str) -> None:
    with module_engine.connect() as connection:
        run(connection, "CREATE SCHEMA tenant", "SET LOCAL search_path TO tenant", f"CREATE TABLE t (a {old})")
        run(connection, "CREATE TABLE heir () INHERITS (t)")
        before = state(connection, READ)
        run(connection, f"ALTER TABLE t ALTER a TYPE {new}", "ALTER TABLE t ALTER a SET STORAGE EXTERNAL")
        after = state(connection, READ)
        undo(connection, before[0], after[0])
        same(before, state(connection, READ))
        adopt(connection, before[0], after[0])
        same(after, state(connection, READ))
