"""``servers``: how much of each physical server Stillhouse may take."""

from __future__ import annotations

from fractions import Fraction

from pydantic import Field

from .fields import CountOrPercent, Declaration
from .quantities import CountOrPercent as Limit


class Server(Declaration):
    """The budget of one `host:port`."""

    max_connections: CountOrPercent = Field(
        default=Limit(percent=Fraction(10)),
        description="How many connections everything that Stillhouse does may hold at once: a count, or a share of the server's own "
        "limit, at least 1.",
        examples=[20, "10%"],
    )
