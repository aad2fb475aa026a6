"""Fixtures that every test folder shares: real servers, one per test process, and fresh databases on them."""

from __future__ import annotations

import itertools
import logging
import os
import signal
from functools import partial
from typing import TYPE_CHECKING

import hypothesis
import pytest
import sqlalchemy as sa

import servers

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

counter = itertools.count(1)

# No test may fail because the machine was slow; what CI runs is the same every time, what a developer runs explores.
hypothesis.settings.register_profile(
    "stillhouse",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("stillhouse")

# A shell's background job ignores Ctrl-C, and so would the commands that its tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """Take away what an env.py has attached to the output of its test: it would complain into a later test's."""
    result = yield
    for logger in (logging.root, *logging.root.manager.loggerDict.values()):
        for handler in tuple(getattr(logger, "handlers", ())):
            if getattr(getattr(handler, "stream", None), "closed", False):
                logger.removeHandler(handler)  # type: ignore[union-attr]
    return result


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[servers.PostgresServer]:
    with servers.postgres() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[servers.MariaDBServer]:
    if os.environ.get("CI") is None:
        try:
            context = servers.mariadb()
            server = context.__enter__()
        except servers.ServerUnavailableError as error:
            pytest.skip(str(error))
    else:
        context = servers.mariadb()
        server = context.__enter__()
    try:
        yield server
    finally:
        context.__exit__(None, None, None)


@pytest.fixture(scope="session")
def postgres_admin(postgres_server: servers.PostgresServer) -> Iterator[sa.Engine]:
    engine = sa.create_engine(postgres_server.url(driver="psycopg"), isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def mariadb_admin(mariadb_server: servers.MariaDBServer) -> Iterator[sa.Engine]:
    engine = sa.create_engine(mariadb_server.url(driver="pymysql"), isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


def make_database(admin: sa.Engine) -> str:
    """Make an empty database and return its name."""
    name = f"db_{next(counter)}_{os.getpid()}"
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    return name


@pytest.fixture
def postgres_database(postgres_admin: sa.Engine) -> Callable[[], str]:
    """Return a function that makes an empty PostgreSQL database and returns its name."""
    return partial(make_database, postgres_admin)


@pytest.fixture
def mariadb_database(mariadb_admin: sa.Engine) -> Callable[[], str]:
    """Return a function that makes an empty MariaDB database and returns its name."""
    return partial(make_database, mariadb_admin)


@pytest.fixture(scope="module")
def module_engine(postgres_server: servers.PostgresServer, postgres_admin: sa.Engine) -> Iterator[sa.Engine]:
    """Yield an engine for a PostgreSQL database that the tests of one module share."""
    engine = sa.create_engine(postgres_server.url(make_database(postgres_admin), driver="psycopg"))
    yield engine
    engine.dispose()
