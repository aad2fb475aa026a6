from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from stillhouse_orchestrator.drift.keeping import events_of
from stillhouse_orchestrator.values import Change, ChangeOp, DriftReport, DriftStatus, Severity

AT = datetime(2026, 11, 23, tzinfo=UTC)
CHANGE = Change("c1", ChangeOp.EXTRA, "table", "tmp", severity=Severity.WARNING)


def drifted(identity: str = "d1") -> DriftReport:
    return DriftReport("app", DriftStatus.DRIFTED, checked_at=AT, drift_id=identity, changes=(CHANGE,))


def unknown(last: str | None) -> DriftReport:
    return DriftReport("app", DriftStatus.UNKNOWN, checked_at=AT, last_drift_id=last)


IN_SYNC = DriftReport("app", DriftStatus.IN_SYNC, checked_at=AT)


@pytest.mark.parametrize(
    ("reports", "names"),
    [
        ([IN_SYNC, drifted(), drifted(), IN_SYNC], ["drift.detected", "drift.cleared"]),
        ([IN_SYNC, drifted(), drifted("d2"), IN_SYNC], ["drift.detected", "drift.changed", "drift.cleared"]),
        ([drifted(), unknown("d1"), unknown("d1"), IN_SYNC, IN_SYNC], ["drift.cleared"]),
        ([drifted(), unknown("d1"), drifted()], []),
        ([unknown(None), IN_SYNC], []),
    ],
    ids=["found and mended", "another one", "unknown in between", "unknown in between, and still there", "never known"],
)
def test_each_change_of_what_is_known_is_told_once(reports, names):
    told = [event.name.value for before, after in pairwise(reports) for event in events_of(before, after)]
    assert told == names
