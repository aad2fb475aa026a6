"""Operations on what is in the tables: SQL of one's own, rows in bulk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stillhouse_engine.operations.ops.base import Invoker, MigrateOperation

if TYPE_CHECKING:
    from sqlalchemy import Executable, Table, TableClause


class BulkInsertOp(MigrateOperation):
    """Inserts many rows."""

    def __init__(self, table: Table | TableClause, rows: list[dict[str, Any]], *, multiinsert: bool = True) -> None:
        self.table = table
        self.rows = rows
        self.multiinsert = multiinsert

    @classmethod
    def bulk_insert(
        cls,
        operations: Invoker,
        /,
        table: Table | TableClause,
        rows: list[dict[str, Any]],
        *,
        multiinsert: bool = True,
    ) -> None:
        """Insert many rows.

        Args:
            operations: filled in by ``op``.
            table: the table, as ``sqlalchemy.table(…)`` or as ``create_table`` returned it.
            rows: one dictionary for each row.
            multiinsert: send all rows as one statement's parameters; False where rows hold ``op.inline_literal``.

        Raises:
            TypeError: the rows are not a list of dictionaries.
        """
        operations.invoke(cls(table, rows, multiinsert=multiinsert))


class ExecuteSQLOp(MigrateOperation):
    """Executes SQL of the user's own."""

    def __init__(self, sqltext: Executable | str, *, execution_options: dict[str, Any] | None = None) -> None:
        self.sqltext = sqltext
        self.execution_options = execution_options

    @classmethod
    def execute(
        cls,
        operations: Invoker,
        /,
        sqltext: Executable | str,
        *,
        execution_options: dict[str, Any] | None = None,
    ) -> None:
        r"""Execute SQL; nothing is returned, because offline there is nothing to return.

        Args:
            operations: filled in by ``op``.
            sqltext: text, ``sqlalchemy.text(…)``, or any executable construct. In text, ``:name`` is a parameter;
                write ``\\:`` where a colon is meant.
            execution_options: SQLAlchemy execution options.
        """
        operations.invoke(cls(sqltext, execution_options=execution_options))

    @classmethod
    def batch_execute(
        cls,
        operations: Invoker,
        /,
        sqltext: Executable | str,
        *,
        execution_options: dict[str, Any] | None = None,
    ) -> None:
        """Execute SQL at once, before the batch's own changes."""
        operations.invoke(cls(sqltext, execution_options=execution_options))

    def to_diff_tuple(self) -> tuple[str, Executable | str]:
        """Return ``("execute", SQL)``."""
        return ("execute", self.sqltext)
