from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from stillhouse_orchestrator.rollouts.pace import FIRST, Pace

if TYPE_CHECKING:
    from collections.abc import Callable


def simulate(seconds_at: Callable[[int], float], migrations: int) -> tuple[Pace, float, int]:
    """Run migrations as wide as the pace says, each as long as the width makes it; return the time and the widest."""
    pace, now, widest, waiting, running = Pace(), 0.0, 0, migrations, list[float]()
    while waiting or running:
        look = pace.look(now) if waiting > pace.width - len(running) else 1.0
        widest = max(widest, pace.width)
        while waiting and len(running) < pace.width:
            heapq.heappush(running, now + seconds_at(len(running) + 1))
            waiting -= 1
        if running[0] <= now + look:
            now = heapq.heappop(running)
            pace.ended()
        else:
            now += look
    return pace, now, widest


def test_where_nothing_is_scarce_it_goes_as_wide_as_there_is_work():
    _, seconds, widest = simulate(lambda _: 0.2, 2_000)
    assert widest >= 64
    assert seconds < 2_000 * 0.2 / FIRST / 5


def test_where_processors_are_busy_it_stays_narrow():
    pace, seconds, widest = simulate(lambda running: 0.015 * max(1, running), 4_000)
    assert widest <= FIRST * 1.5
    assert pace.width <= FIRST * 1.5
    assert seconds < 4_000 * 0.015 * 1.5


def test_long_migrations_are_given_company():
    _, seconds, widest = simulate(lambda _: 600.0, 100)
    assert widest >= 64
    assert seconds < 1_300


def test_it_tries_again_after_a_rest():
    busy = [True]
    pace = Pace()
    now, ended = 0.0, 0.0
    while now < 40:
        now += 0.1
        ended += 0.1 * (40 if busy[0] else 10 * pace.width)
        while ended >= 1:
            pace.ended()
            ended -= 1
        pace.look(now)
        busy[0] = now < 20
    assert pace.width > 16


def test_too_little_work_is_no_evidence():
    pace = Pace()
    for moment in range(100):
        pace.look(float(moment))
        pace.pause()
    assert pace.width == FIRST
