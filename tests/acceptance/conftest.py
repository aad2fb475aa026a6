"""Houses and daemons for the tests of the real command line."""

from __future__ import annotations

import pytest
from houses import Daemon, House

import servers


@pytest.fixture
def house(tmp_path) -> House:
    return House(tmp_path)


@pytest.fixture
def first(tmp_path) -> House:
    """What `stillhouse init` leaves."""
    made = House(tmp_path / "first")
    made.folder.mkdir()
    made.ok("init")
    return made


@pytest.fixture
def serve():
    """Return a function that starts daemons; they end with the test."""
    running: list[Daemon] = []

    def start(house: House, *arguments: str, env=None) -> Daemon:
        running.append(Daemon(house, *arguments, env=env))
        return running[-1]

    yield start
    for daemon in running:
        if daemon.process.poll() is None:
            daemon.kill()
        daemon.process.stderr.close()
        daemon.manager.close()


@pytest.fixture
def port() -> int:
    return servers.free_port()
