"""What every operation has, and what an operation needs of whoever carries it out."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Invoker(Protocol):
    """Carries out operations: what the directives of an operation class are given first."""

    def invoke(self, operation: MigrateOperation) -> Any:
        """Carry out an operation and return what its implementation returns."""
        ...


class BatchTarget(Protocol):
    """The table of a batch."""

    @property
    def table_name(self) -> str:
        """Name of the table that the batch alters."""
        ...

    @property
    def schema(self) -> str | None:
        """Schema of the table that the batch alters."""
        ...


class BatchInvoker(Protocol):
    """Carries out operations inside ``batch_alter_table``, where the table is known."""

    @property
    def impl(self) -> BatchTarget:
        """The batch."""
        ...

    def invoke(self, operation: MigrateOperation) -> Any:
        """Carry out an operation and return what its implementation returns."""
        ...


class MigrateOperation:
    """One change to a schema, as data.

    Subclass it and register the subclass with ``Operations.register_operation`` to add a directive to ``op``.
    """

    _mutations: frozenset[Any] = frozenset()

    @cached_property
    def info(self) -> dict[Any, Any]:
        """A dictionary for any purpose of the user's."""
        return {}

    def reverse(self) -> MigrateOperation:
        """Return the operation that undoes this one.

        Raises:
            NotImplementedError: this kind of operation cannot be undone.
        """
        raise NotImplementedError

    def to_diff_tuple(self) -> tuple[Any, ...] | list[tuple[Any, ...]]:
        """Return the operation as ``compare_metadata`` shows it.

        Raises:
            NotImplementedError: this kind of operation is never the result of a comparison.
        """
        raise NotImplementedError


class AlterTableOp(MigrateOperation):
    """A change to an existing table."""

    def __init__(self, table_name: str, *, schema: str | None = None) -> None:
        self.table_name = table_name
        self.schema = schema


class OpContainer(MigrateOperation):
    """A sequence of operations."""

    def __init__(self, ops: Sequence[MigrateOperation] = ()) -> None:
        self.ops = list(ops)

    def is_empty(self) -> bool:
        """Tell whether there is nothing to do."""
        return not self.ops

    def as_diffs(self) -> Any:
        """Return the operations as ``compare_metadata`` shows them."""
        return list(self._ops_as_diffs(self))

    @classmethod
    def _ops_as_diffs(cls, migrations: OpContainer) -> Iterator[Any]:
        for operation in migrations.ops:
            if isinstance(operation, OpContainer):
                yield from cls._ops_as_diffs(operation)
            else:
                yield operation.to_diff_tuple()
