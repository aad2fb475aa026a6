"""SQL Server."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Computed, Identity
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.elements import ClauseElement

from stillhouse_engine.dialects import ddl
from stillhouse_engine.dialects.comparing_mssql import MSSQLComparisons
from stillhouse_engine.dialects.impl import DefaultImpl
from stillhouse_engine.errors import CommandError

if TYPE_CHECKING:
    from sqlalchemy import Column, Table, TableClause
    from sqlalchemy.dialects.mssql.base import MSDDLCompiler, MSSQLCompiler
    from sqlalchemy.types import TypeEngine

NULL_NEEDS_TYPE = (
    "MS-SQL ALTER COLUMN operations with NULL or NOT NULL require the existing_type or a new type_ be passed."
)
TYPE_WANTS_NULL = (
    "MS-SQL ALTER COLUMN operations that specify type_= should also specify a nullable= or existing_nullable= argument "
    "to avoid implicit conversion of NOT NULL columns to NULL."
)


class MSSQLImpl(MSSQLComparisons, DefaultImpl):
    """Carries out operations on SQL Server."""

    __dialect__ = "mssql"

    transactional_ddl = True
    batch_separator = "GO"
    type_synonyms = (*DefaultImpl.type_synonyms, {"VARCHAR", "NVARCHAR"})
    identity_attrs_ignore = (
        *DefaultImpl.identity_attrs_ignore,
        "minvalue",
        "maxvalue",
        "nominvalue",
        "nomaxvalue",
        "cycle",
        "cache",
    )

    def emit_begin(self) -> None:
        """Write the start of a transaction (offline)."""
        self.static_output(f"BEGIN TRANSACTION{self.command_terminator}")

    def emit_commit(self) -> None:
        """Write the end of a transaction (offline)."""
        super().emit_commit()
        if self.as_sql and self.batch_separator:
            self.static_output(self.batch_separator)

    def alter_column(
        self,
        table_name: str,
        column_name: str,
        *,
        nullable: bool | None = None,
        server_default: Any = False,
        name: str | None = None,
        type_: TypeEngine[Any] | None = None,
        schema: str | None = None,
        existing_type: TypeEngine[Any] | None = None,
        existing_server_default: Any = None,
        existing_nullable: bool | None = None,
        comment: str | Literal[False] | None = False,
        **kw: Any,
    ) -> None:
        """Change a column: a default is a constraint here, type and nullability are one thing."""
        known = {"schema": schema, "existing_type": existing_type, "existing_server_default": existing_server_default}
        plain = not any(isinstance(each, Computed | Identity) for each in (server_default, existing_server_default))
        final_type = type_ if type_ is not None or nullable is None else existing_type
        if nullable is not None and final_type is None:
            raise CommandError(NULL_NEEDS_TYPE)
        final_nullable = nullable if nullable is not None else existing_nullable
        if type_ is not None and final_nullable is None:
            warnings.warn(TYPE_WANTS_NULL, UserWarning, stacklevel=3)
        if server_default is not False and plain and (existing_server_default is not False or server_default is None):
            self._exec(DropColumnConstraint(table_name, column_name, "sys.default_constraints", schema))
        if final_type is not None:
            element = ddl.ColumnType(table_name, column_name, final_type, **known, existing_nullable=final_nullable)
            self._exec(element)
        super().alter_column(table_name, column_name, comment=comment, **known, **kw)
        if server_default is not False and (server_default is not None or not plain):
            for change in self.default_changes(table_name, column_name, server_default, known):
                self._exec(change)
        if name is not None:
            self._exec(ddl.ColumnName(table_name, column_name, name, schema=schema))

    def bulk_insert(self, table: TableClause | Table, rows: list[dict[str, Any]], multiinsert: bool = True) -> None:
        """Insert rows; offline nobody can tell whether they fill an identity column, so that is allowed."""
        if not self.as_sql:
            super().bulk_insert(table, rows, multiinsert)
            return
        name = self.dialect.identifier_preparer.format_table(table)
        self._exec(f"SET IDENTITY_INSERT {name} ON")
        super().bulk_insert(table, rows, multiinsert)
        self._exec(f"SET IDENTITY_INSERT {name} OFF")

    def drop_column(
        self,
        table_name: str,
        column: Column[Any],
        *,
        schema: str | None = None,
        if_exists: bool | None = None,
        mssql_drop_default: bool = False,
        mssql_drop_check: bool = False,
        mssql_drop_foreign_key: bool = False,
        **kw: Any,
    ) -> None:
        """Drop a column, after what hangs on it where that is asked for."""
        if mssql_drop_default:
            self._exec(DropColumnConstraint(table_name, column.name, "sys.default_constraints", schema))
        if mssql_drop_check:
            self._exec(DropColumnConstraint(table_name, column.name, "sys.check_constraints", schema))
        if mssql_drop_foreign_key:
            self._exec(DropColumnForeignKey(table_name, column.name, schema))
        super().drop_column(table_name, column, schema=schema, if_exists=if_exists, **kw)


class DropColumnForeignKey(Executable, ClauseElement):
    """Drops the foreign key of a column, whatever its name."""

    inherit_cache = False

    def __init__(self, table_name: str, column_name: str, schema: str | None) -> None:
        self.table_name = table_name
        self.column_name = column_name
        self.schema = schema


class DropColumnConstraint(DropColumnForeignKey):
    """Drops a constraint of a column, whatever its name, found in one of the catalogue's views."""

    inherit_cache = False

    def __init__(self, table_name: str, column_name: str, catalogue: str, schema: str | None) -> None:
        super().__init__(table_name, column_name, schema)
        self.catalogue = catalogue


def quoted(text: str) -> str:
    """Return text as it stands between quotes."""
    return text.replace("'", "''")


def names(element: DropColumnForeignKey, compiler: Any) -> tuple[str, str, str]:
    """Return table and column as text, and the table as an identifier inside text."""
    # The catalogue's functions want the bare name where the statement wants it quoted.
    bare = f"{element.schema}.{element.table_name}" if element.schema else element.table_name
    table = ddl.format_table_name(compiler, element.table_name, element.schema)
    return quoted(bare), quoted(element.column_name), quoted(table)


@compiles(DropColumnConstraint, "mssql")
def visit_drop_constraint(element: DropColumnConstraint, compiler: MSSQLCompiler, **_: Any) -> str:
    """Write the look-up of a constraint's name and its DROP."""
    bare, column, table = names(element, compiler)
    return f"""declare @const_name varchar(256)
select @const_name = QUOTENAME([name]) from {element.catalogue}
where parent_object_id = object_id('{bare}')
and col_name(parent_object_id, parent_column_id) = '{column}'
exec('alter table {table} drop constraint ' + @const_name)"""


@compiles(DropColumnForeignKey, "mssql")
def visit_drop_foreign_key(element: DropColumnForeignKey, compiler: MSSQLCompiler, **_: Any) -> str:
    """Write the look-up of a foreign key's name and its DROP."""
    bare, column, table = names(element, compiler)
    return f"""declare @const_name varchar(256)
select @const_name = QUOTENAME([name]) from
sys.foreign_keys fk join sys.foreign_key_columns fkc
on fk.object_id=fkc.constraint_object_id
where fkc.parent_object_id = object_id('{bare}')
and col_name(fkc.parent_object_id, fkc.parent_column_id) = '{column}'
exec('alter table {table} drop constraint ' + @const_name)"""


@compiles(ddl.AddColumn, "mssql")
def visit_add_column(element: ddl.AddColumn, compiler: MSDDLCompiler, **kw: Any) -> str:
    """Write ``ALTER TABLE … ADD …``, without the word COLUMN."""
    return f"{ddl.alter_table(compiler, element.table_name, element.schema)} {ddl.add_bare(element, compiler, **kw)}"


@compiles(ddl.ColumnType, "mssql")
def visit_column_type(element: ddl.ColumnType, compiler: MSDDLCompiler, **_: Any) -> str:
    """Write ``ALTER COLUMN`` with the type, and NULL or NOT NULL where that is known."""
    nullability = {None: "", True: " NULL", False: " NOT NULL"}[element.existing_nullable]
    return f"{ddl.altered(element, compiler)} {ddl.format_type(compiler, element.type_)}{nullability}"


@compiles(ddl.ColumnDefault, "mssql")
def visit_column_default(element: ddl.ColumnDefault, compiler: MSDDLCompiler, **_: Any) -> str:
    """Write ``ADD DEFAULT … FOR …``."""
    table = ddl.alter_table(compiler, element.table_name, element.schema)
    default = ddl.format_server_default(compiler, element.default)
    return f"{table} ADD DEFAULT {default} FOR {ddl.format_column_name(compiler, element.column_name)}"


@compiles(ddl.ColumnName, "mssql")
def visit_column_name(element: ddl.ColumnName, compiler: MSDDLCompiler, **_: Any) -> str:
    """Write ``sp_rename`` of a column."""
    table = ddl.format_table_name(compiler, element.table_name, element.schema)
    old = ddl.format_column_name(compiler, element.column_name)
    new = ddl.format_column_name(compiler, element.newname)
    return f"EXEC sp_rename '{quoted(f'{table}.{old}')}', {new}, 'COLUMN'"


@compiles(ddl.RenameTable, "mssql")
def visit_rename_table(element: ddl.RenameTable, compiler: MSDDLCompiler, **_: Any) -> str:
    """Write ``sp_rename`` of a table."""
    old = ddl.format_table_name(compiler, element.table_name, element.schema)
    new = ddl.format_table_name(compiler, element.new_table_name, None)
    return f"EXEC sp_rename '{quoted(old)}', {new}"


@compiles(ddl.ColumnComment, "mssql")
def visit_column_comment(element: ddl.ColumnComment, compiler: MSDDLCompiler, **_: Any) -> str:
    """Write the procedure that adds, updates or drops the description of a column."""
    quote = compiler.preparer.quote
    schema = quote(element.schema or compiler.dialect.default_schema_name or "dbo")
    place = f"'schema', {schema}, 'table', {quote(element.table_name)}, 'column', {quote(element.column_name)}"
    if element.comment is None:
        return f"exec sp_dropextendedproperty 'MS_Description', {place}"
    verb = "update" if element.existing_comment is not None else "add"
    return f"exec sp_{verb}extendedproperty 'MS_Description', N'{quoted(element.comment)}', {place}"
