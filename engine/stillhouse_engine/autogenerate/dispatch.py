"""Which functions compare what, and which functions render what."""

from __future__ import annotations

from collections import defaultdict
from enum import Enum, IntEnum, auto
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Function = TypeVar("Function", bound="Callable[..., Any]")

DEFAULT = "default"
"""The qualifier of functions that serve every dialect."""


class DispatchPriority(IntEnum):
    """When a comparator runs among those of the same target: the highest first."""

    FIRST = 50
    MEDIUM = 25
    LAST = 10


class PriorityDispatchResult(Enum):
    """What a comparator says of those that come after it in its group."""

    CONTINUE = auto()
    STOP = auto()


class Entry(NamedTuple):
    """One comparator.

    Attributes:
        priority: the highest run first.
        subgroup: the group within which it may stop those that come after it.
        function: the comparator.
    """

    priority: int
    subgroup: str | None
    function: Callable[..., Any]


class PriorityDispatcher:
    """Comparators by what they compare; all of a target's run, in the order of their priorities."""

    def __init__(self) -> None:
        self._entries: defaultdict[tuple[str, str], list[Entry]] = defaultdict(list)

    def dispatch_for(
        self,
        target: str,
        *,
        priority: DispatchPriority = DispatchPriority.MEDIUM,
        qualifier: str = DEFAULT,
        subgroup: str | None = None,
    ) -> Callable[[Function], Function]:
        """Return a decorator that enters a comparator.

        Args:
            target: what it compares: ``autogenerate``, ``schema``, ``table``, ``column``.
            priority: when it runs.
            qualifier: the dialect that it serves.
            subgroup: the group within which it may stop those that come after it.
        """

        def enter(function: Function) -> Function:
            self._entries[target, qualifier].append(Entry(priority, subgroup, function))
            return function

        return enter

    def dispatch(self, target: str, *, qualifier: str = DEFAULT) -> Callable[..., None]:
        """Return a function that calls every comparator of a target; a dialect's own before those of all dialects."""
        entries = self._ordered(target, qualifier)

        def call(*args: Any, **kw: Any) -> None:
            stopped: set[str | None] = set()
            for entry in entries:
                if entry.subgroup not in stopped and entry.function(*args, **kw) is PriorityDispatchResult.STOP:
                    stopped.add(entry.subgroup)

        return call

    def _ordered(self, target: str, qualifier: str) -> list[Entry]:
        entries = [*self._entries.get((target, qualifier), ())] if qualifier != DEFAULT else []
        entries += self._entries.get((target, DEFAULT), ())
        return sorted(entries, key=lambda entry: -entry.priority)

    def are_from(self, modules: tuple[str, ...]) -> bool:
        """Tell whether all comparators are from modules whose names begin in one of the given ways."""
        return all(
            getattr(entry.function, "__module__", "").startswith(modules)
            for entries in self._entries.values()
            for entry in entries
        )

    def compares_like(self, other: PriorityDispatcher, targets: tuple[str, ...]) -> bool:
        """Tell whether the same comparators as another dispatcher's look at some targets."""
        return self._chosen(targets) == other._chosen(targets)

    def _chosen(self, targets: tuple[str, ...]) -> dict[tuple[str, str], set[Entry]]:
        return {key: set(entries) for key, entries in self._entries.items() if key[0] in targets and entries}

    def branch(self) -> PriorityDispatcher:
        """Return a dispatcher that knows the same comparators, and may be added to."""
        copy = PriorityDispatcher()
        copy.populate_with(self)
        return copy

    def populate_with(self, other: PriorityDispatcher) -> None:
        """Add the comparators of another dispatcher."""
        for key, entries in other._entries.items():
            self._entries[key].extend(entries)


class QualifiedDispatcher:
    """Functions by the class that they serve, for one dialect or for all; a subclass is served as its base."""

    def __init__(self) -> None:
        self._functions: dict[tuple[Any, str], Callable[..., Any]] = {}

    def dispatch_for(
        self, target: Any, *, qualifier: str = DEFAULT, replace: bool = False
    ) -> Callable[[Function], Function]:
        """Return a decorator that enters a function.

        Args:
            target: the class that it serves.
            qualifier: the dialect that it serves.
            replace: take the place of a function that is there already.

        Raises:
            ValueError: there is one already.
        """

        def enter(function: Function) -> Function:
            if (target, qualifier) in self._functions and not replace:
                raise ValueError(
                    f"Can not set dispatch function for object {target!r}: key already exists. "
                    "To replace existing function, use replace=True."
                )
            self._functions[target, qualifier] = function
            return function

        return enter

    def dispatch(self, obj: Any, qualifier: str = DEFAULT) -> Callable[..., Any]:
        """Return the function for an object, or for a string that names a kind.

        Raises:
            ValueError: there is none.
        """
        for kind in self._kinds(obj):
            for each in (qualifier, DEFAULT):
                if (function := self._functions.get((kind, each))) is not None:
                    return function
        raise ValueError(f"no dispatch function for object: {obj!r}")

    @staticmethod
    def _kinds(obj: Any) -> Iterator[Any]:
        if isinstance(obj, str):
            yield obj
        else:
            yield from (obj if isinstance(obj, type) else type(obj)).__mro__

    def include(self, other: QualifiedDispatcher) -> None:
        """Add the functions of another dispatcher; its own stay."""
        self._functions = {**other._functions, **self._functions}
