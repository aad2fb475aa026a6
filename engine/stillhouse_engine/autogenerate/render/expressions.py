"""SQL expressions, server defaults, identities and computations as Python source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Computed, DefaultClause, Identity
from sqlalchemy.schema import FetchedValue
from sqlalchemy.sql.elements import ClauseElement, Label, TextClause

from stillhouse_engine.autogenerate.render.registry import keywords, plain, sqlalchemy_prefix, user_rendering

if TYPE_CHECKING:
    from sqlalchemy import Dialect

    from stillhouse_engine.autogenerate.context import AutogenContext

IDENTITY_OPTIONS = ("start", "increment", "minvalue", "maxvalue", "nominvalue", "nomaxvalue", "cycle", "cache")
ORACLE_IDENTITY_OPTIONS = ("order", "on_null")
"""Plain arguments of ``Identity`` in SQLAlchemy 2.0; dialect options (``oracle_order``) since 2.1."""


def sql_text(
    value: Any, autogen_context: AutogenContext, *, is_server_default: bool = False, is_index: bool = False
) -> str:
    """Return an expression as SQL of the dialect."""
    options = {"is_index": True} if is_index else {}
    rendered = autogen_context.migration_context.impl.render_ddl_sql_expr(
        value, is_server_default=is_server_default, **options
    )
    return str(rendered)


def undoubled(sql: str, dialect: Dialect) -> str:
    """Return compiled SQL as it is meant: some drivers want percent signs twice, and only they do."""
    return sql.replace("%%", "%") if dialect.identifier_preparer._double_percents else sql  # noqa: SLF001 - SQLAlchemy tells it nowhere else


def potential_expression(
    value: Any,
    autogen_context: AutogenContext,
    *,
    wrap_in_element: bool = True,
    is_server_default: bool = False,
    is_index: bool = False,
) -> str:
    """Return a value as Python source; an SQL expression as ``sa.text(…)``, in an index as ``sa.literal_column(…)``.

    Args:
        value: what to render.
        autogen_context: what is known.
        wrap_in_element: whether to say more than the bare SQL.
        is_server_default: whether it is a server default.
        is_index: whether it is an element of an index.
    """
    if not isinstance(value, ClauseElement):
        return repr(plain(value))
    label = ""
    if is_index and isinstance(value, Label):
        label, value = f".label({plain(value.name)!r})", value.element
    options = {"is_server_default": is_server_default, "is_index": is_index and not isinstance(value, TextClause)}
    text = repr(undoubled(sql_text(value, autogen_context, **options), autogen_context.dialect))
    if not wrap_in_element:
        return text
    element = "literal_column" if is_index else "text"
    return f"{sqlalchemy_prefix(autogen_context)}{element}({text}){label}"


def stands_by_itself(server_default: Any) -> bool:
    """Tell whether a server default is an item of the column of its own, rather than a keyword."""
    return isinstance(server_default, Computed | Identity)


def server_default(default: Any, autogen_context: AutogenContext) -> Any:
    """Return a server default as Python source; None where there is none."""
    rendered = user_rendering("server_default", default, autogen_context)
    if rendered is not False:
        return rendered
    if isinstance(default, Computed):
        return computed(default, autogen_context)
    if isinstance(default, Identity):
        return identity(default, autogen_context)
    if isinstance(default, DefaultClause):
        return value_source(default.arg, autogen_context)
    if isinstance(default, FetchedValue):
        return f"{sqlalchemy_prefix(autogen_context)}FetchedValue()"
    return None if default is None else value_source(default, autogen_context)


def value_source(value: Any, autogen_context: AutogenContext) -> str:
    """Return the value of a default: text as it is, an expression as SQL."""
    return (
        repr(value) if isinstance(value, str) else potential_expression(value, autogen_context, is_server_default=True)
    )


def computed(item: Computed, autogen_context: AutogenContext) -> str:
    """Return a computation as Python source."""
    text = potential_expression(item.sqltext, autogen_context, wrap_in_element=False)
    options = "" if item.persisted is None else f"persisted={item.persisted}"
    return f"{sqlalchemy_prefix(autogen_context)}Computed({text}, {options})"


def identity(item: Identity, autogen_context: AutogenContext) -> str:
    """Return an identity as Python source."""
    spoken = getattr(item, "dialect_kwargs", None)
    names = IDENTITY_OPTIONS + (ORACLE_IDENTITY_OPTIONS if spoken is None else ())
    told = {name: value for name in names if (value := getattr(item, name, None)) is not None}
    options = {"always": bool(item.always), **told, **(spoken or {})}
    return f"{sqlalchemy_prefix(autogen_context)}Identity({', '.join(keywords(options))})"
