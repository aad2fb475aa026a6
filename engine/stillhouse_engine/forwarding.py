"""What ``op`` and ``context`` stand for: modules whose functions forward to an object of the migration that runs.

That object belongs to a task or thread. Programs that call a revision's functions by themselves, as tests of revisions
do, put one of their own behind the module, by Alembic's name for it: ``op._proxy = Operations(migration_context)``.
"""

from __future__ import annotations

import weakref
from contextlib import suppress
from contextvars import ContextVar, Token
from types import ModuleType
from typing import Any, ClassVar, Generic, TypeVar

T = TypeVar("T")


class Standing(Generic[T]):
    """Keeps the objects that a module stands for.

    Args:
        name: of the context variable.
    """

    def __init__(self, name: str) -> None:
        self._here: ContextVar[T | None] = ContextVar(name, default=None)
        self._entered: weakref.WeakSet[Any] = weakref.WeakSet()
        self._installed: T | None = None

    def get(self) -> T | None:
        """Return the object of this task or thread, or what a program has installed; None where there is neither.

        A thread that env.py or a revision started by itself inherits no context variables; when one object is all there
        is in this process, it is that thread's, too.
        """
        found = self._here.get() or self._installed
        if found is None and len(entered := list(self._entered)) == 1:
            found = entered[0]
        return found

    def enter(self, thing: T) -> Token[T | None]:
        """Stand for an object in this task or thread, until ``leave()``."""
        self._entered.add(thing)
        return self._here.set(thing)

    def leave(self, thing: T, token: Token[T | None]) -> None:
        """Stand for what was there before."""
        self._entered.discard(thing)
        with suppress(ValueError):  # left in another context than it was entered in, which never saw it
            self._here.reset(token)

    def install(self, thing: T | None) -> None:
        """Stand for an object from now on: in place of the one that was entered here, or else in the whole process."""
        if self._here.get() is None:
            self._installed = thing
        else:
            self._here.set(thing)


class Installable:
    """What such a module may stand for, by Alembic's names for that: for programs that call revisions or env.py themselves."""

    _standing: ClassVar[Standing[Any]]

    def _install_proxy(self) -> None:
        """Let the module stand for this object from now on."""
        self._standing.install(self)

    def _remove_proxy(self) -> None:
        """Let the module stand for nothing."""
        self._standing.install(None)


class ForwardingModule(ModuleType):
    """A module whose functions forward."""

    standing: ClassVar[Standing[Any]]

    @property
    def _proxy(self) -> Any:
        return self.standing.get()

    @_proxy.setter
    def _proxy(self, thing: Any) -> None:
        self.standing.install(thing)

    @_proxy.deleter
    def _proxy(self) -> None:
        self.standing.install(None)
