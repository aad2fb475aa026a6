from __future__ import annotations

import contextlib
from types import SimpleNamespace

import pytest

from stillhouse_engine.errors import CommandError
from stillhouse_engine.runtime.poolers import announced_backend, refuse_transaction_pooling


class FakeConnection:
    """A session behind a proxy: announces one backend, and answers from whichever the pool has free."""

    def __init__(self, announced, answers):
        self.answers = iter(answers)
        driver = SimpleNamespace(get_server_pid=lambda: announced)
        self.connection = SimpleNamespace(driver_connection=driver)
        self.others = 0
        self.engine = SimpleNamespace(connect=self.connect_another)

    @contextlib.contextmanager
    def connect_another(self):
        self.others += 1
        yield SimpleNamespace(execute=lambda _: None)

    def scalar(self, _):
        return next(self.answers)

    def commit(self):
        pass


def test_a_direct_connection_is_not_looked_at_twice():
    connection = FakeConnection(announced=7, answers=[])
    refuse_transaction_pooling(connection, 7)
    assert connection.others == 0


def test_a_proxy_that_keeps_the_session_is_fine():
    connection = FakeConnection(announced=123456, answers=[7])
    refuse_transaction_pooling(connection, 7)
    assert connection.others == 1


def test_a_proxy_that_answers_from_another_backend_is_refused():
    with pytest.raises(CommandError, match="pools transactions"):
        refuse_transaction_pooling(FakeConnection(announced=123456, answers=[8]), 7)


@pytest.mark.parametrize(
    ("driver", "pid"),
    [
        (SimpleNamespace(get_server_pid=lambda: 5), 5),
        (SimpleNamespace(get_backend_pid=lambda: 6), 6),
        (SimpleNamespace(info=SimpleNamespace(backend_pid=7)), 7),
        (SimpleNamespace(), None),
    ],
)
def test_each_driver_announces_its_backend_in_its_own_way(driver, pid):
    assert announced_backend(driver) == pid
