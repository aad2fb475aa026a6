from __future__ import annotations

import sqlite3

import pytest

from stillhouse_engine.runtime.failures import is_lock_conflict, is_sqlite_busy, sqlstate


class DriverError(Exception):
    def __init__(self, *args, **facts):
        super().__init__(*args)
        for name, value in facts.items():
            setattr(self, name, value)


class Wrapped(Exception):  # noqa: N818 - stands for SQLAlchemy's DBAPIError
    def __init__(self, orig):
        super().__init__(str(orig))
        self.orig = orig


@pytest.mark.parametrize(
    ("error", "conflict"),
    [
        (DriverError("canceling statement", sqlstate="55P03"), True),
        (DriverError("deadlock", pgcode="40P01"), True),
        (DriverError("syntax", sqlstate="42601"), False),
        (DriverError(1205, "Lock wait timeout exceeded"), True),
        (DriverError(1213, "Deadlock found"), True),
        (DriverError(1064, "You have an error in your SQL syntax"), False),
        (DriverError("Lock wait timeout exceeded; deadlock; 1205"), False),
        (DriverError(), False),
    ],
)
def test_conflicts_are_told_by_code_and_never_by_text(error, conflict):
    assert is_lock_conflict(error) is conflict
    assert is_lock_conflict(Wrapped(error)) is conflict


def test_a_busy_sqlite_file_is_told_by_its_primary_code():
    assert is_sqlite_busy(DriverError("x", sqlite_errorcode=sqlite3.SQLITE_BUSY_SNAPSHOT))
    assert not is_sqlite_busy(DriverError("database is locked", sqlite_errorcode=sqlite3.SQLITE_CORRUPT))


def test_sqlstate_of_a_wrapped_error():
    assert sqlstate(Wrapped(DriverError(sqlstate="SH001"))) == "SH001"
    assert sqlstate(ValueError("55P03")) is None
