from __future__ import annotations

import itertools

import pytest
import structlog.testing
from hypothesis import given
from hypothesis import strategies as st

from stillhouse_orchestrator.workers.lines import LineSplitter, LineTooLongError
from stillhouse_orchestrator.workers.printed import LINES_PER_SECOND, TAIL_LINES, Printed


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=10))
def test_lines_do_not_depend_on_where_chunks_end(data, cuts):
    splitter, found = LineSplitter(1_000), []
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    for start, end in itertools.pairwise(edges):
        found += splitter.feed(data[start:end])
    assert [*found, splitter.rest()] == data.split(b"\n")


def test_a_line_beyond_the_limit_is_refused():
    splitter = LineSplitter(10)
    assert splitter.feed(b"xxxx") == splitter.feed(b"xxxx") == []
    with pytest.raises(LineTooLongError):
        splitter.feed(b"xxxx")


def test_a_clipped_line_keeps_its_beginning():
    splitter = LineSplitter(5, clip=True)
    assert splitter.feed(b"abcdefgh") == []
    assert splitter.feed(b"ij\nkl\n") == [b"abcde", b"kl"]


def test_a_flood_is_counted_instead_of_logged():
    now = 0.0
    printed = Printed(lambda: now)
    with structlog.testing.capture_logs() as logs:
        printed.feed(b"line\n" * (LINES_PER_SECOND + 50))
        now = 1.0
        printed.feed(b"later\n")
    assert len(logs) == LINES_PER_SECOND + 2
    assert logs[-2]["dropped"] == 50
    assert logs[-1]["line"] == "later"


def test_the_last_lines_are_kept():
    printed = Printed()
    printed.feed(b"".join(b"line %d\n" % number for number in range(50)))
    printed.feed(b"unfinished")
    printed.end()
    lines = printed.text().splitlines()
    assert len(lines) == TAIL_LINES
    assert lines[-2:] == ["line 49", "unfinished"]


def test_a_databases_password_is_hidden():
    printed = Printed()
    printed.hide("postgresql://app:sehrgeheim@db/users")
    printed.feed(b"it is sehrgeheim\n")
    assert printed.text() == "it is ***"
