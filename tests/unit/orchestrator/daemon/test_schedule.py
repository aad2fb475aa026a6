"""Ticks: when they fire after a start, and that none piles up."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from stillhouse_orchestrator.scheduling import Tick, Ticker, Work, WorkQueue, first_run

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@given(
    every=st.floats(1, 86_400),
    ago=st.none() | st.floats(0, 1_000_000),
    chance=st.floats(0, 1),
)
def test_what_was_missed_is_caught_up_soon_and_what_was_not_keeps_its_time(every, ago, chance):
    last = None if ago is None else NOW - timedelta(seconds=ago)
    first = first_run(Tick(Work.DRIFT, every), last, NOW, chance)
    assert first >= NOW
    if last is None or ago >= every:
        assert first <= NOW + timedelta(seconds=5)
    else:
        assert first <= max(last + timedelta(seconds=every), NOW + timedelta(seconds=5))


async def test_a_tick_that_waits_or_runs_is_not_queued_again():
    queue, tick = WorkQueue(), Tick(Work.CENSUS, 60)
    assert queue.put(tick)
    assert not queue.put(tick)
    assert await queue.get() == tick
    assert not queue.put(tick)
    assert queue.busy
    queue.done(tick)
    assert not queue.busy
    assert queue.put(tick)


async def test_the_ticker_fires_on_the_loop_and_follows_a_new_set_of_ticks():
    fired = asyncio.Queue()
    ticker = Ticker(fired.put_nowait)
    ticker.start()
    try:
        due, later = Tick(Work.CENSUS, 3600), Tick(Work.DRIFT, 7200)
        now = datetime.now(UTC)
        ticker.replace([due, later], {due.key: now - timedelta(days=1), later.key: now})
        assert await asyncio.wait_for(fired.get(), 10) == due
        next_times = ticker.next_times()
        assert next_times[later.key] > now + timedelta(hours=1)
        ticker.replace([later], {})
        assert ticker.next_times() == {later.key: next_times[later.key]}
    finally:
        ticker.stop()
