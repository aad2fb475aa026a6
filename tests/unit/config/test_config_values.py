from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillhouse_config.durations import format_duration, parse_duration
from stillhouse_config.errors import DurationError, QuantityError
from stillhouse_config.quantities import Address, CountOrPercent, parse_date, parse_size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("500ms", 0.5),
        ("0", 0),
        ("15m", 900),
        ("1h30m", 5400),
        ("2d", 172800),
        ("1.5s", 1.5),
        ("1w", 604800),
        (" 3s ", 3),
    ],
)
def test_a_duration_is_its_units_added_up(text, seconds):
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "5", "1.5", "-5m", "5 m", "m", "1y", "1h-30m", "99999999999w"])
def test_what_is_no_duration_is_refused_with_a_hint(text):
    with pytest.raises(DurationError) as caught:
        parse_duration(text)
    assert caught.value.hint


def test_a_bare_number_is_asked_for_its_unit():
    with pytest.raises(DurationError) as caught:
        parse_duration("30")
    assert "30s" in caught.value.hint


@given(st.integers(min_value=0, max_value=10**12))
def test_a_written_duration_reads_back_equal(milliseconds):
    duration = timedelta(milliseconds=milliseconds)
    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize(
    ("text", "total", "allowed"),
    [
        ("0", 100, 0),
        ("3", 2, 3),
        ("2%", 49, 0),
        ("2%", 50, 1),
        ("2%", 149, 2),
        ("100%", 7, 7),
        ("0.5%", 1000, 5),
        ("29%", 100, 29),
    ],
)
def test_a_percentage_is_rounded_down(text, total, allowed):
    assert CountOrPercent.parse(text).of(total) == allowed


@pytest.mark.parametrize("text", ["", "-1", "101%", "1.5", "two", "%", "²", "1e3"])
def test_what_is_neither_count_nor_percentage_is_refused(text):
    with pytest.raises(QuantityError):
        CountOrPercent.parse(text)


@pytest.mark.parametrize(
    ("text", "host", "port"), [("127.0.0.1:8470", "127.0.0.1", 8470), ("[::1]:1", "::1", 1), ("a.b:0", "a.b", 0)]
)
def test_an_address_reads_and_writes(text, host, port):
    address = Address.parse(text)
    assert (address.host, address.port, str(address)) == (host, port, text)


@pytest.mark.parametrize("text", ["8470", "host", "host:", ":80", "::1:80", "host:70000", "a b:1", "http://a:1"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(QuantityError):
        Address.parse(text)


def test_sizes_know_decimal_and_binary_units():
    assert [parse_size(text) for text in ("10B", "1kB", "1.5MB", "1KiB", "2 GiB")] == [
        10,
        1000,
        1_500_000,
        1024,
        2 * 1024**3,
    ]
    with pytest.raises(QuantityError):
        parse_size("10")


def test_dates_are_those_of_the_calendar():
    assert parse_date("2028-02-29") == date(2028, 2, 29)
    for text in ("2027-02-29", "27-01-01", "2027-1-1", "tomorrow", "20270101"):
        with pytest.raises(QuantityError):
            parse_date(text)
