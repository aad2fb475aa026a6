from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from generated import adopt
from mutations_sqlite import BASE, MUTATIONS

from stillhouse_engine.schema import diff, repair, take_fingerprint, take_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mutations import Mutation


@pytest.fixture
def connection() -> Iterator[sa.Connection]:
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        run(connection, *BASE)
        yield connection
    engine.dispose()


def run(connection: sa.Connection, *statements: str) -> None:
    for sql in statements:
        connection.exec_driver_sql(sql)


def rows(connection: sa.Connection) -> dict[str, list[object]]:
    return {
        "users": list(connection.exec_driver_sql("SELECT id, mail, name, age FROM users ORDER BY id")),
        "posts": list(connection.exec_driver_sql("SELECT * FROM posts")),
    }


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.title)
def test_a_mutation_is_named_exactly_and_repaired_with_rows_kept_and_adopted(
    connection: sa.Connection, mutation: Mutation
) -> None:
    before, hash_before = take_snapshot(connection), take_fingerprint(connection)
    run(connection, *mutation.sql)
    after, rows_after = take_snapshot(connection), rows(connection)
    changes = diff(before, after)
    assert {(c.op, c.kind, c.object, c.attribute) for c in changes} == set(mutation.found)
    assert (take_fingerprint(connection) != hash_before) == bool(mutation.found)

    steps = repair(changes, before, after)
    assert {name for step in steps for name in step.change_ids if step.sql} == {change.id for change in changes}
    run(connection, *(sql for step in steps for sql in step.sql))
    assert diff(before, take_snapshot(connection)) == ()
    assert rows(connection) == rows_after
    assert list(connection.exec_driver_sql("PRAGMA integrity_check")) == [("ok",)]

    adopt(connection, before, after)
    assert diff(after, take_snapshot(connection)) == ()


def test_a_part_of_a_table_is_not_repaired_when_that_would_undo_another_part(connection: sa.Connection) -> None:
    before = take_snapshot(connection)
    run(connection, "ALTER TABLE plain ADD COLUMN c INTEGER", "ALTER TABLE plain DROP COLUMN b")
    after = take_snapshot(connection)
    chosen = [change for change in diff(before, after) if change.op == "missing"]
    (step,) = repair(chosen, before, after)
    assert step.sql == ()
    assert "column plain.c" in str(step.reason)


def test_what_was_not_chosen_survives_the_making_again_of_its_table(connection: sa.Connection) -> None:
    before = take_snapshot(connection)
    run(
        connection,
        "ALTER TABLE users ADD COLUMN c INTEGER",
        "CREATE INDEX extra_one ON users (name)",
        "DROP INDEX users_age",
    )
    after = take_snapshot(connection)
    chosen = [change for change in diff(before, after) if change.kind == "column"]
    run(connection, *(sql for step in repair(chosen, before, after) for sql in step.sql))
    left = diff(before, take_snapshot(connection))
    assert {(change.op, change.object) for change in left} == {
        ("extra", "users.extra_one"),
        ("missing", "users.users_age"),
    }


def test_at_least_twenty_five_kinds_of_mutation_are_found() -> None:
    assert sum(bool(mutation.found) for mutation in MUTATIONS) >= 25
