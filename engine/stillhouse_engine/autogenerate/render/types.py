"""Types as Python source, with the imports that they need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects.postgresql import DOMAIN
from sqlalchemy.types import TypeDecorator, TypeEngine

from stillhouse_engine.autogenerate.render.expressions import potential_expression
from stillhouse_engine.autogenerate.render.registry import keywords, sqlalchemy_prefix, user_rendering

if TYPE_CHECKING:
    from stillhouse_engine.autogenerate.context import AutogenContext

DIALECTS = "sqlalchemy.dialects."
INNER_TYPES = ("item_type", "astext_type", "text_type", "data_type")
"""Attributes that hold a type within a type: ARRAY, JSON, HSTORE, DOMAIN."""


def type_source(type_: TypeEngine[Any], autogen_context: AutogenContext, _skip_variants: bool = False) -> str:
    """Return a type as Python source.

    Args:
        type_: the type.
        autogen_context: what is known; its imports are added to.
        _skip_variants: leave out what the type is on other dialects.
    """
    for rendered in (
        user_rendering("type", type_, autogen_context),
        autogen_context.migration_context.impl.render_type(type_, autogen_context),
    ):
        if rendered is not False:
            return str(rendered)
    module = type(type_).__module__
    # Asked in this order: a variant of a type is told by the type that it is a variant of.
    if not _skip_variants and type_._variant_mapping:  # noqa: SLF001 - SQLAlchemy offers no other way to read them
        return with_variants(type_, autogen_context)
    source = with_inner_types(type_, autogen_context)
    if module.startswith(DIALECTS):
        dialect = module.removeprefix(DIALECTS).partition(".")[0]
        autogen_context.imports.add(f"from sqlalchemy.dialects import {dialect}")
        return f"{dialect}.{source}"
    if module.startswith("sqlalchemy."):
        return f"{sqlalchemy_prefix(autogen_context)}{source}"
    return f"{user_prefix(autogen_context, type_)}{source}"


def user_prefix(autogen_context: AutogenContext, target: Any) -> str:
    """Return what stands before a name of the project's own: the configured prefix, else its module."""
    prefix: str | None = autogen_context.opts.get("user_module_prefix")
    return f"{type(target).__module__}." if prefix is None else prefix


def with_inner_types(type_: TypeEngine[Any], autogen_context: AutogenContext) -> str:
    """Return a type's ``repr()``, in which types within it are told in full."""
    if isinstance(type_, TypeDecorator):
        return repr(type_)
    source = domain(type_, autogen_context) if isinstance(type_, DOMAIN) else repr(type_)
    for attribute in INNER_TYPES:
        inner = getattr(type_, attribute, None)
        if isinstance(inner, TypeEngine):
            source = source.replace(repr(inner), type_source(inner, autogen_context), 1)
    return source


def with_variants(type_: TypeEngine[Any], autogen_context: AutogenContext) -> str:
    """Return a type with its variants for other dialects."""
    source = type_source(type_, autogen_context, _skip_variants=True)
    for dialect, variant in sorted(type_._variant_mapping.items()):  # noqa: SLF001 - as above
        source += f".with_variant({type_source(variant, autogen_context)}, {dialect!r})"
    return source


def domain(type_: DOMAIN, autogen_context: AutogenContext) -> str:
    """Return a domain with all that it says, of which its ``repr()`` leaves out the most."""
    parts = [repr(type_.name), repr(type_.data_type)]
    parts += keywords({"collation": type_.collation} if type_.collation is not None else {})
    if type_.default is not None:
        parts.append(f"default={potential_expression(type_.default, autogen_context)}")
    parts += keywords({"constraint_name": type_.constraint_name} if type_.constraint_name is not None else {})
    parts += ["not_null=True"] if type_.not_null else []
    parts += keywords({"check": str(type_.check)} if type_.check is not None else {})
    parts += keywords({"schema": type_.schema} if type_.schema is not None else {})
    parts += [] if type_.create_type else ["create_type=False"]
    return f"DOMAIN({', '.join(parts)})"
