"""``windows``: when rollouts may start targets, and when they may not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from . import periods
from .fields import Declaration, Selector, Zone, reading

if TYPE_CHECKING:
    from datetime import datetime

KINDS = (periods.WeeklyPeriod, periods.CronPeriod, periods.DatePeriod)


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Period: TypeAlias = Annotated[
    periods.WeeklyPeriod | periods.CronPeriod | periods.DatePeriod,
    PlainValidator(reading(periods.parse_period, KINDS)),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string"}),
]
Periods: TypeAlias = Annotated[
    tuple[Period, ...],
    BeforeValidator(_listed),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]


class Window(Declaration):
    """A maintenance window over the targets that it matches."""

    allow: Periods = Field(
        default=(),
        description="Targets start only within these periods.",
        examples=["Mon-Fri 22:00-05:00", "0 22 * * fri for 7h"],
    )
    deny: Periods = Field(
        default=(),
        description="No target starts within these periods, allowed or not.",
        examples=["2026-12-24..2027-01-02"],
    )
    zone: Zone = Field(
        default="UTC", description="The time zone of the periods, an IANA name.", examples=["Europe/Berlin"]
    )
    match: Selector | None = Field(
        default=None, description="The targets it is for. Default: all.", examples=["env=production"]
    )

    def is_open(self, moment: datetime) -> bool:
        """Tell whether targets of this window may start at a moment (with a time zone)."""
        local = moment.astimezone(ZoneInfo(self.zone))
        if any(period.contains(local) for period in self.deny):
            return False
        return not self.allow or any(period.contains(local) for period in self.allow)

    @model_validator(mode="after")
    def _not_empty(self) -> Window:
        if not self.allow and not self.deny:
            hint = 'add allow: "Mon-Fri 22:00-05:00", or deny'
            raise PydanticCustomError("one_of", "the window neither allows nor denies anything", {"hint": hint})
        return self
