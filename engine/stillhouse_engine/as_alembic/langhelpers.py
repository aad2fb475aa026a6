"""Small things of the language that Alembic's extensions import from ``alembic.util``."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from sqlalchemy.util import immutabledict, memoized_property, unique_list

from stillhouse_engine.autogenerate.dispatch import DispatchPriority, PriorityDispatcher, PriorityDispatchResult
from stillhouse_engine.operations.dispatch import Dispatcher
from stillhouse_engine.script.nodes import to_tuple as _to_tuple

__all__ = [
    "EMPTY_DICT",
    "DispatchPriority",
    "Dispatcher",
    "PriorityDispatchResult",
    "PriorityDispatcher",
    "asbool",
    "dedupe_tuple",
    "immutabledict",
    "memoized_property",
    "not_none",
    "rev_id",
    "to_list",
    "to_tuple",
    "unique_list",
]

T = TypeVar("T")

EMPTY_DICT: Mapping[Any, Any] = MappingProxyType({})
TRUE = frozenset({"true", "yes", "on", "y", "t", "1"})
FALSE = frozenset({"false", "no", "off", "n", "f", "0"})


def rev_id() -> str:
    """Return a new revision id: twelve hexadecimal digits."""
    return uuid.uuid4().hex[-12:]


def to_tuple(x: Any, default: tuple[Any, ...] | None = None) -> tuple[Any, ...] | None:
    """Return a value as a tuple; ``default`` for None."""
    if x is None:
        return default
    return _to_tuple(x)


def to_list(x: Any, default: list[Any] | None = None) -> list[Any] | None:
    """Return a value as a list; ``default`` for None."""
    if x is None:
        return default
    if isinstance(x, Iterable) and not isinstance(x, str):
        return list(x)
    return [x]


def dedupe_tuple(tup: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a tuple without repetitions, in the same order."""
    return tuple(dict.fromkeys(tup))


def not_none(value: T | None) -> T:
    """Return a value that must not be None.

    Raises:
        ValueError: it is.
    """
    if value is None:
        raise ValueError("expected a value, got None")
    return value


def asbool(value: Any) -> bool:
    """Read a setting as true or false.

    Raises:
        ValueError: it says neither.
    """
    if not isinstance(value, str):
        return bool(value)
    word = value.strip().lower()
    if word in TRUE:
        return True
    if word in FALSE:
        return False
    raise ValueError(f"String is not true/false: {word!r}")
