from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from generated import adopt
from mutations_postgresql import BASE, MUTATIONS

from stillhouse_engine.schema import Snapshot, diff, repair, take_fingerprint, take_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

    import sqlalchemy as sa
    from mutations import Mutation


pytestmark = pytest.mark.postgresql


@pytest.fixture(scope="module")
def tenant(module_engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection whose transaction holds a schema with one of everything, and is rolled back."""
    with module_engine.connect() as connection:
        run(connection, "CREATE SCHEMA tenant", "SET LOCAL search_path TO tenant", *BASE)
        yield connection
        connection.rollback()


@pytest.fixture
def schema(tenant: sa.Connection) -> Iterator[sa.Connection]:
    savepoint = tenant.begin_nested()
    yield tenant
    savepoint.rollback()


def snapshot(connection: sa.Connection) -> Snapshot:
    return take_snapshot(connection, schemas=["tenant"])


def fingerprint(connection: sa.Connection) -> str:
    return take_fingerprint(connection, schemas=["tenant"])["tenant"]


def run(connection: sa.Connection, *statements: str) -> None:
    for sql in statements:
        connection.exec_driver_sql(sql)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.title)
def test_a_mutation_is_named_exactly_and_repaired_and_adopted(schema: sa.Connection, mutation: Mutation) -> None:
    before, hash_before = snapshot(schema), fingerprint(schema)
    run(schema, *mutation.sql)
    after, hash_after = snapshot(schema), fingerprint(schema)
    changes = diff(before, after)
    assert {(c.op, c.kind, c.object, c.attribute) for c in changes} == set(mutation.found)
    assert (hash_after != hash_before) == bool(mutation.found)

    steps = repair(changes, before, after)
    assert {name for step in steps for name in step.change_ids if step.sql or step.reason} == {c.id for c in changes}
    if not mutation.repaired:
        return
    assert all(step.sql for step in steps), [step.reason for step in steps]
    run(schema, *(sql for step in steps for sql in step.sql))
    assert diff(before, snapshot(schema)) == ()
    assert fingerprint(schema) == hash_before

    if not mutation.adopted:
        with pytest.raises(AssertionError, match="nothing makes one so"):
            adopt(schema, before, after)
        return
    adopt(schema, before, after)
    assert diff(after, snapshot(schema)) == ()
    assert fingerprint(schema) == hash_after


def test_at_least_sixty_kinds_of_mutation_are_found() -> None:
    assert sum(bool(mutation.found) for mutation in MUTATIONS) >= 60
    assert len({mutation.title for mutation in MUTATIONS}) == len(MUTATIONS)
