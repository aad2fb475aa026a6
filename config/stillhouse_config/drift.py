"""``drift``: what is known and not worth an alert."""

from __future__ import annotations

from datetime import date  # noqa: TC003 (pydantic resolves annotations)
from typing import Annotated, TypeAlias

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from .errors import FleetValueError
from .fields import Declaration, Expiry, Selector, Text, reading
from .suggestions import known_words

KINDS = (
    "aggregate", "column", "composite", "constraint", "domain", "enum", "event", "extension", "function", "index",
    "materialized_view", "policy", "procedure", "range", "rule", "schema", "sequence", "statistics", "table", "trigger", "view",
)  # fmt: skip
"""What drift is found in, on all kinds of database together."""


def parse_kind(text: str) -> str:
    """Return the kind of object that a rule is for.

    Raises:
        FleetValueError: there is none of this name, so that the rule would cover nothing.
    """
    if text in KINDS:
        return text
    raise FleetValueError(f"{text!r} is no kind of object", known_words(text, KINDS, "kinds"))


Kind: TypeAlias = Annotated[str, PlainValidator(reading(parse_kind, ())), WithJsonSchema({"enum": list(KINDS)})]


class IgnoreRule(Declaration):
    """Differences that are nobody's business until a day. All the patterns that are given must match."""

    kind: Kind | None = Field(
        default=None,
        description="The kind of object: table, column, index, constraint, view and so on.",
        examples=["table"],
    )
    db_schema: Text | None = Field(
        default=None, alias="schema", description="The object's schema, a glob.", examples=["audit"]
    )
    name: Text | None = Field(default=None, description="The object's dotted name, a glob.", examples=["tmp_*"])
    attribute: Text | None = Field(
        default=None, description="The attribute that differs, a glob.", examples=["comment"]
    )
    match: Selector | None = Field(
        default=None, description="The targets it is for. Default: all.", examples=["env=staging"]
    )
    owner: Text = Field(description="Who answers for it.", examples=["data-team"])
    reason: Text = Field(description="Why it is fine.", examples=["scratch tables"])
    until: Expiry = Field(
        description="The last day on which it is ignored, or `never` for no end.", examples=["2027-03-01"]
    )

    def has_expired(self, today: date) -> bool:
        """Tell whether the rule's last day has passed."""
        return self.until is not None and today > self.until

    @model_validator(mode="after")
    def _names_something(self) -> IgnoreRule:
        if not (self.kind or self.db_schema or self.name or self.attribute):
            hint = 'to ignore everything on some targets, write name: "*"'
            raise PydanticCustomError(
                "one_of", "must have at least one of: kind, schema, name, attribute", {"hint": hint}
            )
        return self


class Drift(Declaration):
    """Drift, for the whole fleet; how often a target is checked stands under its database or `defaults`."""

    ignore: tuple[IgnoreRule, ...] = Field(default=(), description="Differences that are known and fine.")
