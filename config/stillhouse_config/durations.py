"""Durations as people write them: ``500ms``, ``15m``, ``1h30m``, ``2d``."""

from __future__ import annotations

import re
from datetime import timedelta

from .errors import DurationError

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
PATTERN = r"^\d+(\.\d+)?(ms|s|m|h|d|w)(\d+(\.\d+)?(ms|s|m|h|d|w))*$"
PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
NEVER = "never"


def parse_duration(text: str) -> timedelta:
    """Read a duration: numbers with units ``ms s m h d w``, largest first by custom, added up.

    Raises:
        DurationError: the text is not a duration.
    """
    text = text.strip()
    if text == "0":
        return timedelta()
    if not re.fullmatch(PATTERN, text):
        number = re.fullmatch(r"\d+(\.\d+)?", text)
        hint = (
            f"give a unit: {text}ms, {text}s, {text}m or {text}h"
            if number
            else "write it like 500ms, 30s, 15m, 1h30m or 2d"
        )
        raise DurationError(f"{text!r} is not a duration", hint)
    try:
        return timedelta(seconds=sum(float(number) * UNITS[unit] for number, unit in PART.findall(text)))
    except OverflowError:
        raise DurationError(
            f"{text!r} is longer than a calendar holds", "write 'never' where that is allowed"
        ) from None


def format_duration(duration: timedelta) -> str:
    """Write a duration the way :func:`parse_duration` reads it."""
    milliseconds = duration // timedelta(milliseconds=1)
    parts = []
    for unit in ("d", "h", "m", "s", "ms"):
        size = round(UNITS[unit] * 1000)
        count, milliseconds = divmod(milliseconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0"
