"""Two runners never migrate one database at once, and who waits is told who holds the lock."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from stillhouse_engine.errors import LockBusyError
from stillhouse_engine.runtime.locks import LockName, session_lock
from stillhouse_engine.runtime.session import MigrationSession
from stillhouse_engine.runtime.settings import RunSettings

NAME = LockName(None, "alembic_version")


@pytest.fixture(params=["postgresql", "mariadb"])
def engine(request):
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres_server")
        url = server.url(request.getfixturevalue("postgres_database")(), "psycopg")
    else:
        server = request.getfixturevalue("mariadb_server")
        url = server.url(request.getfixturevalue("mariadb_database")(), "pymysql")
    engine = sa.create_engine(url)  # keeps its connections, so that what a session sets has to be set back
    yield engine
    engine.dispose()


def session(connection, name=NAME, **settings):
    return MigrationSession(connection, name, RunSettings(**settings), in_transaction=connection.in_transaction())


def test_the_second_runner_is_refused_and_told_who_holds_the_lock(engine):
    progress = []
    with engine.connect() as first, engine.connect() as second:
        holder = session(first)
        holder.open()
        assert not first.in_transaction()
        with pytest.raises(LockBusyError) as caught:
            session(second, lock_wait=0.2, report=progress.append).open()
        number = {"postgresql": "SELECT pg_backend_pid()"}.get(engine.dialect.name, "SELECT connection_id()")
        assert str(first.scalar(sa.text(number))) in caught.value.blocker
        assert [one.event for one in progress]
        assert progress[0].facts["holder"]
        holder.close()
        session(second, lock_wait=0).open()


def test_a_lock_dies_with_its_holder(engine):
    first = engine.connect()
    session(first).open()
    first.invalidate()
    first.close()
    with engine.connect() as second:
        session(second, lock_wait=10).open()


def test_other_version_tables_and_other_schemas_are_other_locks(engine):
    with engine.connect() as first, engine.connect() as second:
        session(first).open()
        session(second, LockName(None, "other"), lock_wait=0).open()
        session(second, LockName("elsewhere", "alembic_version"), lock_wait=0).open()


def test_whoever_waits_gets_the_lock_when_it_is_free(engine):
    waiting, got = threading.Event(), threading.Event()

    def second_runner():
        with engine.connect() as second:
            one = session(second, lock_wait=30, report=lambda _: waiting.set())
            one.open()
            got.set()
            one.close()

    with engine.connect() as first:
        holder = session(first)
        holder.open()
        thread = threading.Thread(target=second_runner)
        thread.start()
        assert waiting.wait(10)
        assert not got.is_set()
        holder.close()
        thread.join(30)
    assert got.is_set()


def test_limits_are_set_for_the_run_and_set_back_after_it(engine):
    postgres = engine.dialect.name == "postgresql"
    show = sa.text("SHOW lock_timeout" if postgres else "SELECT @@SESSION.lock_wait_timeout")
    with engine.connect() as connection:
        before = connection.scalar(show)
        connection.commit()
        one = session(connection, lock_timeout=0.5, statement_timeout=30)
        one.open()
        assert str(connection.scalar(show)) == ("500ms" if postgres else "1")
        connection.rollback()
        one.close()
        assert connection.scalar(show) == before


def test_a_waiter_keeps_no_snapshot_between_polls(postgres_server, postgres_database):
    engine = sa.create_engine(postgres_server.url(postgres_database(), "psycopg"), poolclass=NullPool)
    states = []
    with engine.connect() as first, engine.connect() as second, engine.connect() as watcher:
        session(first).open()
        pid = second.connection.driver_connection.info.backend_pid
        query = sa.text("SELECT state FROM pg_stat_activity WHERE pid = :pid")

        def look(_progress):
            states.append(watcher.scalar(query, {"pid": pid}))
            watcher.rollback()

        with pytest.raises(LockBusyError):
            session(second, lock_wait=0.3, report=look).open()
    assert states
    assert set(states) == {"idle"}


def test_a_lock_inside_somebody_elses_transaction_ends_with_it(postgres_server, postgres_database):
    engine = sa.create_engine(postgres_server.url(postgres_database(), "psycopg"), poolclass=NullPool)
    with engine.connect() as first, engine.connect() as second:
        transaction = first.begin()
        one = session(first)
        one.open()
        one.close()
        assert transaction.is_active
        lock = session_lock(second, NAME)
        assert not lock.try_acquire()
        transaction.commit()
        assert lock.try_acquire()


def test_the_search_path_names_the_schema_alone(postgres_server, postgres_database):
    engine = sa.create_engine(postgres_server.url(postgres_database(), "psycopg"), poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text('CREATE SCHEMA "te""nant"'))
        connection.commit()
        session(connection, schema='te"nant').open()
        assert connection.scalar(sa.text("SELECT current_schemas(false)")) == ['te"nant']
