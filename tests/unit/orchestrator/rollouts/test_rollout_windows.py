"""Windows hold targets back by local time, also in the nights in which clocks change."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from stillhouse_config import Selector
from stillhouse_config.windows import Window
from stillhouse_orchestrator.rollouts.windows import Shut, held

BERLIN = ZoneInfo("Europe/Berlin")
UTC = ZoneInfo("UTC")
TARGETS = {
    name: SimpleNamespace(name=name, matches=lambda selector, labels=labels, name=name: selector.matches(name, labels))
    for name, labels in {"shop": {"env": "production"}, "test": {"env": "staging"}}.items()
}


def reasons(window, moment):
    return held({"nights": window}, TARGETS, TARGETS, moment)


def berlin(*when, fold=0):
    return datetime(*when, tzinfo=BERLIN, fold=fold).astimezone(UTC)


def test_only_targets_that_a_window_matches_are_held_and_told_why():
    window = Window(deny="2000-01-01..2100-01-01", match="env=production")
    assert reasons(window, berlin(2026, 11, 23, 12)) == {"shop": "the window nights is shut"}
    assert isinstance(window.match, Selector)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        (berlin(2026, 11, 23, 21, 59), False),  # a Monday
        (berlin(2026, 11, 23, 22), True),
        (berlin(2026, 11, 24, 4, 59), True),
        (berlin(2026, 11, 24, 5), False),
        (berlin(2026, 11, 21, 22, 30), False),  # a Saturday
        (berlin(2026, 11, 21, 4, 30), True),  # the Friday's window, after midnight
    ],
)
def test_a_night_belongs_to_the_day_on_which_it_begins(moment, is_open):
    window = Window(allow="Mon-Fri 22:00-05:00", zone="Europe/Berlin")
    assert (reasons(window, moment) == {}) is is_open


def minutes_open(window, begin, end):
    moments = (begin + timedelta(minutes=minute) for minute in range(int((end - begin).total_seconds() // 60)))
    return sum(not reasons(window, moment) for moment in moments)


@pytest.mark.parametrize(
    ("begin", "hours"),
    [
        (berlin(2026, 3, 28, 12), 2),  # 02:00 to 03:00 does not exist: 01:00-04:00 has two hours
        (berlin(2026, 10, 24, 12), 4),  # 02:00 to 03:00 comes twice
        (berlin(2026, 11, 21, 12), 3),
    ],
)
def test_a_window_follows_the_wall_clock_when_clocks_change(begin, hours):
    window = Window(allow="Sun 01:00-04:00", zone="Europe/Berlin")
    assert minutes_open(window, begin, begin + timedelta(days=1)) == hours * 60


def test_both_passes_of_a_repeated_hour_are_inside_and_offsets_do_not_matter():
    window = Window(allow="Sun 02:00-03:00", zone="Europe/Berlin")
    first, second = berlin(2026, 10, 25, 2, 30), berlin(2026, 10, 25, 2, 30, fold=1)
    assert second - first == timedelta(hours=1)
    assert reasons(window, first) == reasons(window, second) == {}
    assert reasons(window, second.astimezone(ZoneInfo("Asia/Tokyo"))) == {}


def test_a_denied_day_wins_over_an_allowed_night():
    window = Window(allow="Mon-Sun 00:00-24:00", deny="2026-12-24..2027-01-02", zone="Europe/Berlin")
    assert reasons(window, berlin(2026, 12, 23, 23, 59)) == {}
    assert reasons(window, berlin(2026, 12, 24, 0, 0)) != {}
    assert reasons(window, berlin(2027, 1, 2, 23, 59)) != {}
    assert reasons(window, berlin(2027, 1, 3, 0, 0)) == {}


def test_what_windows_hold_back_is_remembered_until_something_changes():
    nights = {"nights": Window(allow="Mon-Fri 22:00-05:00", zone="Europe/Berlin", match="env=production")}
    fleet, other = (SimpleNamespace(settings=SimpleNamespace(windows=nights), targets=TARGETS) for _ in range(2))
    shut, noon, night = Shut(), berlin(2026, 11, 23, 12), berlin(2026, 11, 23, 23)
    first = shut.held(fleet, ["test"], noon)
    assert first == {}
    assert shut.held(fleet, ["test"], noon + timedelta(minutes=1)) is first
    joined = shut.held(fleet, ["test", "shop"], noon)
    assert joined == {"shop": "the window nights is shut"}
    assert shut.held(fleet, ["test", "shop"], night) == {}
    again = shut.held(fleet, ["test", "shop"], noon)
    assert again == joined
    assert shut.held(other, ["test", "shop"], noon) is not again
