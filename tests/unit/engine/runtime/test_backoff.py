from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from stillhouse_engine.runtime.waiting import Backoff


def test_bounds_grow_by_half_from_half_a_second_to_five():
    bounds = list(Backoff().bounds())
    assert bounds[:3] == [0.5, 0.75, 1.125]
    assert bounds[-1] == 5.0
    assert len(bounds) == 29  # thirty attempts have twenty-nine pauses between them


def test_no_try_starts_after_the_total_time():
    clock = itertools.count(0, 10)
    delays = list(Backoff(total=35).delays(clock=lambda: next(clock), draw=lambda _low, high: high))
    assert len(delays) == 3


@given(st.floats(0, 1))
def test_full_jitter_draws_between_the_pause_and_the_bound(share):
    backoff = Backoff(total=1e9)
    drawn = list(backoff.delays(draw=lambda low, high: low + share * (high - low)))
    assert all(0.4 <= delay <= bound for delay, bound in zip(drawn, backoff.bounds(), strict=True))


def test_a_bound_below_the_pause_is_kept():
    assert list(Backoff(first=0.01, longest=0.01, attempts=3).delays()) == [0.01, 0.01]
