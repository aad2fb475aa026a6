from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillhouse_config.errors import WindowError
from stillhouse_config.periods import parse_period
from stillhouse_config.windows import Window


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


MONDAY = "2026-11-23"
FRIDAY = "2026-11-27"
SATURDAY = "2026-11-28"


@pytest.mark.parametrize(
    ("period", "moment", "within"),
    [
        ("Mon-Fri 22:00-05:00", f"{MONDAY} 22:00", True),
        ("Mon-Fri 22:00-05:00", f"{MONDAY} 21:59", False),
        ("Mon-Fri 22:00-05:00", f"{MONDAY} 04:59", False),
        ("Mon-Fri 22:00-05:00", f"{SATURDAY} 04:59", True),
        ("Mon-Fri 22:00-05:00", f"{SATURDAY} 05:00", False),
        ("Mon-Fri 22:00-05:00", f"{SATURDAY} 23:00", False),
        ("09:00-17:00", f"{SATURDAY} 09:00", True),
        ("daily 20:00-24:00", f"{SATURDAY} 23:59", True),
        ("Sat,Sun 00:00-24:00", f"{SATURDAY} 12:00", True),
        ("Sat,Sun 00:00-24:00", f"{MONDAY} 00:00", False),
        ("fri-mon 10:00-11:00", f"{MONDAY} 10:30", True),
        ("Friday 10:00-11:00", f"{FRIDAY} 10:30", True),
        ("0 22 * * fri for 7h", f"{SATURDAY} 04:59", True),
        ("0 22 * * fri for 7h", f"{SATURDAY} 05:00", False),
        ("0 22 * * 5 for 7h", f"{FRIDAY} 22:00", True),
        ("*/15 * * * * for 5m", f"{FRIDAY} 22:19", True),
        ("*/15 * * * * for 5m", f"{FRIDAY} 22:20", False),
        ("0 0 1 * mon for 1h", f"{MONDAY} 00:30", True),
        ("0 0 1 * mon for 1h", "2026-12-01 00:30", True),
        ("0 0 1 * mon for 1h", "2026-12-02 00:30", False),
        ("0 0 * nov,dec sat-sun for 1d", "2026-11-29 13:00", True),
        ("0 0 * * 7 for 1h", "2026-11-29 00:30", True),
        ("2026-12-24..2027-01-02", "2027-01-02 23:59", True),
        ("2026-12-24..2027-01-02", "2027-01-03 00:00", False),
        ("2026-12-24", "2026-12-24 12:00", True),
    ],
)
def test_a_period_holds_the_moments_it_says(period, moment, within):
    assert parse_period(period).contains(at(moment)) is within


@pytest.mark.parametrize(
    "text",
    ["", "nights", "Mon-Fri", "22:00", "25:00-26:00", "Mon-Fry 1:00-2:00", "M 1:00-2:00", "0 22 * * fri", "0 22 * * fri for 8d",
     "0 22 * * fri for x", "61 * * * * for 1h", "* * 0 * * for 1h", "* * * 13 * for 1h", "5-1 * * * * for 1h", "x * * * * for 1h",
     "2026-12-24..2026-12-23", "2026-02-30", "*/0 * * * * for 1h"],
)  # fmt: skip
def test_what_is_no_period_is_refused_with_a_hint(text):
    with pytest.raises(WindowError) as caught:
        parse_period(text)
    assert caught.value.hint


@pytest.mark.parametrize(
    "text", ["Mon-Fri 22:00-05:00", "0 22 * * fri for 7h", "2026-12-24..2027-01-02", "daily 01:00-24:00"]
)
def test_a_written_period_reads_back_equal(text):
    assert parse_period(str(parse_period(text))) == parse_period(text)


def test_a_window_is_read_in_its_own_zone():
    window = Window(allow="Mon-Fri 22:00-05:00", zone="Europe/Berlin")
    assert window.is_open(at(f"{MONDAY} 21:00"))
    assert not window.is_open(at(f"{MONDAY} 20:59"))
    assert Window(allow="22:00-23:00", zone="Europe/Berlin").is_open(at("2026-07-01 20:30"))


def test_deny_wins_over_allow():
    window = Window(allow=("00:00-24:00",), deny=["2026-12-24..2027-01-02", "fri 12:00-24:00"])
    assert window.is_open(at(f"{MONDAY} 12:00"))
    assert not window.is_open(at("2026-12-25 12:00"))
    assert not window.is_open(at(f"{FRIDAY} 12:00"))


def test_without_allow_everything_is_open_but_what_is_denied():
    assert Window(deny="2026-12-24").is_open(at("2026-12-25 00:00"))


@given(st.integers(0, 7 * 24 * 60 - 1), st.integers(0, 24 * 60 - 1), st.integers(1, 24 * 60 - 1), st.integers(0, 6))
def test_weekly_and_cron_agree(offset, start, length, day):
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    end = (start + length) % (24 * 60)
    weekly = parse_period(f"{names[day]} {start // 60}:{start % 60:02}-{end // 60}:{end % 60:02}")
    cron = parse_period(f"{start % 60} {start // 60} * * {names[day]} for {length}m")
    moment = at(f"{MONDAY} 00:00") + timedelta(minutes=offset)
    assert weekly.contains(moment) is cron.contains(moment)
