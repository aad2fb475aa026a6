"""Directives: methods of ``Operations`` that are declared once, on the operation class that they make.

An operation class has a class method that takes whoever carries the operation out, and then the directive's arguments.
Here it becomes a method of ``Operations`` or ``BatchOperations``, with the same signature for people and type checkers.
"""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")


def directive(source: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Any, P], R]:
    """Return a method that calls the class method of an operation class."""

    @functools.wraps(source)
    def method(self: Any, *args: P.args, **kw: P.kwargs) -> R:
        return source(self, *args, **kw)

    signature = inspect.signature(source)
    own, *rest = signature.parameters.values()
    renamed = own.replace(name="self", kind=inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=inspect.Parameter.empty)
    method.__dict__["__signature__"] = signature.replace(parameters=[renamed, *rest])
    made: Callable[Concatenate[Any, P], R] = method  # type: ignore[assignment]  # wraps() hides that self is positional
    return made


def without_first(function: Callable[P, R]) -> Callable[P, R]:
    """Show a function with the signature of what it wraps, less the first argument, which it fills in itself."""
    wrapped: Any = getattr(function, "__wrapped__")  # noqa: B009 - set by functools.wraps, unknown to type checkers
    signature = inspect.signature(wrapped)
    function.__dict__["__signature__"] = signature.replace(parameters=[*signature.parameters.values()][1:])
    return function
