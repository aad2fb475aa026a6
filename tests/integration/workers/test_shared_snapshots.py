"""Siblings that arrive together are read once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from stillhouse_engine.schema import SchemaError
from stillhouse_engine.worker import sharing
from stillhouse_engine.worker.sharing import SharedSnapshots


@pytest.fixture
def siblings(tmp_path):
    engines = [sa.create_engine(f"sqlite:///{tmp_path}/{number}.db") for number in range(4)]
    for engine in engines:
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    yield engines
    for engine in engines:
        engine.dispose()


def take_all(shared, engines):
    def take(engine):
        with engine.connect() as connection:
            return shared.take(connection, None, ())

    with ThreadPoolExecutor(len(engines)) as pool:
        return list(pool.map(take, engines))


def test_those_that_agree_wait_for_the_one_that_reads(siblings, monkeypatch):
    reads, read = [], sharing.take_snapshot

    def slow(*arguments, **keywords):
        reads.append(1)
        time.sleep(0.1)
        return read(*arguments, **keywords)

    monkeypatch.setattr(sharing, "take_snapshot", slow)
    taken = take_all(SharedSnapshots(), siblings)
    assert len(reads) == 1
    assert all(each is taken[0] for each in taken)


def test_one_that_cannot_be_read_holds_nobody_up(siblings, monkeypatch):
    def broken(*_arguments, **_keywords):
        raise SchemaError("no")

    monkeypatch.setattr(sharing, "take_snapshot", broken)
    shared = SharedSnapshots()
    with pytest.raises(SchemaError):
        take_all(shared, siblings)
    monkeypatch.undo()
    assert len(take_all(shared, siblings)) == len(siblings)
