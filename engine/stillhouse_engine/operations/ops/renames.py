"""Renames that autogenerate offers: operations that know the way back, which Alembic's renames do not."""

from __future__ import annotations

from typing import Any

from stillhouse_engine.operations.ops.alterations import AlterColumnOp
from stillhouse_engine.operations.ops.tables import RenameTableOp


class RenameColumnOp(AlterColumnOp):
    """Renames a column; what else it says of the column stays as it is.

    Attributes:
        guessed: nobody said that the column is the same: it only looks like it.
    """

    guessed = False

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return ``("rename_column", schema, table name, old name, new name)``."""
        return ("rename_column", self.schema, self.table_name, self.column_name, self.modify_name)

    def has_changes(self) -> bool:
        """Tell that there is something to do."""
        return True

    def reverse(self) -> RenameColumnOp:
        """Return the operation that gives the column its old name."""
        return RenameColumnOp(
            self.table_name,
            str(self.modify_name),
            schema=self.schema,
            modify_name=self.column_name,
            **self._existing_all(),
        )


class ReversibleRenameTableOp(RenameTableOp):
    """Renames a table, and knows the way back.

    Attributes:
        guessed: nobody said that the table is the same: it only looks like it.
    """

    guessed = False

    def reverse(self) -> ReversibleRenameTableOp:
        """Return the operation that gives the table its old name."""
        return ReversibleRenameTableOp(self.new_table_name, self.table_name, schema=self.schema)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return ``("rename_table", schema, old name, new name)``."""
        return ("rename_table", self.schema, self.table_name, self.new_table_name)
