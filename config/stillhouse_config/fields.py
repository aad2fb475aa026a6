"""Pydantic field types for values that a fleet file writes as text."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from . import durations, quantities, zones
from .errors import FleetValueError
from .interpolation import concealed
from .selectors import Selector as SelectorValue
from .urls import SecretUrl, parse_url

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = re.compile(r"(?!-)[^\s,()=!~\"'*?\[\]{}/\\]{1,200}")
SCALARS = ["string", "number", "boolean"]


class Declaration(BaseModel):
    """Base of the models: unknown keys refused, values frozen, no secret in an error or a repr."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, populate_by_name=True)


def reading(parse: Callable[[str], Any], kind: type | tuple[type, ...]) -> Callable[[Any], Any]:
    """Return a validator that reads text with ``parse`` and lets values of ``kind`` through."""

    def read(value: Any) -> Any:
        if isinstance(value, kind) and not isinstance(value, str):
            return value
        if not isinstance(value, str):
            raise PydanticCustomError("must_be_text", "must be text, not {kind}", {"kind": kind_of(value)})
        try:
            return parse(value)
        except FleetValueError as error:
            message = concealed(str(error), value)
            raise PydanticCustomError("unreadable", "{reason}", {"reason": message, "hint": error.hint}) from None

    return read


def kind_of(value: Any) -> str:
    """Name a value's kind in the file's terms."""
    if value is None:
        return "empty"
    return (
        "a list"
        if isinstance(value, list | tuple)
        else "a mapping"
        if isinstance(value, dict)
        else type(value).__name__
    )


class Shorthand:
    """Tells a JSON Schema that a mapping may be written in a shorter form as well."""

    def __init__(self, form: dict[str, Any]) -> None:
        self.form = form

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [self.form, handler(core_schema)]}


def _text_field(parse: Callable[[str], Any], kind: type | tuple[type, ...], schema: dict[str, Any]) -> tuple[Any, ...]:
    return (PlainValidator(reading(parse, kind)), PlainSerializer(str, return_type=str), WithJsonSchema(schema))


def _parse_flag(text: str) -> bool:
    if text in {"true", "false"}:
        return text == "true"
    raise FleetValueError(f"{text!r} is neither true nor false", "write true or false")


def _parse_count(text: str) -> int:
    if re.fullmatch(r"[0-9]{1,15}", text):
        return int(text)
    raise FleetValueError(f"{text!r} is not a whole number", "write digits only")


def _parse_interval(text: str) -> timedelta | None:
    if text == durations.NEVER:
        return None
    duration = durations.parse_duration(text)
    if duration < timedelta(seconds=1):
        raise FleetValueError(f"{text!r} is shorter than a second", "at least 1s")
    return duration


def _parse_every(text: str) -> timedelta:
    duration = _parse_interval(text)
    if duration is None:
        raise FleetValueError("'never' is not possible here", "write a duration such as 5m")
    return duration


def _parse_expiry(text: str) -> date | None:
    return None if text == durations.NEVER else quantities.parse_date(text)


def _parse_metadata(text: str) -> str:
    module, colon, attribute = text.partition(":")
    if colon and all(part.isidentifier() for part in [*module.split("."), *attribute.split(".")]):
        return text
    raise FleetValueError(
        f"{text!r} names no metadata", "write package.module:attribute, such as shop.models:Base.metadata"
    )


def parse_name(text: str) -> str:
    """Return a name that selectors and web addresses can hold without quotes.

    Raises:
        FleetValueError: it is empty or holds other characters.
    """
    if NAME.fullmatch(text):
        return str(text)
    raise FleetValueError(
        f"{text!r} is not a name", "no spaces, commas, quotes, slashes, brackets, nor any of = ! ~ * ?; no '-' in front"
    )


def _written(duration: timedelta | None) -> str:
    return durations.NEVER if duration is None else durations.format_duration(duration)


def _parse_template(text: str) -> str:
    return text


_DURATION: dict[str, Any] = {"type": "string", "pattern": r"^(0|(\d+(\.\d+)?(ms|s|m|h|d|w))+)$"}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_write_duration = PlainSerializer(_written, return_type=str)

Text: TypeAlias = Annotated[str, Field(min_length=1), WithJsonSchema({"type": "string", "minLength": 1})]
Template: TypeAlias = Annotated[str, PlainValidator(reading(_parse_template, ())), WithJsonSchema({"type": SCALARS})]
Name: TypeAlias = Annotated[str, *_text_field(parse_name, (), {"type": "string", "minLength": 1})]
Metadata: TypeAlias = Annotated[str, *_text_field(_parse_metadata, (), {"type": "string", "pattern": "^[^:]+:[^:]+$"})]
Flag: TypeAlias = Annotated[bool, PlainValidator(reading(_parse_flag, bool)), WithJsonSchema({"type": "boolean"})]
Count: TypeAlias = Annotated[int, BeforeValidator(reading(_parse_count, int)), Field(ge=0)]
Positive: TypeAlias = Annotated[int, BeforeValidator(reading(_parse_count, int)), Field(ge=1)]
Duration: TypeAlias = Annotated[
    timedelta, PlainValidator(reading(durations.parse_duration, timedelta)), _write_duration, WithJsonSchema(_DURATION)
]
Every: TypeAlias = Annotated[
    timedelta, PlainValidator(reading(_parse_every, timedelta)), _write_duration, WithJsonSchema(_DURATION)
]
Interval: TypeAlias = Annotated[
    timedelta | None,
    PlainValidator(reading(_parse_interval, timedelta)),
    _write_duration,
    WithJsonSchema({"anyOf": [{"const": "never"}, _DURATION]}),
]
Expiry: TypeAlias = Annotated[
    date | None,
    PlainValidator(reading(_parse_expiry, date)),
    WithJsonSchema({"anyOf": [{"const": "never"}, {"type": "string", "format": "date"}]}),
]
Size: TypeAlias = Annotated[
    int,
    PlainValidator(reading(quantities.parse_size, int)),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?\s*([kKMG]?B|[KMG]iB)$"}),
]
CountOrPercent: TypeAlias = Annotated[
    quantities.CountOrPercent,
    *_text_field(
        quantities.CountOrPercent.parse,
        quantities.CountOrPercent,
        {"anyOf": [_COUNT, {"type": "string", "pattern": r"^\d+(\.\d+)?\s*%$"}]},
    ),
]
Address: TypeAlias = Annotated[
    quantities.Address,
    *_text_field(quantities.Address.parse, quantities.Address, {"type": "string", "pattern": r":\d+$"}),
]
Selector: TypeAlias = Annotated[
    SelectorValue, *_text_field(SelectorValue.parse, SelectorValue, {"type": "string", "minLength": 1})
]
Url: TypeAlias = Annotated[
    SecretUrl, *_text_field(parse_url, SecretUrl, {"type": "string", "pattern": "://|^\\$\\{|\\{"})
]
Zone: TypeAlias = Annotated[str, *_text_field(zones.parse_zone, (), {"type": "string"})]
