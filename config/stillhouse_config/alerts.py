"""``alerts``: who hears of what."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import timedelta
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from .fields import Declaration, Duration, Every, Flag, Interval, Name, Selector, Text

WEBHOOK = re.compile(r"https?://([^/?#@\s]*@)?([^/?#@:\s\[\]]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?([/?#]\S*)?")
Severity: TypeAlias = Literal["info", "warning", "critical"]
AlertKind: TypeAlias = Literal["drift", "version", "rollout", "stuck", "unreachable", "unchecked"]


def _checked(schemes: tuple[str, ...], hint: str) -> AfterValidator:
    """Return a validator of secret addresses, which it does not show."""

    def check(address: SecretStr) -> SecretStr:
        scheme, separator, _ = address.get_secret_value().partition("://")
        if not separator or (schemes and scheme not in schemes):
            raise PydanticCustomError("channel", "the address is not a URL", {"hint": hint})
        return address

    return AfterValidator(check)


AppriseUrl: TypeAlias = Annotated[
    SecretStr, _checked((), "an Apprise URL looks like slack://…, mailto://… or https://hooks…")
]


def _matching(address: SecretStr) -> SecretStr:
    if WEBHOOK.fullmatch(address.get_secret_value()):
        return address
    hint = "write https://HOST[:PORT]/PATH, with what is special percent-encoded"
    raise PydanticCustomError("channel", "the address names no host, or its port is no number", {"hint": hint})


WebhookUrl: TypeAlias = Annotated[
    SecretStr,
    _checked(("http", "https"), "a webhook begins with https://"),
    AfterValidator(_matching),
]


def _key(secret: SecretStr) -> SecretStr:
    prefix, found, encoded = secret.get_secret_value().partition("whsec_")
    if found and not prefix:
        try:
            base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            hint = "after whsec_ comes base64; make one with: echo whsec_$(openssl rand -base64 32)"
            raise PydanticCustomError("channel", "the key is not base64", {"hint": hint}) from None
    return secret


SigningKey: TypeAlias = Annotated[SecretStr, AfterValidator(_key)]


class Channel(Declaration):
    """A way to reach people: any Apprise URL, or a webhook with a signed JSON body."""

    url: AppriseUrl | None = Field(
        default=None,
        description="An Apprise URL: Slack, Teams (`workflows://`), e-mail (`mailto://`), PagerDuty and some 170 more. Give this or `webhook`.",
        examples=["${env:OPS_SLACK_URL}", "mailto://user:${env:MAIL_PASSWORD}@example.com"],
    )
    webhook: WebhookUrl | None = Field(
        default=None,
        description="An HTTP address that gets each alert as JSON. Give this or `url`.",
        examples=["https://example.com/alerts"],
    )
    secret: SigningKey | None = Field(
        default=None,
        description="The key that signs a webhook's body (HMAC-SHA256): any text, or `whsec_` and base64.",
        examples=["${env:WEBHOOK_SECRET}"],
    )
    timeout: Every = Field(default=timedelta(seconds=10), description="How long one delivery may take.")

    @model_validator(mode="after")
    def _one_way(self) -> Channel:
        if (self.url is None) == (self.webhook is None):
            hint = "url is any Apprise URL, webhook an HTTP address"
            raise PydanticCustomError("one_of", "must have exactly one of: url, webhook", {"hint": hint})
        if self.secret is not None and self.webhook is None:
            raise PydanticCustomError(
                "one_of", "secret signs webhooks only", {"hint": "remove it, or use webhook in place of url"}
            )
        return self


class Route(Declaration):
    """Sends the alerts that it matches to channels. Every route that matches sends."""

    match: Selector | None = Field(
        default=None, description="The targets whose alerts it sends. Default: all.", examples=["env=production"]
    )
    severity: Severity = Field(default="warning", description="The least severity that it sends.")
    kinds: tuple[AlertKind, ...] | None = Field(
        default=None, description="The kinds of alert that it sends. Default: all.", examples=[["drift", "rollout"]]
    )
    channels: tuple[Text, ...] = Field(min_length=1, description="The channels it sends to.", examples=[["ops"]])
    repeat: Interval = Field(
        default=timedelta(hours=4), description="How often an open alert is sent again; `never` for once."
    )
    group_wait: Duration = Field(
        default=timedelta(seconds=30),
        description="How long it gathers alerts about the same drift into one notification.",
    )
    send_resolved: Flag = Field(default=True, description="Tell when an alert resolves.")


class Alerts(Declaration):
    """Who hears of what."""

    channels: dict[Name, Channel] = Field(default={}, description="Ways to reach people, by name.")
    routes: tuple[Route, ...] = Field(default=(), description="Which alerts go to which channels.")
    unreachable_after: Duration = Field(
        default=timedelta(minutes=5), description="For how long a target must be out of reach before that is an alert."
    )
    unchecked_after: Interval = Field(
        default=timedelta(hours=1),
        description="How long a drift check that comes to a verdict may be overdue before that is an alert.",
    )
    behind_after: Interval = Field(
        default=timedelta(days=1),
        description="For how long a target may lack revisions, with no rollout to bring them, before that is an alert.",
    )
    stuck_after: Interval = Field(
        default=timedelta(minutes=10),
        description="How long the migration of one target may run before that is an alert.",
    )
