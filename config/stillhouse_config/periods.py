"""Periods of maintenance windows: ``Mon-Fri 22:00-05:00``, ``0 22 * * fri for 7h``, ``2026-12-24..2027-01-02``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from .durations import format_duration, parse_duration
from .errors import FleetValueError, WindowError
from .quantities import parse_date

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKLY = re.compile(r"(?:(?P<days>[A-Za-z,\-]+)\s+)?(?P<start>\d{1,2}:\d{2})\s*-\s*(?P<end>\d{1,2}:\d{2})")
CRON = re.compile(r"(?P<fields>\S+(?:\s+\S+){4})\s+for\s+(?P<length>\S+)")
DATES = re.compile(r"(?P<first>\d{4}-\d{2}-\d{2})(?:\s*\.\.\s*(?P<last>\d{4}-\d{2}-\d{2}))?")
MINUTE = timedelta(minutes=1)
LONGEST = timedelta(days=7)
HINT = "write days and times (Mon-Fri 22:00-05:00), a cron line and a length (0 22 * * fri for 7h), or dates (2026-12-24..2027-01-02)"


class Period(Protocol):
    """When a window is."""

    def contains(self, moment: datetime) -> bool:
        """Tell whether a moment, given in the window's zone, lies within."""
        ...


@dataclass(frozen=True, slots=True)
class WeeklyPeriod:
    """Times of day on some days of the week; one that ends before it begins ends the day after.

    Attributes:
        days: 0 for Monday to 6 for Sunday: the days on which it begins.
        start: included.
        end: excluded; midnight is the end of the day.
    """

    days: frozenset[int]
    start: time
    end: time

    def contains(self, moment: datetime) -> bool:
        """Tell whether a moment, given in the window's zone, lies within."""
        clock, day = moment.time(), moment.weekday()
        if self.start < self.end:
            return day in self.days and self.start <= clock < self.end
        return (day in self.days and clock >= self.start) or ((day - 1) % 7 in self.days and clock < self.end)

    def __str__(self) -> str:
        days = ",".join(DAYS[day].capitalize() for day in sorted(self.days))
        return f"{days} {self.start:%H:%M}-{self.end:%H:%M}"


@dataclass(frozen=True, slots=True)
class CronPeriod:
    """Begins when a cron line fires, and lasts for a while.

    As in cron: when both day of month and day of week are restricted, one of them suffices.
    """

    text: str
    minutes: frozenset[int]
    hours: frozenset[int]
    month_days: frozenset[int]
    months: frozenset[int]
    week_days: frozenset[int]
    any_day: bool
    length: timedelta

    def contains(self, moment: datetime) -> bool:
        """Tell whether a moment, given in the window's zone, lies within: whether it began less than its length ago."""
        zone = moment.tzinfo
        start = moment.astimezone(ZoneInfo("UTC")).replace(second=0, microsecond=0)
        earliest = moment - self.length
        while start > earliest:
            if self._fires(start.astimezone(zone)):
                return True
            start -= MINUTE
        return False

    def _fires(self, local: datetime) -> bool:
        if local.minute not in self.minutes or local.hour not in self.hours or local.month not in self.months:
            return False
        by_month, by_week = local.day in self.month_days, local.weekday() in self.week_days
        return (by_month or by_week) if self.any_day else (by_month and by_week)

    def __str__(self) -> str:
        return f"{self.text} for {format_duration(self.length)}"


@dataclass(frozen=True, slots=True)
class DatePeriod:
    """Whole days, first and last included."""

    first: date
    last: date

    def contains(self, moment: datetime) -> bool:
        """Tell whether a moment, given in the window's zone, lies within."""
        return self.first <= moment.date() <= self.last

    def __str__(self) -> str:
        return f"{self.first}..{self.last}"


def parse_period(text: str) -> WeeklyPeriod | CronPeriod | DatePeriod:
    """Read a period.

    Raises:
        WindowError: the text is none, or names impossible times.
    """
    text = text.strip()
    try:
        if match := DATES.fullmatch(text):
            return _dates(match)
        if match := CRON.fullmatch(text):
            return _cron(match)
        if match := WEEKLY.fullmatch(text):
            start, end = _clock(match["start"]), _clock(match["end"])
            return WeeklyPeriod(_week_days(match["days"] or "mon-sun"), start, end)
    except FleetValueError as error:
        raise WindowError(f"{text!r} is not a period: {error}", error.hint or HINT) from None
    raise WindowError(f"{text!r} is not a period", HINT)


def _dates(match: re.Match[str]) -> DatePeriod:
    first = parse_date(match["first"])
    last = parse_date(match["last"] or match["first"])
    if last < first:
        raise WindowError("it ends before it begins", "write the earlier date first")
    return DatePeriod(first, last)


def _clock(text: str) -> time:
    hour, minute = map(int, text.split(":"))
    if (hour, minute) == (24, 0):
        return time()
    try:
        return time(hour, minute)
    except ValueError:
        raise WindowError(f"there is no {text} on the clock", "times lie between 00:00 and 24:00") from None


def _week_days(text: str) -> frozenset[int]:
    if text.casefold() == "daily":
        return frozenset(range(7))
    days: set[int] = set()
    for piece in text.casefold().split(","):
        first, dash, last = piece.partition("-")
        start, end = _day(first), _day(last if dash else first)
        days.update(day % 7 for day in range(start, end + 1 + 7 * (end < start)))
    return frozenset(days)


def _day(text: str) -> int:
    if len(text) >= 3 and (found := [n for n, full in enumerate(FULL_DAYS) if full.startswith(text)]):  # noqa: PLR2004 (Mon, not M)
        return found[0]
    raise WindowError(
        f"{text!r} is no day of the week", f"days are {', '.join(day.capitalize() for day in DAYS)}, or daily"
    )


FULL_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _cron(match: re.Match[str]) -> CronPeriod:
    minute, hour, month_day, month, week_day = match["fields"].split()
    length = parse_duration(match["length"])
    if not MINUTE <= length <= LONGEST:
        raise WindowError("its length must lie between 1m and 7d", "for longer periods give dates")
    sunday_is_0 = _cron_field(week_day, 0, 7, ("sun", *DAYS))
    return CronPeriod(
        text=match["fields"],
        minutes=_cron_field(minute, 0, 59),
        hours=_cron_field(hour, 0, 23),
        month_days=_cron_field(month_day, 1, 31),
        months=_cron_field(month, 1, 12, ("", *MONTHS)),
        week_days=frozenset((day - 1) % 7 for day in sunday_is_0),
        any_day=not month_day.startswith("*") and not week_day.startswith("*"),
        length=length,
    )


def _cron_field(text: str, lowest: int, highest: int, names: tuple[str, ...] = ()) -> frozenset[int]:
    values: set[int] = set()
    for piece in text.casefold().split(","):
        match = re.fullmatch(r"(?:\*|(\w+)(?:-(\w+))?)(?:/([1-9]\d*))?", piece)
        if match is None:
            raise WindowError(f"the cron field {piece!r} makes no sense")
        first = lowest if match[1] is None else _cron_number(match[1], names)
        last = highest if match[1] is None or (match[3] and not match[2]) else _cron_number(match[2] or match[1], names)
        if names and "sun" in names and last == 0 < first:
            last = 7
        if not lowest <= first <= last <= highest:
            raise WindowError(f"the cron field {piece!r} does not lie within {lowest}-{highest}")
        values.update(range(first, last + 1, int(match[3] or 1)))
    return frozenset(values)


def _cron_number(text: str, names: tuple[str, ...]) -> int:
    if text.isdecimal():
        return int(text)
    if text in names:
        return names.index(text)
    raise WindowError(f"{text!r} is no number{' or name' if names else ''} of a cron line")
