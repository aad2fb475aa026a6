"""Counts, percentages, sizes, dates and addresses as a fleet file writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from .errors import QuantityError

SIZES = {"B": 1, "kB": 1000, "KB": 1000, "MB": 1000**2, "GB": 1000**3, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
MAX_PORT = 65535


@dataclass(frozen=True, slots=True)
class CountOrPercent:
    """A limit that is a count, or a share of something: ``3`` or ``2%``."""

    count: int | None = None
    percent: Fraction | None = None

    @classmethod
    def parse(cls, text: str) -> CountOrPercent:
        """Read ``3`` or ``2.5%``.

        Raises:
            QuantityError: neither a whole number nor a percentage between 0% and 100%.
        """
        text = text.strip()
        if re.fullmatch(r"[0-9]+", text):
            return cls(count=int(text))
        if match := re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*%", text):
            percent = Fraction(match[1])
            if percent <= 100:  # noqa: PLR2004 (a percentage)
                return cls(percent=percent)
            raise QuantityError(f"{text!r} is more than everything", "a percentage lies between 0% and 100%")
        raise QuantityError(
            f"{text!r} is neither a count nor a percentage", "write a whole number such as 3, or a share such as 2%"
        )

    def of(self, total: int) -> int:
        """Return the limit for ``total`` things: the count, or the percentage rounded down."""
        if self.percent is None:
            return self.count or 0
        return int(self.percent * total / 100)

    def __str__(self) -> str:
        return str(self.count) if self.percent is None else f"{float(self.percent):g}%"


@dataclass(frozen=True, slots=True)
class Address:
    """Where the daemon listens."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read ``127.0.0.1:8470``, ``localhost:8470`` or ``[::1]:8470``.

        Raises:
            QuantityError: no host, or no port between 0 and 65535.
        """
        match = re.fullmatch(
            r"(?:\[(?P<v6>[0-9A-Fa-f:.%]+)\]|(?P<host>[^\s:\[\]/]+)):(?P<port>[0-9]{1,5})", text.strip()
        )
        if match is None or int(match["port"]) > MAX_PORT:
            raise QuantityError(f"{text!r} is not an address", "write host:port, such as 127.0.0.1:8470 or [::1]:8470")
        return cls(match["v6"] or match["host"], int(match["port"]))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_size(text: str) -> int:
    """Read a size in bytes: ``512KiB``, ``1MB``.

    Raises:
        QuantityError: the text is not a size.
    """
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*(B|kB|KB|MB|GB|KiB|MiB|GiB)", text.strip())
    if match is None:
        raise QuantityError(f"{text!r} is not a size", "write it like 512KiB, 1MB or 2GiB")
    return int(Fraction(match[1]) * SIZES[match[2]])


def parse_date(text: str) -> date:
    """Read ``2027-03-01``.

    Raises:
        QuantityError: the text is not a date of the calendar.
    """
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return date.fromisoformat(text)
    except ValueError as error:
        raise QuantityError(f"{text!r} is not a date: {error}", "write year-month-day, such as 2027-03-01") from error
    raise QuantityError(f"{text!r} is not a date", "write year-month-day, such as 2027-03-01")
