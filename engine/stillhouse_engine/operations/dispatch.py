"""Which function carries out which kind of operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Implementation = TypeVar("Implementation", bound="Callable[..., Any]")


class Dispatcher:
    """Functions by the operation class that they carry out; a subclass is carried out as its base."""

    def __init__(self) -> None:
        self._functions: dict[type, Callable[..., Any]] = {}

    def dispatch_for(self, target: type, replace: bool = False) -> Callable[[Implementation], Implementation]:
        """Return a decorator that enters a function.

        Args:
            target: the operation class.
            replace: take the place of a function that is there already.

        Raises:
            ValueError: there is one already.
        """

        def enter(function: Implementation) -> Implementation:
            if target in self._functions and not replace:
                raise ValueError(
                    f"Can not set dispatch function for object {target!r}: key already exists. "
                    "To replace existing function, use replace=True."
                )
            self._functions[target] = function
            return function

        return enter

    def dispatch(self, operation: object) -> Callable[..., Any]:
        """Return the function for an operation.

        Raises:
            ValueError: there is none.
        """
        for kind in type(operation).__mro__:
            if (function := self._functions.get(kind)) is not None:
                return function
        raise ValueError(f"no dispatch function for object: {operation!r}")
