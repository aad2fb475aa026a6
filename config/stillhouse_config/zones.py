"""IANA time zones, checked when the file is read and not at three in the morning."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from .errors import FleetValueError
from .suggestions import did_you_mean


def parse_zone(text: str) -> str:
    """Return the name of a time zone that this machine knows.

    Raises:
        FleetValueError: there is no such zone.
    """
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        zones = available_timezones()
        by_city = {zone.rpartition("/")[2]: zone for zone in sorted(zones)}
        hint = f"did you mean {by_city[text]!r}?" if text in by_city else did_you_mean(text, zones)
        raise FleetValueError(
            f"{text!r} is not a time zone", hint or "use a name such as Europe/Berlin or UTC"
        ) from error
    return str(text)
