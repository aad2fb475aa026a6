from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from generated import adopt, exactly, run, same, state, undo
from mutations_dependants import DEPENDANTS

from stillhouse_engine.schema import diff, repair

if TYPE_CHECKING:
    from collections.abc import Iterator

    import sqlalchemy as sa
    from generated import State
    from mutations_dependants import Dependant


pytestmark = pytest.mark.postgresql
READ = ["tenant"]


@pytest.fixture(scope="module")
def connection(module_engine: sa.Engine) -> Iterator[sa.Connection]:
    with module_engine.connect() as connection:
        yield connection


def make(connection: sa.Connection, dependant: Dependant, kind: str) -> State:
    connection.rollback()
    run(connection, "CREATE SCHEMA tenant", "SET LOCAL search_path TO tenant", *dependant.statements(kind))
    return state(connection, READ)


@pytest.mark.parametrize("dependant", DEPENDANTS, ids=lambda dependant: dependant.title)
def test_a_type_is_changed_back_and_forth_under_what_hangs_on_it(
    connection: sa.Connection, dependant: Dependant
) -> None:
    before = make(connection, dependant, dependant.types[0])
    after = make(connection, dependant, dependant.types[1])
    exactly(before, after, dependant.mutation.found)
    if dependant.reason:
        steps = repair(diff(before[0], after[0]), before[0], after[0])
        assert any(dependant.reason in str(step.reason) for step in steps), steps
        return
    undo(connection, before[0], after[0])
    same(before, state(connection, READ))
    adopt(connection, before[0], after[0])
    same(after, state(connection, READ))
