"""``api``: where the daemon listens, and who may ask what."""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, PlainValidator, SecretStr, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from .errors import FleetValueError
from .fields import Address, Declaration, Expiry, Name, Size, reading
from .quantities import Address as AddressValue

Role: TypeAlias = Literal["viewer", "operator", "admin"]
SHORTEST_TOKEN = 16


def _digest(text: str) -> str:
    if re.fullmatch(r"sha256:[0-9a-f]{64}", text):
        return str(text)
    raise FleetValueError(
        "it is not a SHA-256 digest",
        "write sha256: and 64 hexadecimal digits, as `printf %s TOKEN | sha256sum` prints them",
    )


def _long_enough(token: SecretStr) -> SecretStr:
    if len(token.get_secret_value()) < SHORTEST_TOKEN:
        hint = "make one with: openssl rand -hex 32"
        raise PydanticCustomError("token", "the token is shorter than 16 characters", {"hint": hint})
    return token


class Token(Declaration):
    """A bearer token and what it may do."""

    name: Name = Field(description="Whose it is; stands in the history.", examples=["deploy-bot"])
    role: Role = Field(
        default="viewer",
        description="viewer reads; operator also runs rollouts and answers drift; admin also approves and overrides.",
    )
    token: Annotated[SecretStr, AfterValidator(_long_enough)] | None = Field(
        default=None,
        description="The token, at least 16 characters. Give this or `hash`.",
        examples=["${env:DEPLOY_TOKEN}"],
    )
    hash: (
        Annotated[
            str,
            PlainValidator(reading(_digest, ())),
            WithJsonSchema({"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}),
        ]
        | None
    ) = Field(
        default=None,
        description="The token's SHA-256, so that the file need not hold it.",
        examples=["sha256:" + "0" * 64],
    )
    until: Expiry = Field(
        default=None, description="The last day on which it is good, or `never`.", examples=["2027-12-31"]
    )

    @model_validator(mode="after")
    def _one_form(self) -> Token:
        if (self.token is None) == (self.hash is None):
            raise PydanticCustomError(
                "one_of", "must have exactly one of: token, hash", {"hint": "hash keeps the token out of the file"}
            )
        return self


class Api(Declaration):
    """Where the daemon listens, and who may ask what."""

    listen: Address = Field(
        default=AddressValue("127.0.0.1", 8470), description="Host and port.", examples=["127.0.0.1:8470"]
    )
    tokens: tuple[Token, ...] = Field(default=(), description="Who may ask what.")
    loopback_role: Role | None = Field(
        default=None,
        description="What requests from this machine may do without a token. Default: nothing.",
        examples=["operator"],
    )
    max_request: Size = Field(
        default=1_000_000, description="The largest request body that is read.", json_schema_extra={"default": "1MB"}
    )
