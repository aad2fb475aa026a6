"""A table as it is to be: drafts of its columns, constraints and indexes, to which a batch's changes are applied.

The table as it is comes from reflection or from the user; nothing here touches the database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Computed, DefaultClause, Identity, PrimaryKeyConstraint
from sqlalchemy.sql.elements import conv

from stillhouse_engine.dialects.ddl import type_instance
from stillhouse_engine.operations.batch.ordering import ColumnOrder
from stillhouse_engine.operations.schema_objects import copy_item, is_type_bound, sorted_constraints

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Column, Constraint, Index, Table


class TableDraft:
    """A table as it is to be.

    Args:
        impl: the dialect's implementation.
        table: the table as it is.
        reflected: the table comes from reflection, not from the user.
        as_written: indexes that reflection cannot tell exactly, as SQL text by name.
    """

    def __init__(self, impl: Any, table: Table, *, reflected: bool, as_written: Mapping[str, str]) -> None:
        self.impl = impl
        self.table = table
        self.columns = {column.name: self._draft(column) for column in table.c}
        self.order = ColumnOrder(self.columns)
        self.transfers: dict[str, dict[str, Any]] = {
            column.name: {"expr": column} for column in table.c if column.computed is None
        }
        self.renames: dict[str, str] = {}
        self.dropped: set[str] = set()
        self.comment = table.comment
        self.named_constraints: dict[str, Constraint] = {}
        self.unnamed_constraints: list[Constraint] = []
        self.omitted_checks: list[CheckConstraint] = []
        self.added: set[Constraint] = set()
        self.bound: dict[str, str] = {}
        self.new_columns: set[str] = set()
        self.indexes: dict[str, Index] = {str(index.name): index for index in table.indexes}
        self.as_written = dict(as_written)
        self.new_indexes: dict[str, tuple[Index, dict[str, Any]]] = {}
        self._take_constraints(reflected)

    def _draft(self, column: Column[Any]) -> Column[Any]:
        draft: Column[Any] = copy_item(column)
        # Uniqueness and indexes are drafts of their own.
        draft.unique = draft.index = None
        return draft

    def _take_constraints(self, reflected: bool) -> None:
        for constraint in sorted_constraints(self.table):
            if is_type_bound(constraint):
                self._take_bound(constraint)
                continue
            if constraint.name:
                self.named_constraints[str(constraint.name)] = constraint
            elif reflected and isinstance(constraint, CheckConstraint):
                self.omitted_checks.append(constraint)  # it may be one that its column's type makes again
            else:
                self.unnamed_constraints.append(constraint)

    def _take_bound(self, constraint: Any) -> bool:
        """Take over the CHECK of a column's type where a naming convention named it; the type gives it another name.

        Returns:
            Whether it did.
        """
        names = [column.name for column in constraint.columns]
        if not isinstance(constraint.name, conv) or len(names) != 1:
            return False
        self.named_constraints[str(constraint.name)] = constraint
        self.bound[names[0]] = str(constraint.name)
        self.columns[names[0]].type.create_constraint = False  # type: ignore[attr-defined]
        return True

    def _drop_bound(self, column: str) -> None:
        if (name := self.bound.pop(column, None)) is not None:
            self.named_constraints.pop(name, None)

    def _column(self, name: str) -> tuple[str, Column[Any]]:
        """Return a column by its old or its new name, with the old one.

        Raises:
            KeyError: there is no such column.
        """
        if name not in self.columns:
            name = next((old for old, new in self.renames.items() if new == name), name)
        return name, self.columns[name]

    def alter_column(
        self,
        table_name: str,  # noqa: ARG002 - the signature of a dialect's implementation
        column_name: str,
        *,
        nullable: bool | None = None,
        server_default: Any = False,
        name: str | None = None,
        type_: Any = None,
        autoincrement: bool | str | None = None,
        comment: str | bool | None = False,
        insert_before: str | None = None,
        insert_after: str | None = None,
        **_: Any,
    ) -> None:
        """Change the draft of a column.

        Raises:
            KeyError: there is no such column.
        """
        old, column = self._column(column_name)
        if name is not None and name != column.name:
            column.name = column.key = name
            self.renames[old] = name
        if type_ is not None:
            self._change_type(old, column, type_instance(type_))
        if nullable is not None:
            column.nullable = nullable
        if server_default is not False:
            self._change_default(old, column, server_default)
        if autoincrement is not None:
            column.autoincrement = bool(autoincrement)
        if comment is not False:
            column.comment = comment  # type: ignore[assignment]
        if insert_before or insert_after:
            self.order.move(old, *self._neighbours(insert_before, insert_after))

    def _change_type(self, name: str, column: Column[Any], type_: Any) -> None:
        transfer = self.transfers.get(name)
        if transfer is not None:
            self.impl.cast_for_batch_migrate(column, transfer, type_)
        if hasattr(column.type, "create_constraint"):
            column.type.create_constraint = False
        self._drop_bound(name)
        # The new type's CHECK comes as a constraint of its own; its CREATE TYPE is the revision's business.
        column.type = type_

    def _change_default(self, name: str, column: Column[Any], default: Any) -> None:
        column.server_default, column.computed, column.identity = None, None, None
        if isinstance(default, Computed | Identity):
            default._set_parent_with_dispatch(column)  # noqa: SLF001 - what Column() does with its items
        elif default is not None:
            column.server_default = default if isinstance(default, DefaultClause) else DefaultClause(default)
        if isinstance(default, Computed):
            self.transfers.pop(name, None)

    def add_column(
        self,
        table_name: str,  # noqa: ARG002 - the signature of a dialect's implementation
        column: Column[Any],
        *,
        insert_before: str | None = None,
        insert_after: str | None = None,
        **_: Any,
    ) -> None:
        """Add the draft of a column; one that was dropped before keeps the indexes and constraints that name it.

        Raises:
            KeyError: the column that it is to stand next to does not exist.
        """
        neighbours = self._neighbours(insert_before, insert_after)
        draft = self._draft(column)
        if draft.name in self.columns:
            self.order.drop(draft.name)
        self.columns[draft.name] = draft
        self.new_columns.add(draft.name)
        self.dropped.discard(draft.name)
        self.order.place(draft.name, *neighbours)
        for constraint in getattr(column.table, "constraints", ()):
            mine = is_type_bound(constraint) and column in constraint.columns.values()
            if mine and self._take_bound(constraint):
                self.added.add(constraint)

    def _neighbours(self, *names: str | None) -> list[str | None]:
        """Return the old names of the columns that one is put next to."""
        return [self._column(name)[0] if name else None for name in names]

    def drop_column(self, table_name: str, column: Column[Any], **_: Any) -> None:  # noqa: ARG002 - as above
        """Drop the draft of a column.

        Raises:
            KeyError: there is no such column.
        """
        old, _draft = self._column(column.name)
        del self.columns[old]
        self.order.drop(old)
        self._drop_bound(old)
        self.transfers.pop(old, None)
        self.renames.pop(old, None)
        self.dropped.add(old)

    def create_column_comment(self, column: Column[Any]) -> None:
        """Do nothing: a new column brings its comment."""

    def create_table_comment(self, table: Table) -> None:
        """Set the table's comment."""
        self.comment = table.comment

    def drop_table_comment(self, table: Table) -> None:  # noqa: ARG002 - as above
        """Remove the table's comment."""
        self.comment = None

    def rename_table(self, *_: Any, **__: Any) -> None:
        """Refuse: the table is renamed already while it is made.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError("Can't rename the table in batch mode")

    def add_constraint(self, const: Constraint) -> None:
        """Add a constraint.

        Raises:
            ValueError: it has no name, so nobody could drop it again.
        """
        if is_type_bound(const):
            self._add_type_bound(const)
            return
        if not const.name:
            raise ValueError("Constraint must have a name")
        if isinstance(const, PrimaryKeyConstraint):
            self._drop_primary_key()
        self.named_constraints.pop(str(const.name), None)
        self.named_constraints[str(const.name)] = const
        self.added.add(const)

    def _add_type_bound(self, const: Any) -> None:
        """Add the CHECK of an altered column's new type; a new column brings its own."""
        if self.new_columns.isdisjoint(column.name for column in const.columns):
            self.unnamed_constraints.append(const)
            self.added.add(const)

    def _drop_primary_key(self) -> None:
        for name, constraint in list(self.named_constraints.items()):
            if isinstance(constraint, PrimaryKeyConstraint):
                del self.named_constraints[name]
        self.unnamed_constraints = [
            each for each in self.unnamed_constraints if not isinstance(each, PrimaryKeyConstraint)
        ]

    def drop_constraint(self, const: Constraint, **_: Any) -> None:
        """Drop a constraint.

        Raises:
            ValueError: it has no name, or there is none of its name.
        """
        if is_type_bound(const) and not const.name:
            return
        if not const.name:
            raise ValueError("Constraint must have a name")
        name = str(const.name)
        found = self.named_constraints.pop(name, None)
        if found is None and not self._drop_column_check(name) and not is_type_bound(const):
            raise ValueError(f"No such constraint: '{name}'")

    def _drop_column_check(self, name: str) -> bool:
        """Drop a CHECK that belongs to a column or to its type; tell whether there was one."""
        for column in self.columns.values():
            for constraint in list(column.constraints):
                if constraint.name == name:
                    column.constraints.remove(constraint)
                    return True
            if getattr(column.type, "name", None) == name and getattr(column.type, "create_constraint", False):
                column.type.create_constraint = False  # type: ignore[attr-defined]
                return True
        return False

    def create_index(self, idx: Index, **kw: Any) -> None:
        """Add an index."""
        self.new_indexes[str(idx.name)] = (idx, kw)

    def drop_index(self, idx: Index, **_: Any) -> None:
        """Drop an index.

        Raises:
            ValueError: there is none of its name.
        """
        name = str(idx.name)
        places: tuple[dict[str, Any], ...] = (self.new_indexes, self.indexes, self.as_written)
        if not [place.pop(name) for place in places if name in place]:
            raise ValueError(f"No such index: '{name}'")
