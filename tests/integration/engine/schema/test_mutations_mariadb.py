from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from generated import adopt
from mutations_mariadb import BASE, MUTATIONS, NOT_IN_FINGERPRINT

from stillhouse_engine.schema import diff, repair, take_fingerprint, take_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mutations import Mutation

    import servers

pytestmark = pytest.mark.mariadb


@pytest.fixture
def connection(mariadb_server: servers.MariaDBServer, mariadb_database: Callable[[], str]) -> Iterator[sa.Connection]:
    engine = sa.create_engine(mariadb_server.url(mariadb_database(), driver="pymysql"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        run(connection, *BASE)
        yield connection
        connection.exec_driver_sql("DROP DATABASE IF EXISTS `" + str(connection.engine.url.database) + "`")
    engine.dispose()


def run(connection: sa.Connection, *statements: str) -> None:
    for sql in statements:
        connection.exec_driver_sql(sql.replace("%", "%%"))


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.title)
def test_a_mutation_is_named_exactly_and_repaired_and_adopted(connection: sa.Connection, mutation: Mutation) -> None:
    before, hash_before = take_snapshot(connection), take_fingerprint(connection)
    run(connection, *mutation.sql)
    after, hash_after = take_snapshot(connection), take_fingerprint(connection)
    changes = diff(before, after)
    assert {(c.op, c.kind, c.object, c.attribute) for c in changes} == set(mutation.found)
    if mutation.title not in NOT_IN_FINGERPRINT:
        assert (hash_after != hash_before) == bool(mutation.found)

    steps = repair(changes, before, after)
    assert {name for step in steps for name in step.change_ids if step.sql} == {change.id for change in changes}
    run(connection, *(sql for step in steps for sql in step.sql))
    assert diff(before, take_snapshot(connection)) == ()
    assert take_fingerprint(connection) == hash_before

    adopt(connection, before, after)
    assert diff(after, take_snapshot(connection)) == ()
    assert take_fingerprint(connection) == hash_after


def test_at_least_twenty_five_kinds_of_mutation_are_found() -> None:
    assert sum(bool(mutation.found) for mutation in MUTATIONS) >= 25
