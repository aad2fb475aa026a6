from __future__ import annotations

import pytest

from stillhouse_engine.runtime.plan_keys import frozen, options_key
from stillhouse_engine.runtime.recorder import leaves_transaction
from stillhouse_engine.runtime.recordings import Recordings, SentStatement
from stillhouse_engine.runtime.replay import UNSTEADY

RECORDED = {("r1", True): (SentStatement("SELECT 1"),)}


def test_a_recording_is_found_under_its_plan_only():
    recordings = Recordings()
    recordings.keep("plan", RECORDED)
    assert recordings.find("plan") == RECORDED
    assert recordings.find("other") == {}


def test_an_old_recording_is_gone():
    now = [0.0]
    recordings = Recordings(lifetime=10.0, clock=lambda: now[0])
    recordings.keep("plan", RECORDED)
    now[0] = 10.5
    assert recordings.find("plan") == {}
    assert len(recordings) == 0


def test_the_plan_unused_for_longest_goes_first():
    recordings = Recordings(most=2)
    recordings.keep("a", RECORDED)
    recordings.keep("b", RECORDED)
    recordings.find("a")
    recordings.keep("c", RECORDED)
    assert [bool(recordings.find(plan)) for plan in "abc"] == [True, False, True]


def test_a_run_that_recorded_nothing_leaves_nothing():
    recordings = Recordings()
    recordings.keep("plan", {})
    assert len(recordings) == 0


@pytest.mark.parametrize(
    "text",
    ["COMMIT", " -- done\n commit", "/* x */ BEGIN", "SELECT 1; ROLLBACK", "VACUUM t", "PRAGMA foreign_keys = off"],
)
def test_statements_that_leave_the_transaction_are_seen(text):
    assert leaves_transaction(text)


@pytest.mark.parametrize(
    "text",
    ["CREATE TABLE commits (id INT)", "DO $$ BEGIN PERFORM 1; END $$", "CREATE FUNCTION f() AS $x$ a; COMMIT; $x$"],
)
def test_statements_that_stay_in_it_are_left_alone(text):
    assert not leaves_transaction(text)


@pytest.mark.parametrize(
    "line", ["import uuid", "from datetime import datetime", "import json, os", "    import random"]
)
def test_modules_that_answer_otherwise_each_time_are_seen(line):
    assert UNSTEADY.search(f"import sqlalchemy as sa\n{line}\n")


@pytest.mark.parametrize(
    "line", ["import sqlalchemy", "from timeline import x", "# import os", "from app.models import uuid_type"]
)
def test_other_modules_are_left_alone(line):
    assert not UNSTEADY.search(line)


def test_options_count_by_value_or_by_identity():
    class Metadata: ...

    one = Metadata()
    assert frozen({"a": [1, "x"]}) == frozen({"a": [1, "x"]})
    assert frozen(1) != frozen(True)
    assert options_key({"target_metadata": one}) == options_key({"target_metadata": one})
    assert options_key({"target_metadata": one}) != options_key({"target_metadata": Metadata()})
    assert options_key({"include_object": one}) == options_key({})
