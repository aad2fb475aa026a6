"""Owners and privileges, read only where they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from generated import adopt, exactly, run, same, undo
from mutations_privileges import BASE, MUTATIONS, ROLES

from stillhouse_engine.schema import diff, privileges_fingerprint, repair, take_fingerprint, take_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

    import sqlalchemy as sa
    from generated import State
    from mutations import Mutation


pytestmark = pytest.mark.postgresql
READ = ["tenant", "side"]


@pytest.fixture(scope="module")
def tenant(module_engine: sa.Engine) -> Iterator[sa.Connection]:
    with module_engine.connect() as connection:
        run(connection, *(f"CREATE ROLE {role}" for role in ROLES))
        run(connection, "CREATE SCHEMA tenant", "SET LOCAL search_path TO tenant", *BASE)
        yield connection
        connection.rollback()


@pytest.fixture
def schema(tenant: sa.Connection) -> Iterator[sa.Connection]:
    savepoint = tenant.begin_nested()
    yield tenant
    savepoint.rollback()


def state(connection: sa.Connection) -> State:
    hashes = {"privileges": privileges_fingerprint(connection, schemas=READ)}
    return take_snapshot(connection, schemas=READ, privileges=True), {
        **take_fingerprint(connection, schemas=READ),
        **hashes,
    }


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.title)
def test_a_change_of_privileges_is_named_exactly_and_repaired_and_adopted(
    schema: sa.Connection, mutation: Mutation
) -> None:
    before = state(schema)
    run(schema, *mutation.sql)
    after = state(schema)
    exactly(before, after, mutation.found)
    undo(schema, before[0], after[0])
    same(before, state(schema))
    adopt(schema, before[0], after[0])
    same(after, state(schema))


def test_who_made_an_object_and_for_whom_does_not_count_without_the_option(schema: sa.Connection) -> None:
    before, plain = state(schema), take_snapshot(schema, schemas=READ)
    run(schema, "ALTER TABLE plain OWNER TO alice", "GRANT SELECT ON plain TO carol")
    assert take_snapshot(schema, schemas=READ) == plain
    assert diff(plain, state(schema)[0]) == () == diff(state(schema)[0], plain)
    assert diff(before[0], state(schema)[0]) != ()


def test_what_was_granted_and_taken_back_is_no_drift(schema: sa.Connection) -> None:
    before = state(schema)
    run(schema, "GRANT SELECT ON plain TO alice", "REVOKE SELECT ON plain FROM alice")
    run(schema, "GRANT CREATE ON SCHEMA side TO carol", "REVOKE CREATE ON SCHEMA side FROM carol")
    same(before, state(schema))


def test_a_repair_against_a_schema_without_privileges_keeps_those_that_are_there(schema: sa.Connection) -> None:
    expected = take_snapshot(schema, schemas=READ)
    run(schema, "DROP VIEW shown", "CREATE VIEW shown AS SELECT id, mail, mail AS twice FROM users")
    run(schema, 'GRANT SELECT ON shown TO alice, "Bob: b" WITH GRANT OPTION')
    actual = state(schema)[0]
    held = actual.by_key["view", "shown"].attributes["privileges"]
    run(schema, *(sql for step in repair(diff(expected, actual), expected, actual) for sql in step.sql))
    assert state(schema)[0].by_key["view", "shown"].attributes["privileges"] == held


def test_a_privilege_of_another_grantor_is_reported_and_left_to_people(schema: sa.Connection) -> None:
    before = state(schema)[0]
    run(schema, "SET LOCAL ROLE alice", "GRANT SELECT ON shown TO carol", "RESET ROLE")
    after = state(schema)[0]
    (change,) = diff(before, after)
    assert "carol: SELECT by alice" in change.actual
    (step,) = repair((change,), before, after)
    assert not step.sql
    assert step.reason == "alice granted it, who is not the owner; only that role can take it back"


@pytest.mark.parametrize("sql", ["GRANT CREATE ON DATABASE {database} TO alice", "GRANT SELECT ON plain TO alice"])
def test_a_whole_database_is_compared_with_its_own_privileges(schema: sa.Connection, sql: str) -> None:
    def seen() -> State:
        return take_snapshot(schema, privileges=True), {"privileges": privileges_fingerprint(schema)}

    run(schema, "ALTER DEFAULT PRIVILEGES FOR ROLE carol REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
    before = seen()
    same(before, seen())
    run(schema, sql.format(database=schema.engine.url.database))
    after = seen()
    assert before[1] != after[1]
    assert [change.attribute for change in diff(before[0], after[0])] == ["privileges"]
    undo(schema, before[0], after[0])
    same(before, seen())
