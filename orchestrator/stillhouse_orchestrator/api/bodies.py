"""What requests may say. Text goes into the history and into SQL parameters: it has a length, and no control characters."""

import re
from datetime import UTC, datetime
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


def _printable(text: str) -> str:
    if CONTROL.search(text):
        raise ValueError("it has control characters")
    return text


def _ordinary(moment: datetime) -> datetime:
    if not EARLIEST <= moment <= LATEST:
        raise ValueError("it is not a moment of this era")
    return moment


Text: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=1000), AfterValidator(_printable)]
Name: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_printable)]
Moment: TypeAlias = Annotated[AwareDatetime, AfterValidator(_ordinary)]
Selector: TypeAlias = Annotated[Text, Field(description="Which targets.", examples=["env=production,ring!=2"])]


class Body(BaseModel):
    """Unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid")


class Reason(Body):
    """A verb that needs no more than a reason."""

    reason: Text | None = Field(default=None, description="Why; kept in the history.", examples=["the canary is slow"])


class OfTargets(Reason):
    """A verb about some targets."""

    targets: Annotated[tuple[Name, ...], Field(max_length=100_000)] = Field(
        default=(), description="Their names.", examples=[["tenant-7"]]
    )


class Start(Reason):
    """A rollout to start."""

    to: Name = Field(default="head", description="The destination; `heads` for all branches.", examples=["head"])
    select: Selector | None = None
    strategy: Name | None = Field(default=None, description="Default: the fleet file's.", examples=["cautious"])
    plan_id: Name | None = Field(
        default=None, description="The plan that was looked at; refused when it would be another one by now."
    )
    not_before: Moment | None = Field(
        default=None, description="Nothing starts earlier.", examples=["2026-11-24T02:00:00+01:00"]
    )
    next_window: bool = Field(default=False, description="Nothing starts before a maintenance window opens.")
    draft: bool = Field(default=False, description="Make it, and wait for `start`.")


class Check(Body):
    """Which targets to check for drift; all without a selector."""

    select: Selector | None = None


class Confirm(Reason):
    """A repair to run."""

    confirm: Name = Field(description="The `drift_id` of the drift whose repair was looked at.")


class Adopt(Body):
    """A drift to adopt."""

    confirm: Name = Field(description="The `drift_id` of the drift whose adoption was looked at.")
    message: Text = Field(description="The revision's message.", examples=["index on orders.created_at"])


class Ignore(Body):
    """A rule that keeps differences from counting as drift; all patterns that are given must match."""

    reason: Text = Field(description="Why it is fine.", examples=["scratch tables"])
    owner: Name | None = Field(default=None, description="Who answers for it. Default: you.")
    until: Moment | None = Field(default=None, description="When it ends. Default: never.")
    target: Name | None = Field(default=None, description="Only on this target.")
    kind: Name | None = Field(default=None, examples=["table"])
    schema_: Name | None = Field(default=None, alias="schema")
    name: Name | None = Field(default=None, description="The object's dotted name, a glob.", examples=["tmp_*"])
    attribute: Name | None = None


class Quiet(Body):
    """Alerts to keep quiet."""

    match: Selector
    duration: Annotated[str, StringConstraints(max_length=40)] = Field(description="For how long.", examples=["2h"])
    reason: Text = Field(examples=["planned work"])


class Channel(Body):
    """A channel to test."""

    channel: Name = Field(examples=["ops"])
