"""``Rewriter``: hooks that edit what autogenerate found, one function for each kind of operation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from stillhouse_engine.operations import ops

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stillhouse_engine.runtime.migration import MigrationContext

    Hook = Callable[[MigrationContext, Any, Any], Any]
    Function = TypeVar("Function", bound=Hook)

__all__ = ["Rewriter"]


class Rewriter:
    """Edits the operations of revisions that are about to be written.

    Use it as ``process_revision_directives``. A function that it is given with ``rewrites()`` gets the migration context,
    the revision and an operation, and returns the operation, another one, or a list.
    """

    def __init__(self) -> None:
        self._functions: dict[type, Hook] = {}
        self._chained: tuple[Any, ...] = ()

    def rewrites(self, operator: type[ops.MigrateOperation]) -> Callable[[Function], Function]:
        """Return a decorator that enters a function for a kind of operation.

        Args:
            operator: the operation class; its subclasses are meant, too.
        """

        def enter(function: Function) -> Function:
            if operator in self._functions:
                raise ValueError(
                    f"Can not set dispatch function for object {operator!r}: key already exists. "
                    "To replace existing function, use replace=True."
                )
            self._functions[operator] = function
            return function

        return enter

    def chain(self, other: Any) -> Rewriter:
        """Return a rewriter that does what this one does, then what another one, or any such hook, does."""
        both = Rewriter()
        both._functions = self._functions
        both._chained = (*self._chained, other)
        return both

    def __call__(self, context: MigrationContext, revision: Any, directives: list[ops.MigrationScript]) -> None:
        """Edit the operations of the revisions, then let the chained hooks do so."""
        self.process_revision_directives(context, revision, directives)
        for hook in self._chained:
            hook(context, revision, directives)

    def process_revision_directives(
        self, context: MigrationContext, revision: Any, directives: list[ops.MigrationScript]
    ) -> None:
        """Edit the operations of the revisions in place."""
        self._rewrite_list(context, revision, directives)

    def _rewrite_list(self, context: MigrationContext, revision: Any, directives: list[Any]) -> None:
        directives[:] = [new for directive in list(directives) for new in self._rewritten(context, revision, directive)]

    def _rewritten(self, context: MigrationContext, revision: Any, directive: Any) -> Iterator[Any]:
        for new in self._replaced(context, revision, directive):
            self._descend(context, revision, new)
            yield new

    def _replaced(self, context: MigrationContext, revision: Any, directive: Any) -> Iterator[Any]:
        """Yield what takes an operation's place; nothing that a function returned is given to a function again."""
        function = next((self._functions[kind] for kind in type(directive).__mro__ if kind in self._functions), None)
        if function is None or self in directive._mutations:  # noqa: SLF001 - ours, on every operation
            yield directive
            return
        result = function(context, revision, directive)
        for new in result if isinstance(result, Iterable) else [result]:
            new._mutations = new._mutations.union([self])  # noqa: SLF001 - ours, on every operation
            yield new

    def _descend(self, context: MigrationContext, revision: Any, directive: Any) -> None:
        if isinstance(directive, ops.MigrationScript):
            for container in (*directive.upgrade_ops_list, *directive.downgrade_ops_list):
                for new in self._replaced(context, revision, container):
                    self._descend(context, revision, new)
        elif isinstance(directive, ops.OpContainer):
            self._rewrite_list(context, revision, directive.ops)
