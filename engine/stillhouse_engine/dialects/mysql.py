"""MySQL and MariaDB: most changes of a column state it whole, so its present state must be told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import DateTime, String
from sqlalchemy.exc import CompileError
from sqlalchemy.ext.compiler import compiles

from stillhouse_engine.dialects import ddl
from stillhouse_engine.dialects.comparing_mysql import MySQLComparisons
from stillhouse_engine.dialects.impl import DefaultImpl
from stillhouse_engine.dialects.mysql_offline import MySQLOfflineSink
from stillhouse_engine.errors import CommandError

if TYPE_CHECKING:
    from sqlalchemy import Constraint
    from sqlalchemy.sql.compiler import DDLCompiler
    from sqlalchemy.types import TypeEngine

DIALECTS = ("mysql", "mariadb")


class MySQLImpl(MySQLComparisons, DefaultImpl):
    """Carries out operations on MySQL."""

    __dialect__ = "mysql"

    transactional_ddl = False
    offline_sink = MySQLOfflineSink
    type_synonyms = (*DefaultImpl.type_synonyms, {"BOOL", "TINYINT"}, {"JSON", "LONGTEXT"})
    type_arg_extract = (r"character set ([\w\-_]+)", r"collate ([\w\-_]+)")

    @property
    def checks_share_names(self) -> bool:
        """Whether the name of a CHECK is taken for all tables of its schema: on MySQL, not on MariaDB."""
        return not getattr(self.dialect, "is_mariadb", False)

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
        autoincrement: bool | None = None,
        existing_autoincrement: bool | None = None,
        comment: str | Literal[False] | None = False,
        existing_comment: str | None = None,
        **_: Any,
    ) -> None:
        """Change a column, in one statement that says all of it."""
        known = {
            "schema": schema,
            "existing_type": existing_type,
            "existing_server_default": existing_server_default,
            "existing_nullable": existing_nullable,
        }
        if server_default is not False:
            self.refuse_generated(table_name, column_name, server_default, known)
        final_type = type_ if type_ is not None else existing_type
        default = server_default if server_default is not False else existing_server_default
        modified = comment is not False or any(each is not None for each in (nullable, type_, autoincrement))
        # Only CHANGE takes defaults like CURRENT_TIMESTAMP on every version; it states the type, so it must be known.
        timed = (modified or server_default is not False) and server_default is not None and is_timed(final_type)
        if name is None and not timed and not modified:
            if server_default is not False:
                self._exec(MySQLAlterDefault(table_name, column_name, server_default, schema=schema))
            return
        kind = MySQLChangeColumn if name is not None or timed else MySQLModifyColumn
        self._exec(
            kind(
                table_name,
                column_name,
                schema=schema,
                newname=name if name is not None else column_name,
                nullable=next((each for each in (nullable, existing_nullable) if each is not None), True),
                type_=final_type,
                default=default,
                autoincrement=autoincrement if autoincrement is not None else existing_autoincrement,
                comment=comment if comment is not False else existing_comment,
            )
        )

    def refuse_generated(self, table: str, column: str, default: Any, known: dict[str, Any]) -> None:
        """Refuse to make a column computed or an identity.

        Raises:
            CompileError: that is what is asked.
        """
        for change in self.default_changes(table, column, default, known):
            if isinstance(change, ddl.ComputedColumnDefault | ddl.IdentityColumnDefault):
                change.compile(dialect=self.dialect)

    def drop_constraint(self, const: Constraint, **kw: Any) -> None:
        """Drop a constraint; the CHECK of a type is left, because older servers never made it.

        Raises:
            NotImplementedError: the kind of constraint is not told.
        """
        if getattr(const, "_type_bound", False):
            return
        if const.__visit_name__ == "constraint":
            raise NotImplementedError("No generic 'DROP CONSTRAINT' in MySQL - please specify constraint type")
        kw.pop("if_exists", None)  # MySQL has no such clause
        super().drop_constraint(const, **kw)


class MariaDBImpl(MySQLImpl):
    """Carries out operations on MariaDB."""

    __dialect__ = "mariadb"


def is_timed(type_: Any) -> bool:
    """Tell whether a column is a point in time, the kind that may have CURRENT_TIMESTAMP for a default."""
    if type_ is None:
        return False
    affinity = ddl.type_instance(type_)._type_affinity  # noqa: SLF001 - SQLAlchemy's kinds of types
    return affinity is not None and issubclass(affinity, DateTime)


class MySQLAlterDefault(ddl.AlterColumn):
    """Sets or removes a default and leaves the rest of the column alone."""

    def __init__(self, name: str, column_name: str, default: Any, schema: str | None = None) -> None:
        super().__init__(name, column_name, schema=schema)
        self.default = default


class MySQLChangeColumn(ddl.AlterColumn):
    """States a column whole, under a new name."""

    def __init__(  # noqa: PLR0917 - Alembic's signature
        self,
        name: str,
        column_name: str,
        schema: str | None = None,
        newname: str | None = None,
        type_: Any | None = None,
        nullable: bool | None = None,
        default: Any = False,
        autoincrement: bool | None = None,
        comment: str | Literal[False] | None = False,
    ) -> None:
        super().__init__(name, column_name, schema=schema)
        if type_ is None:
            raise CommandError("All MySQL CHANGE/MODIFY COLUMN operations require the existing type.")
        self.newname = newname
        self.nullable = nullable
        self.default = default
        self.autoincrement = autoincrement
        self.comment = comment
        self.type_ = ddl.type_instance(type_)


class MySQLModifyColumn(MySQLChangeColumn):
    """States a column whole."""


def column_specification(element: MySQLChangeColumn, compiler: DDLCompiler) -> str:
    """Return type, nullability, default and comment of a column."""
    words = [ddl.format_type(compiler, element.type_), "NULL" if element.nullable else "NOT NULL"]
    if element.autoincrement:
        words.append("AUTO_INCREMENT")
    if element.default is not False and element.default is not None:
        words.append(f"DEFAULT {ddl.format_server_default(compiler, element.default)}")
    if element.comment is not None and element.comment is not False:
        words.append(f"COMMENT {compiler.sql_compiler.render_literal_value(element.comment, String())}")
    return " ".join(words)


@compiles(MySQLAlterDefault, *DIALECTS)
def visit_alter_default(element: MySQLAlterDefault, compiler: DDLCompiler, **_: Any) -> str:
    """Write ``ALTER COLUMN … SET DEFAULT …`` or ``DROP DEFAULT``."""
    if element.default is None:
        return f"{ddl.altered(element, compiler)} DROP DEFAULT"
    return f"{ddl.altered(element, compiler)} SET DEFAULT {ddl.format_server_default(compiler, element.default)}"


@compiles(MySQLModifyColumn, *DIALECTS)
def visit_modify_column(element: MySQLModifyColumn, compiler: DDLCompiler, **_: Any) -> str:
    """Write ``ALTER TABLE … MODIFY …``."""
    table = ddl.alter_table(compiler, element.table_name, element.schema)
    column = ddl.format_column_name(compiler, element.column_name)
    return f"{table} MODIFY {column} {column_specification(element, compiler)}"


@compiles(MySQLChangeColumn, *DIALECTS)
def visit_change_column(element: MySQLChangeColumn, compiler: DDLCompiler, **_: Any) -> str:
    """Write ``ALTER TABLE … CHANGE …``."""
    table = ddl.alter_table(compiler, element.table_name, element.schema)
    old = ddl.format_column_name(compiler, element.column_name)
    new = ddl.format_column_name(compiler, element.newname or element.column_name)
    return f"{table} CHANGE {old} {new} {column_specification(element, compiler)}"


@compiles(ddl.ColumnNullable, *DIALECTS)
@compiles(ddl.ColumnName, *DIALECTS)
@compiles(ddl.ColumnDefault, *DIALECTS)
@compiles(ddl.ColumnType, *DIALECTS)
def refuse_individual(_element: ddl.AlterColumn, _compiler: DDLCompiler, **_: Any) -> str:
    """Refuse: a column's attributes do not change one by one here."""
    raise CompileError("Individual alter column constructs not supported by MySQL")
