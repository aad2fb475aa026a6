"""What a dialect has to say when models are compared with a live schema.

These are hooks: autogenerate calls them, built-in and third-party implementations override them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Column, Dialect, ForeignKeyConstraint, Index, Inspector, Table, UniqueConstraint
    from sqlalchemy.sql.elements import ClauseElement
    from sqlalchemy.types import TypeEngine


class Comparisons:
    """The hooks of autogenerate, with what holds for most dialects."""

    dialect: Dialect

    type_synonyms: tuple[set[str], ...] = ({"NUMERIC", "DECIMAL"},)
    """Names of types that a database takes for the same."""

    type_arg_extract: Sequence[str] = ()
    """Patterns of what stands in a type besides its name and arguments."""

    identity_attrs_ignore: tuple[str, ...] = ("order", "on_null")
    """Attributes of an identity that the database cannot tell."""

    def render_type(self, type_obj: TypeEngine[Any], autogen_context: Any) -> str | Literal[False]:  # noqa: ARG002 - a hook
        """Return a type as Python source; False leaves it to the renderer."""
        return False

    def render_ddl_sql_expr(self, expr: ClauseElement, is_server_default: bool = False, **_: Any) -> str:  # noqa: ARG002 - a hook
        """Return an expression as it stands in DDL."""
        return str(expr.compile(dialect=self.dialect, compile_kwargs={"literal_binds": True, "include_table": False}))

    def autogen_column_reflect(self, inspector: Inspector, table: Table, column_info: Any) -> None:
        """Correct what reflection says of a column."""

    def correct_for_autogen_constraints(
        self,
        conn_uniques: set[UniqueConstraint],
        conn_indexes: set[Index],
        metadata_unique_constraints: set[UniqueConstraint],
        metadata_indexes: set[Index],
    ) -> None:
        """Correct the constraints and indexes of both sides before they are compared."""

    def correct_for_autogen_foreignkeys(
        self, conn_fks: set[ForeignKeyConstraint], metadata_fks: set[ForeignKeyConstraint]
    ) -> None:
        """Correct the foreign keys of both sides before they are compared."""

    def adjust_reflected_dialect_options(self, reflected_object: Any, kind: str) -> dict[str, Any]:  # noqa: ARG002 - a hook
        """Return the dialect's options of a reflected index or constraint, without what the database adds itself."""
        options: dict[str, Any] = reflected_object.get("dialect_options", {})
        return options

    def compare_type(self, inspector_column: Column[Any], metadata_column: Column[Any]) -> bool:
        """Tell whether two columns' types differ."""
        compiler = self.dialect.type_compiler_instance
        return compiler.process(inspector_column.type) != compiler.process(metadata_column.type)

    def compare_server_default(
        self,
        inspector_column: Column[Any],  # noqa: ARG002 - a hook
        metadata_column: Column[Any],  # noqa: ARG002 - a hook
        rendered_metadata_default: str | None,
        rendered_inspector_default: str | None,
    ) -> bool:
        """Tell whether two columns' server defaults differ."""
        return rendered_inspector_default != rendered_metadata_default
