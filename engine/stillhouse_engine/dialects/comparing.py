"""What a dialect has to say when models are compared with a live schema.

These are hooks: autogenerate calls them, built-in and third-party implementations override them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from stillhouse_engine.dialects.comparing_constraints import compare_indexes, compare_unique_constraints
from stillhouse_engine.dialects.comparing_results import ComparisonResult
from stillhouse_engine.dialects.comparing_types import TypeWords, same_type, type_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import (
        CheckConstraint,
        Column,
        Dialect,
        ForeignKeyConstraint,
        Identity,
        Index,
        Inspector,
        Table,
        UniqueConstraint,
    )
    from sqlalchemy.sql.elements import ClauseElement
    from sqlalchemy.types import TypeEngine

IDENTITY_ATTRIBUTES = (
    "always",
    "on_null",
    "start",
    "increment",
    "minvalue",
    "maxvalue",
    "nominvalue",
    "nomaxvalue",
    "cycle",
    "cache",
    "order",
)


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

    def type_words(self, column: Column[Any]) -> TypeWords:
        """Return a column's type as words that can be compared."""
        return type_words(self.type_sql(column.type), tuple(self.type_arg_extract))

    def type_sql(self, type_: TypeEngine[Any]) -> str:
        """Return a type's SQL as it is compared."""
        return self.dialect.type_compiler_instance.process(type_)

    def compare_type(self, inspector_column: Column[Any], metadata_column: Column[Any]) -> bool:
        """Tell whether two columns' types differ."""
        live, model = self.type_words(inspector_column), self.type_words(metadata_column)
        return not same_type(live, model, self.type_synonyms)

    def compare_indexes(self, metadata_index: Index, reflected_index: Index) -> ComparisonResult:
        """Compare two indexes of the same name."""
        return compare_indexes(metadata_index, reflected_index)

    def compare_unique_constraint(
        self, metadata_constraint: UniqueConstraint, reflected_constraint: UniqueConstraint
    ) -> ComparisonResult:
        """Compare two unique constraints of the same name."""
        return compare_unique_constraints(metadata_constraint, reflected_constraint)

    def compare_check_constraint(
        self,
        metadata_constraint: CheckConstraint,  # noqa: ARG002 - a hook
        reflected_constraint: CheckConstraint,  # noqa: ARG002 - a hook
    ) -> ComparisonResult:
        """Compare two CHECKs of the same name: their text is the database's own, and is not compared."""
        return ComparisonResult.Equal()

    def compare_identity(self, metadata_identity: Identity | None, inspector_identity: Identity | None) -> set[str]:
        """Return the attributes in which two identities differ, as far as the models say; None is no identity."""
        names = set(IDENTITY_ATTRIBUTES) - set(self.identity_attrs_ignore)
        differing = {
            name
            for name in names
            if name != "always"
            and (wanted := getattr(metadata_identity, name, None)) is not None
            and wanted != getattr(inspector_identity, name, None)
        }
        if bool(getattr(metadata_identity, "always", None)) != bool(getattr(inspector_identity, "always", None)):
            differing.add("always")
        return differing

    def normalise_computed(self, sqltext: str) -> str:
        """Return a computation so that the database's way to write it compares equal to the models'."""
        return re.sub(r"[ \(\)'\"`\[\]\t\r\n]", "", sqltext).lower()

    def compare_server_default(
        self,
        inspector_column: Column[Any],  # noqa: ARG002 - a hook
        metadata_column: Column[Any],  # noqa: ARG002 - a hook
        rendered_metadata_default: str | None,
        rendered_inspector_default: str | None,
    ) -> bool:
        """Tell whether two columns' server defaults differ."""
        return rendered_inspector_default != rendered_metadata_default
