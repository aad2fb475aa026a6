"""Plain values to JSON and back: the shapes that the command line prints, the API answers and the store keeps.

A field named ``from_`` is ``from`` in JSON, since Python keeps that word for itself. A dataclass with a class variable
``kind`` carries it along, so that a union of such classes can be read. Everything that reads skips keys it
does not know, so that an older program can read what a newer one wrote.

What a shape needs is worked out once: a large fleet is read and written thousands of values at a time.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TypeVar, cast

Value = TypeVar("Value")
Reader = Callable[[Any], Any]
NONE = type(None)
PLAIN = frozenset({str, int, float, bool, NONE})


def key_of(field: str) -> str:
    """Return the JSON key of a field."""
    return field.removesuffix("_")


def to_json(value: Any) -> Any:
    """Return plain JSON data for a value, a sequence or mapping of values, or a scalar."""
    if type(value) in PLAIN or (isinstance(value, str | int | float) and not isinstance(value, Enum)):
        return value
    match value:
        case Enum():
            return value.value
        case datetime():
            return value.astimezone(UTC).isoformat()
        case tuple() | list() | frozenset() | Sequence():  # the frequent ones first
            return [to_json(item) for item in (sorted(value) if isinstance(value, frozenset) else value)]
        case Mapping():
            return {str(key): to_json(item) for key, item in value.items()}
    tag, fields = _written(cast("Any", type(value)))
    plain = {key: item if type(item := getattr(value, name)) in PLAIN else to_json(item) for name, key in fields}
    return {"kind": tag, **plain} if isinstance(tag, str) else plain


@functools.cache
def _written(shape: Any) -> tuple[Any, tuple[tuple[str, str], ...]]:
    """Return the kind of a dataclass, if it has one, and its fields with their keys."""
    return getattr(shape, "kind", None), tuple((field.name, key_of(field.name)) for field in dataclasses.fields(shape))


def from_json(shape: type[Value], plain: Any) -> Value:
    """Return the value of a shape that ``to_json`` wrote.

    Raises:
        TypeError: a field without a default is missing.
    """
    return cast("Value", _reader(cast("Any", shape))(plain))


@functools.cache
def _reader(shape: Any) -> Reader:
    """Return what reads a shape."""
    origin, arguments = typing.get_origin(shape), typing.get_args(shape)
    if NONE in arguments:
        inner = _union([item for item in arguments if item is not NONE])
        return lambda plain: None if plain is None else inner(plain)
    if origin in (typing.Union, types.UnionType):
        return _union(arguments)
    if origin in (tuple, frozenset):
        return _many(cast("type[Any]", origin), arguments[0])
    if origin is not None:
        item = _reader(arguments[1])
        return lambda plain: {key: item(value) for key, value in plain.items()}
    return _single(shape)


def _many(collection: Callable[[Any], Any], shape: Any) -> Reader:
    if shape in PLAIN:
        return collection
    item = _reader(shape)
    return lambda plain: collection(map(item, plain))


def _single(shape: Any) -> Reader:
    if shape is datetime:
        return datetime.fromisoformat
    if dataclasses.is_dataclass(cast("object", shape)):
        return _dataclass(shape)
    if isinstance(shape, type) and issubclass(shape, Mapping):
        mapping, read = cast("Any", shape), _reader(cast("Any", shape).__orig_bases__[0])
        return lambda plain: mapping(read(plain))
    return shape if isinstance(shape, type) and issubclass(shape, Enum) else _as_it_is


def _as_it_is(plain: Any) -> Any:
    return plain


def _union(shapes: Sequence[Any]) -> Reader:
    """Return what reads the one dataclass of a union whose ``kind`` agrees, or the only member."""
    if len(shapes) == 1:
        return _reader(shapes[0])
    kinds = {shape.kind: _reader(shape) for shape in shapes}

    def read(plain: Any) -> Any:
        if plain["kind"] not in kinds:
            raise ValueError(f"no value of kind {plain['kind']!r}")
        return kinds[plain["kind"]](plain)

    return read


def _dataclass(shape: Any) -> Reader:
    hints = typing.get_type_hints(shape)
    fields = [(field.name, key_of(field.name), _reader(hints[field.name])) for field in dataclasses.fields(shape)]

    def read(plain: Any) -> Any:
        return shape(**{name: reader(plain[key]) for name, key, reader in fields if key in plain})

    return read
