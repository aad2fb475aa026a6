"""Constraints as Python source: inside CREATE TABLE."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.sql.elements import ColumnClause

from stillhouse_engine.autogenerate.dispatch import QualifiedDispatcher
from stillhouse_engine.autogenerate.render.expressions import potential_expression
from stillhouse_engine.autogenerate.render.indexes import option_sources
from stillhouse_engine.autogenerate.render.registry import (
    code_name,
    keywords,
    plain,
    sqlalchemy_prefix,
    user_rendering,
)

if TYPE_CHECKING:
    from sqlalchemy import Constraint, ForeignKey, MetaData

    from stillhouse_engine.autogenerate.context import AutogenContext

constraint_renderers = QualifiedDispatcher()
"""The functions by the class of constraint that they render inside CREATE TABLE."""


def constraint_source(
    constraint: Constraint, autogen_context: AutogenContext, namespace_metadata: MetaData | None
) -> Any:
    """Return a constraint as Python source; None where it is left out."""
    try:
        render = constraint_renderers.dispatch(constraint)
    except ValueError:
        return f"[Unknown Python object {constraint!r}]"
    return render(constraint, autogen_context, namespace_metadata)


def name_option(constraint: Constraint, autogen_context: AutogenContext) -> list[str]:
    """Return the constraint's name as an argument, where it has one."""
    name = code_name(autogen_context, constraint.name)
    return [f"name={name!r}"] if name is not None else []


def timing(constraint: Any) -> dict[str, Any]:
    """Return when a constraint is checked, as far as it says."""
    said = {"deferrable": constraint.deferrable, "initially": constraint.initially}
    return {name: value for name, value in said.items() if value}


@constraint_renderers.dispatch_for(PrimaryKeyConstraint)
def primary_key(
    constraint: PrimaryKeyConstraint,
    autogen_context: AutogenContext,
    namespace_metadata: MetaData | None,  # noqa: ARG001 - one signature for all constraints
) -> Any:
    """Render a primary key; one without columns is none."""
    rendered = user_rendering("primary_key", constraint, autogen_context)
    if rendered is not False:
        return rendered
    if not constraint.columns:
        return None
    parts = [repr(plain(column.name)) for column in constraint.columns]
    parts += name_option(constraint, autogen_context)
    return f"{sqlalchemy_prefix(autogen_context)}PrimaryKeyConstraint({', '.join(parts)})"


@constraint_renderers.dispatch_for(UniqueConstraint)
def unique(
    constraint: UniqueConstraint,
    autogen_context: AutogenContext,
    namespace_metadata: MetaData | None,  # noqa: ARG001 - one signature for all constraints
) -> Any:
    """Render a unique constraint."""
    rendered = user_rendering("unique", constraint, autogen_context)
    if rendered is not False:
        return rendered
    parts = [repr(plain(column.name)) for column in constraint.columns]
    parts += [*keywords(timing(constraint)), *name_option(constraint, autogen_context)]
    parts += option_sources(constraint.dialect_kwargs, autogen_context)
    return f"{sqlalchemy_prefix(autogen_context)}UniqueConstraint({', '.join(parts)})"


@constraint_renderers.dispatch_for(CheckConstraint)
def check(
    constraint: CheckConstraint,
    autogen_context: AutogenContext,
    namespace_metadata: MetaData | None,  # noqa: ARG001 - one signature for all constraints
) -> Any:
    """Render a CHECK; that of a column's type comes with the type."""
    rendered = user_rendering("check", constraint, autogen_context)
    if rendered is not False:
        return rendered
    if getattr(constraint, "_type_bound", False):
        return None
    parts = [potential_expression(constraint.sqltext, autogen_context, wrap_in_element=False)]
    parts += name_option(constraint, autogen_context)
    parts += option_sources(constraint.dialect_kwargs, autogen_context)
    return f"{sqlalchemy_prefix(autogen_context)}CheckConstraint({', '.join(parts)})"


@constraint_renderers.dispatch_for(ForeignKeyConstraint)
def foreign_key(
    constraint: ForeignKeyConstraint, autogen_context: AutogenContext, namespace_metadata: MetaData | None
) -> Any:
    """Render a foreign key."""
    rendered = user_rendering("foreign_key", constraint, autogen_context)
    if rendered is not False:
        return rendered
    local = ", ".join(repr(plain(element.parent.name)) for element in constraint.elements)
    remote = ", ".join(repr(referent(element, namespace_metadata)) for element in constraint.elements)
    options = name_option(constraint, autogen_context) + keywords(foreign_key_options(constraint))
    options += option_sources(constraint.dialect_kwargs, autogen_context)
    prefix = sqlalchemy_prefix(autogen_context)
    return f"{prefix}ForeignKeyConstraint([{local}], [{remote}], {', '.join(options)})"


def foreign_key_options(constraint: ForeignKeyConstraint) -> dict[str, Any]:
    """Return the rules of a foreign key, as far as it says."""
    names = ("onupdate", "ondelete", "initially", "deferrable", "use_alter", "match")
    return {name: value for name in names if (value := getattr(constraint, name))}


def referent(key: ForeignKey, namespace_metadata: MetaData | None) -> str:
    """Return what a foreign key points to, by the column's name even where the models know it by another key."""
    table, _, column = key.target_fullname.rpartition(".")
    if namespace_metadata is None:
        return f"{table}.{column}"
    if namespace_metadata.schema is not None and "." not in table and table not in namespace_metadata.tables:
        table = f"{namespace_metadata.schema}.{table}"
    if table in namespace_metadata.tables:
        known = namespace_metadata.tables[table].c
        column = plain(known[column].name) if column in known else column
    return f"{table}.{column}"


@constraint_renderers.dispatch_for(ExcludeConstraint)
def exclude(
    constraint: ExcludeConstraint,
    autogen_context: AutogenContext,
    namespace_metadata: MetaData | None,  # noqa: ARG001 - one signature for all constraints
) -> Any:
    """Render an exclusion constraint."""
    rendered = user_rendering("exclude", constraint, autogen_context)
    if rendered is not False:
        return rendered
    autogen_context.imports.add("from sqlalchemy.dialects import postgresql")
    parts = exclude_arguments(constraint, autogen_context) + name_option(constraint, autogen_context)
    return f"postgresql.ExcludeConstraint({', '.join(parts)})"


def exclude_arguments(constraint: ExcludeConstraint, autogen_context: AutogenContext) -> list[str]:
    """Return the elements and options of an exclusion constraint, but for its name."""
    parts = [
        f"({exclude_element(expression, name, autogen_context)}, {operator!r})"
        for expression, name, operator in constraint._render_exprs  # noqa: SLF001 - SQLAlchemy offers no other way to read them
    ]
    if constraint.where is not None:
        parts.append(f"where={potential_expression(constraint.where, autogen_context)}")
    told = {"deferrable": constraint.deferrable, "initially": constraint.initially, "using": constraint.using}
    return parts + [f"{name}={str(value)!r}" for name, value in told.items() if value]


def exclude_element(expression: Any, name: str | None, autogen_context: AutogenContext) -> str:
    """Return one element of an exclusion constraint; a column by its name, because its table is not there yet."""
    if isinstance(expression, Column) or (isinstance(expression, ColumnClause) and not expression.is_literal):
        return f"{sqlalchemy_prefix(autogen_context)}column({plain(name or expression.name)!r})"
    return potential_expression(expression, autogen_context)
