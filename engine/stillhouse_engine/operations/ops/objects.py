"""Operations on what is no table: enum types, sequences, views, functions, triggers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stillhouse_engine.operations.ops.base import MigrateOperation

if TYPE_CHECKING:
    from collections.abc import Sequence


class SchemaObjectOp(MigrateOperation):
    """Makes, changes or drops an object of a schema, by SQL statements of its own.

    Args:
        noun: what it is: ``view``, ``function`` …
        name: its name, with its schema unless that is the default one.
        before: what is there now; None where nothing is.
        after: what will be there; None where nothing will be.
        statements: what makes the one into the other.
        undo: what makes it as it was.
        place: when it is run: before the operations on tables (below 0), or after them.
        autocommit: its statements commit by themselves, outside the transaction.
        undo_autocommit: the same of ``undo``.
        remark: what to look at before running it, and before undoing it.
    """

    def __init__(
        self,
        noun: str,
        name: str,
        before: Any,
        after: Any,
        *,
        statements: Sequence[str],
        undo: Sequence[str],
        place: int = 0,
        autocommit: bool = False,
        undo_autocommit: bool = False,
        remark: tuple[str, str] = ("", ""),
    ) -> None:
        self.noun = noun
        self.name = name
        self.before = before
        self.after = after
        self.statements = tuple(statements)
        self.undo = tuple(undo)
        self.place = place
        self.autocommit = autocommit
        self.undo_autocommit = undo_autocommit
        self.remark = remark

    def reverse(self) -> SchemaObjectOp:
        """Return the operation that undoes this one."""
        return SchemaObjectOp(
            self.noun,
            self.name,
            self.after,
            self.before,
            statements=self.undo,
            undo=self.statements,
            place=-self.place,
            autocommit=self.undo_autocommit,
            undo_autocommit=self.autocommit,
            remark=(self.remark[1], self.remark[0]),
        )

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return ``("add_view", name, View)``, ``("remove_view", …)``, or ``("modify_view", name, before, after)``."""
        if self.before is None:
            return (f"add_{self.noun}", self.name, self.after)
        if self.after is None:
            return (f"remove_{self.noun}", self.name, self.before)
        return (f"modify_{self.noun}", self.name, self.before, self.after)
