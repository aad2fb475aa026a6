"""SQLite: no ALTER of constraints and columns; a batch makes the table anew instead."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, Computed, inspect, text
from sqlalchemy import schema as sa_schema
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import BindParameter

from stillhouse_engine.dialects import ddl
from stillhouse_engine.dialects.comparing_sqlite import SQLiteComparisons
from stillhouse_engine.dialects.impl import DefaultImpl, is_made
from stillhouse_engine.errors import CommandError

if TYPE_CHECKING:
    from sqlalchemy import Column, Connection, Constraint, Table
    from sqlalchemy.sql.compiler import DDLCompiler
    from sqlalchemy.types import TypeEngine

ACTIONS = frozenset({"CASCADE", "SET NULL", "SET DEFAULT"})
BLURRED = re.compile(r"\b(DESC|COLLATE)\b", re.IGNORECASE)
BATCH = "Please refer to the batch mode feature which allows for SQLite migrations using a copy-and-move strategy."


class SQLiteImpl(SQLiteComparisons, DefaultImpl):
    """Carries out operations on SQLite."""

    __dialect__ = "sqlite"

    # SQLite's DDL is transactional, but Python's driver began no transaction for it: Alembic took it for not
    # transactional, and projects rely on what follows from that.
    transactional_ddl = False

    def requires_recreate_in_batch(self, batch_op: Any) -> bool:
        """Tell whether a batch does more than SQLite's ALTER can."""
        return any(not alterable(name, arguments) for name, arguments, _ in batch_op.batch)

    def add_constraint(self, const: Constraint, **_: Any) -> None:
        """Refuse, unless the constraint is one that a type brings along.

        Raises:
            NotImplementedError: SQLite cannot add constraints.
        """
        if not has_rule(const):
            raise NotImplementedError(f"No support for ALTER of constraints in SQLite dialect. {BATCH}")
        if is_made(const, self.dialect):
            warnings.warn(
                f"Skipping unsupported ALTER for creation of implicit constraint. {BATCH}", UserWarning, stacklevel=2
            )

    def drop_constraint(self, const: Constraint, **_: Any) -> None:
        """Refuse, unless the constraint is one that a type brings along.

        Raises:
            NotImplementedError: SQLite cannot drop constraints.
        """
        if not has_rule(const):
            raise NotImplementedError(f"No support for ALTER of constraints in SQLite dialect. {BATCH}")

    def protect_referring_rows(self, table_name: str, schema: str | None) -> None:
        """Refuse to make a table anew where dropping the old one would take rows of other tables along.

        With foreign keys enforced, SQLite's DROP TABLE deletes the table's rows first, and ``ON DELETE`` acts on it.

        Raises:
            CommandError: there are such rows.
        """
        connection = self.connection
        if connection is None or not connection.exec_driver_sql("PRAGMA foreign_keys").scalar():
            return
        for referring in inspect(connection).get_table_names(schema=schema):
            if self._rows_at_risk(connection, referring, table_name, schema):
                raise CommandError(
                    f"Making table '{table_name}' anew would delete or change rows of '{referring}', whose foreign key "
                    "has an ON DELETE action: run 'PRAGMA foreign_keys=OFF' before the migration's transaction begins"
                )

    def take_name(self, temporary_name: str, table: Table) -> None:
        """Rename the new table although views and triggers of other tables speak of the old one, which is gone by now.

        SQLite looks through all of them at every rename, unless ``legacy_alter_table`` is on. Afterwards it looks once
        more: what they use may have been taken away.

        Raises:
            CommandError: a view uses a column that the new table does not have.
        """
        connection = self.connection
        if connection is None or self.as_sql or not self._is_spoken_of(connection, table):
            super().take_name(temporary_name, table)
            return
        connection.exec_driver_sql("PRAGMA legacy_alter_table=ON")
        try:
            super().take_name(temporary_name, table)
            self.sink.flush()
        finally:
            connection.exec_driver_sql("PRAGMA legacy_alter_table=OFF")
        self._look_at_views(connection, table)

    def _is_spoken_of(self, connection: Connection, table: Table) -> bool:
        """Tell whether a rename would fail for the sake of a view or trigger."""
        self.sink.flush()
        if connection.exec_driver_sql("PRAGMA legacy_alter_table").scalar():
            return False
        catalogue = f"{self.dialect.identifier_preparer.quote(table.schema)}." if table.schema else ""
        query = f"SELECT 1 FROM {catalogue}sqlite_master WHERE type IN ('view', 'trigger') AND instr(lower(sql), lower(:name))"
        return connection.execute(text(query), {"name": table.name}).first() is not None

    def _look_at_views(self, connection: Connection, table: Table) -> None:
        """Let SQLite look through all views: it does so before it renames a column, even to the name that it has."""
        quote = self.dialect.identifier_preparer.quote
        place = f"{quote(table.schema)}.{quote(table.name)}" if table.schema else quote(table.name)
        columns = connection.exec_driver_sql(f"SELECT * FROM {place} LIMIT 0").keys()
        column = quote(next(iter(columns)))
        try:
            connection.exec_driver_sql(f"ALTER TABLE {place} RENAME COLUMN {column} TO {column}")
        except OperationalError as error:
            raise CommandError(
                f"Table '{table.name}' was made anew without what others use ({error.orig}): drop those before the batch, "
                "and make them again after it"
            ) from error

    def _rows_at_risk(self, connection: Connection, referring: str, table_name: str, schema: str | None) -> bool:
        quote = self.dialect.identifier_preparer.quote
        place = f"{quote(schema)}." if schema else ""
        keys = connection.exec_driver_sql(f"PRAGMA {place}foreign_key_list({quote(referring)})").mappings().all()
        columns = [key["from"] for key in keys if key["table"] == table_name and key["on_delete"] in ACTIONS]
        if not columns:
            return False
        condition = " OR ".join(f"{quote(column)} IS NOT NULL" for column in columns)
        found = connection.exec_driver_sql(f"SELECT 1 FROM {place}{quote(referring)} WHERE {condition} LIMIT 1")
        return found.first() is not None

    def indexes_as_written(self, table: Table) -> dict[str, str]:
        """Return the indexes that reflection skips (expressions) or blurs (DESC, COLLATE), as they were written."""
        catalogue = f"{self.dialect.identifier_preparer.quote(table.schema)}." if table.schema else ""
        query = text(
            f"SELECT name, sql FROM {catalogue}sqlite_master "
            "WHERE type = 'index' AND tbl_name = :table AND sql IS NOT NULL"
        )
        if self.connection is None:
            return {}
        known = {str(index.name) for index in table.indexes}
        rows = self.connection.execute(query, {"table": table.name})
        return {name: sql for name, sql in rows if name not in known or BLURRED.search(sql)}

    def cast_for_batch_migrate(
        self, existing: Column[Any], existing_transfer: dict[str, Any], new_type: TypeEngine[Any]
    ) -> None:
        """Convert values; JSON is text here and stays as it is."""
        if not isinstance(existing.type, JSON) and not isinstance(new_type, JSON):
            super().cast_for_batch_migrate(existing, existing_transfer, new_type)


def has_rule(constraint: Any) -> bool:
    """Tell whether a constraint comes from a type, which says where it is needed."""
    return constraint._create_rule is not None  # noqa: SLF001 - how SQLAlchemy's types say where they need a CHECK


def alterable(name: str, arguments: tuple[Any, ...]) -> bool:
    """Tell whether SQLite's ALTER can do one thing of a batch."""
    if name in {"create_index", "drop_index"}:
        return True
    if name != "add_column":
        return False
    column = arguments[1]
    if isinstance(column.computed, Computed):
        # ALTER TABLE adds virtual columns only, and only where they say so.
        return not column.computed.persisted
    return has_constant_default(column)


def has_constant_default(column: Column[Any]) -> bool:
    """Tell whether a column's default is one that ALTER TABLE ADD COLUMN takes."""
    default = column.server_default
    return bool(not isinstance(default, sa_schema.DefaultClause) or isinstance(default.arg, str | BindParameter))


@compiles(ddl.RenameTable, "sqlite")
def visit_rename_table(element: ddl.RenameTable, compiler: DDLCompiler, **_: Any) -> str:
    """Write ``ALTER TABLE … RENAME TO …``; the new name has no schema."""
    table = ddl.alter_table(compiler, element.table_name, element.schema)
    return f"{table} RENAME TO {ddl.format_table_name(compiler, element.new_table_name, None)}"


@compiles(ddl.ColumnName, "sqlite")
def visit_column_name(element: ddl.ColumnName, compiler: DDLCompiler, **_: Any) -> str:
    """Write ``ALTER TABLE … RENAME COLUMN … TO …``."""
    table = ddl.alter_table(compiler, element.table_name, element.schema)
    old, new = (ddl.format_column_name(compiler, name) for name in (element.column_name, element.newname))
    return f"{table} RENAME COLUMN {old} TO {new}"
