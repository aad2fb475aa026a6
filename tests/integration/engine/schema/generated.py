"""What the tests over generated schemas share: how many there are, odd names, and the round trip itself.

The suite makes the same few every time; ``python3 dev.py fuzz 500`` makes five hundred others of each.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from stillhouse_engine.operations import Operations
from stillhouse_engine.runtime.migration import MigrationContext
from stillhouse_engine.schema import Snapshot, bodies, diff, repair, take_fingerprint, take_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hypothesis.strategies import DrawFn
    from mutations import Mutation

WORDS = ("plain", "Mixed", "with space", 'quo"te', "select", "naïve", "per%cent", "co:lon", "apos'trophe", "back\\slash", "user", "d.ot", "back`tick", "select *", "--", "/*", "${x}", "ナメ", "?", "(", "a, b", "NULL", "]")  # fmt: skip

State = tuple[Snapshot, dict[str, str]]


def examples(fewest: int) -> settings:
    chosen = os.environ.get("STILLHOUSE_EXAMPLES")
    return settings(
        max_examples=int(chosen or fewest),
        derandomize=chosen is None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


class Made:
    """A schema in the making: its statements, and the ways to change it by hand."""

    def __init__(self, draw: DrawFn) -> None:
        self.draw = draw
        self.sql: list[str] = []
        self.mutations: list[Mutation] = []
        self.count = 0

    def name(self) -> str:
        self.count += 1
        return f"{self.draw(st.sampled_from(WORDS))}{self.count}"

    def chance(self) -> bool:
        return self.draw(st.booleans())

    def pick(self, *values):
        return self.draw(st.sampled_from(values))

    def run(self, *sql: str) -> None:
        self.sql += sql

    def may(self, *mutations: Mutation) -> None:
        self.mutations += mutations


def run(connection: sa.Connection, *statements: str) -> None:
    """Run statements as they stand: a percent sign is no placeholder."""
    for sql in statements:
        connection.exec_driver_sql(sql, execution_options={"no_parameters": True})


def state(connection: sa.Connection, schemas: Sequence[str] | None = None) -> State:
    return take_snapshot(connection, schemas=schemas), dict(take_fingerprint(connection, schemas=schemas))


def same(expected: State, found: State) -> None:
    """Make sure that two states agree, for the snapshot and for the server's own hash."""
    assert not (left := diff(expected[0], found[0])), left
    assert found[1] == expected[1], "the snapshots agree, and the fingerprints do not"


def exactly(before: State, after: State, expected: Iterable[tuple[str, str, str, str | None]]) -> None:
    """Make sure that a mutation is named, and nothing else."""
    found = {(change.op, change.kind, change.object, change.attribute) for change in diff(before[0], after[0])}
    assert found == set(expected), (found, set(expected))
    assert before[1] != after[1]


def undo(connection: sa.Connection, expected: Snapshot, actual: Snapshot) -> None:
    """Repair everything."""
    changes = diff(expected, actual)
    steps = repair(changes, expected, actual)
    assert {name for step in steps for name in step.change_ids} == {change.id for change in changes}
    assert not (by_hand := [step.reason for step in steps if not step.sql]), by_hand
    run(connection, *(sql for step in steps for sql in step.sql))


class HeldOperations:
    """Operations inside a transaction that the test holds: an autocommit block would end it."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def get_context(self) -> HeldOperations:
        return self

    def autocommit_block(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def execute(self, statement: str) -> None:
        self._operations.execute(statement)


def adopt(connection: sa.Connection, before: Snapshot, after: Snapshot) -> None:
    """Upgrade a sibling from one schema to another, by the words that would be written into the revision's file."""
    steps = bodies.between(before, after)
    assert not (by_hand := [step.reason for step in steps if not step.sql]), by_hand
    names = {"sa": sa, "op": HeldOperations(Operations(MigrationContext.configure(connection)))}
    exec(compile(f"def upgrade():\n    {bodies.body(steps)}\n", "revision.py", "exec"), names)
    names["upgrade"]()
