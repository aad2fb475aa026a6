"""The service manager's protocol, spoken to a real datagram socket."""

from __future__ import annotations

import os
import socket

import pytest

from stillhouse_orchestrator.notify import Notifier


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    name = str(tmp_path / "notify") if request.param == "path" else f"@stillhouse-{os.getpid()}-{tmp_path.name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + name[1:] if name.startswith("@") else name)
        listener.settimeout(5)
        yield name, lambda: listener.recv(4096).decode().split("\n")


def test_each_message_is_one_datagram_of_assignments(manager):
    name, receive = manager
    notifier = Notifier.from_environment({"NOTIFY_SOCKET": name})
    notifier.ready("3 targets")
    assert receive() == ["READY=1", "STATUS=3 targets"]
    notifier.alive()
    assert receive() == ["WATCHDOG=1"]
    notifier.reloading()
    reloading, stamp, _status = receive()
    assert reloading == "RELOADING=1"
    assert stamp.startswith("MONOTONIC_USEC=")
    notifier.stopping("bye")
    assert receive() == ["STOPPING=1", "STATUS=bye"]


def test_a_manager_that_does_not_read_stops_nobody(manager):
    name, receive = manager
    notifier = Notifier(name)
    for _ in range(2000):
        notifier.alive()
    assert receive() == ["WATCHDOG=1"]


def test_without_a_manager_nothing_is_sent_and_nothing_fails():
    Notifier.from_environment({}).ready("fine")
    Notifier("/nowhere/at/all").ready("fine")


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_ours_only_when_the_manager_says_so(environment, seconds):
    assert Notifier.from_environment(environment).watchdog == seconds
