from __future__ import annotations

from stillhouse_engine.runtime.record import RunRecord
from stillhouse_engine.runtime.settings import Progress


def finished(revision, *heads):
    return Progress(
        "revision.finished", {"revision": revision, "is_upgrade": True, "seconds": 0.1, "heads": list(heads)}
    )


def test_an_attempt_that_was_rolled_back_leaves_nothing_behind():
    record = RunRecord()
    record.started(())
    record.report(finished("a", "a"))
    record.report(finished("b", "b"))
    record.started(())
    record.report(finished("a", "a"))
    result = record.result()
    assert [revision.revision for revision in result.applied] == ["a"]
    assert (result.from_heads, result.to_heads) == ((), ("a",))


def test_what_an_earlier_attempt_committed_counts():
    record = RunRecord()
    record.started(())
    record.report(finished("a", "a"))
    record.report(finished("b", "b"))
    record.started(("a",))
    record.report(finished("b", "b"))
    result = record.result()
    assert [revision.revision for revision in result.applied] == ["a", "b"]
    assert result.from_heads == ()


def test_what_another_runner_went_on_from_counts():
    record = RunRecord()
    record.started(())
    record.report(finished("a", "a"))
    record.started(("b",))  # another runner has applied b
    record.report(finished("c", "c"))
    record.started(("d",))
    assert [revision.revision for revision in record.result().applied] == ["a", "c"]


def test_progress_is_passed_on():
    seen = []
    record = RunRecord(seen.append)
    record.report(Progress("lock.waiting", {}))
    assert [progress.event for progress in seen] == ["lock.waiting"]
