from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillhouse_engine.runtime.specs import DatabaseSpec, ProjectSpec, RenderedRevision, RevisionSummary
from stillhouse_engine.worker.messages import (
    Cancel,
    Close,
    Commit,
    Done,
    Failed,
    Held,
    MessageError,
    Open,
    Problem,
    Progress,
    Ready,
    Refused,
    Rollback,
    Start,
    from_line,
    to_line,
)

words = st.text(max_size=20)
projects = st.builds(
    ProjectSpec, words, st.lists(words, max_size=2).map(tuple), st.none() | words, st.none() | words, words
)
databases = st.builds(
    DatabaseSpec, words, words, st.none() | words, words, lock_timeout=st.floats(0, 9), x_arguments=st.tuples(words)
)
problems = st.builds(Problem, words, words, st.none() | words, st.none() | words, st.none() | st.integers(0, 999))
rendered = st.builds(RenderedRevision, words, st.booleans(), words, st.lists(words, max_size=3).map(tuple))
summaries = st.builds(RevisionSummary, words, st.tuples(words), words, depends_on=st.tuples(words, words))
ids = st.integers(1, 10_000)
messages = st.one_of(
    st.builds(Open, words, st.tuples(words)),
    st.builds(Start, ids, st.sampled_from(["upgrade", "plan"]), projects, databases, st.none() | words, st.none() | st.floats(0, 9)),
    st.builds(Cancel, ids, words),
    st.just(Close()),
    st.builds(Commit, ids),
    st.builds(Rollback, ids, words),
    st.builds(Held, ids),
    st.builds(Ready, ids, words, words, st.booleans()),
    st.builds(Refused, problems),
    st.builds(Progress, ids, words, st.dictionaries(words, words, max_size=2)),
    st.builds(Done, ids, st.tuples(words), applied=st.tuples(words, words), plan=st.tuples(rendered), revisions=st.tuples(summaries)),
    st.builds(Failed, ids, problems, st.sampled_from(["failed", "busy"]), st.none() | st.tuples(words)),
)  # fmt: skip


@given(messages)
def test_every_message_survives_its_way(message):
    line = to_line(message)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert from_line(line) == message


def test_a_reader_ignores_keys_that_it_does_not_know():
    assert from_line(b'{"type": "cancel", "id": 3, "reason": "x", "colour": "red"}') == Cancel(3, "x")


@pytest.mark.parametrize(
    "line",
    [
        b"hello",
        b"[]",
        b"3",
        b'{"type": "party"}',
        b'{"type": "cancel", "id": 3}',
        b'{"type": "cancel", "id": "three", "reason": "x"}',
        b'{"type": "done", "id": 1, "before": "r1"}',
        b'{"type": "failed", "id": 1, "problem": "bad"}',
        b"\xff\xfe",
    ],
)
def test_anything_else_is_not_a_message(line):
    with pytest.raises(MessageError):
        from_line(line)


def test_a_problem_says_where_what_and_what_next():
    problem = Problem("sql", "no such table: users", "r7", "/app/r7_x.py", 12, "DROP TABLE users", "create it first")
    assert str(problem) == (
        "revision r7, /app/r7_x.py:12: no such table: users\n  statement: DROP TABLE users\n  hint: create it first"
    )


def test_a_line_is_plain_json():
    assert json.loads(to_line(Close())) == {"type": "close"}
