"""Plain values to JSON and back: the shapes that the command line prints, the API answers and the store keeps.

A field named ``from_`` is ``from`` in JSON, since Python keeps that word for itself. A dataclass with a class variable
``kind`` carries it along, so that a union of such classes can be read. Everything that reads skips keys it
does not know, so that an older program can read what a newer one wrote.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TypeVar, cast

Value = TypeVar("Value")
NONE = type(None)


def key_of(field: str) -> str:
    """Return the JSON key of a field."""
    return field.removesuffix("_")


def to_json(value: Any) -> Any:
    """Return plain JSON data for a value, a sequence or mapping of values, or a scalar."""
    match value:
        case Enum():
            return value.value
        case str() | int() | float() | bool() | None:
            return value
        case datetime():
            return value.astimezone(UTC).isoformat()
        case Mapping():
            return {str(key): to_json(item) for key, item in value.items()}
        case Sequence() | frozenset():
            return [to_json(item) for item in (sorted(value) if isinstance(value, frozenset) else value)]
    shape: Any = type(value)
    tag = getattr(shape, "kind", None)
    fields = {key_of(name): to_json(getattr(value, name)) for name in _hints(shape)}
    return {"kind": tag, **fields} if isinstance(tag, str) else fields


@functools.cache
def _hints(shape: Any) -> Mapping[str, Any]:
    """Return the types of a dataclass's fields by name."""
    hints = typing.get_type_hints(shape)
    return {field.name: hints[field.name] for field in dataclasses.fields(shape)}


def from_json(shape: type[Value], plain: Any) -> Value:
    """Return the value of a shape that ``to_json`` wrote.

    Raises:
        TypeError: a field without a default is missing.
    """
    return cast("Value", _read(shape, plain))


def _read(shape: Any, plain: Any) -> Any:
    origin, arguments = typing.get_origin(shape), typing.get_args(shape)
    if shape is Any or (plain is None and (shape is NONE or NONE in arguments)):
        return plain
    if origin in (typing.Union, types.UnionType):
        return _read_union([item for item in arguments if item is not NONE], plain)
    if origin is tuple:
        return tuple(_read(arguments[0], item) for item in plain)
    if origin is frozenset:
        return frozenset(_read(arguments[0], item) for item in plain)
    if origin is not None:
        return {key: _read(arguments[1], item) for key, item in plain.items()}
    return _read_plain(shape, plain)


def _read_union(shapes: Sequence[Any], plain: Any) -> Any:
    """Read the one dataclass of a union whose ``kind`` agrees, or the only member."""
    for shape in shapes:
        if len(shapes) == 1 or plain["kind"] == shape.kind:
            return _read(shape, plain)
    raise ValueError(f"no value of kind {plain['kind']!r}")


def _read_plain(shape: Any, plain: Any) -> Any:
    if shape is datetime:
        return datetime.fromisoformat(plain)
    hints = _hints(shape) if dataclasses.is_dataclass(cast("object", shape)) else None
    if hints is not None:
        given = {name: hint for name, hint in hints.items() if key_of(name) in plain}
        return shape(**{name: _read(hint, plain[key_of(name)]) for name, hint in given.items()})
    return shape(plain) if isinstance(shape, type) and issubclass(shape, Enum) else plain
