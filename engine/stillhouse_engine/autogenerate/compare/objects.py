"""What the comparators of views, functions, triggers, sequences and enum types have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stillhouse_engine.operations import ops

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.schema.snapshot import SchemaObject

ENUM_VALUES, SEQUENCES, FUNCTIONS = -50, -40, -30
"""Places before the operations on tables, which use these."""
ENUM_SWAPS, LATE_FUNCTIONS, VIEWS, TRIGGERS = 10, 20, 30, 40
"""Places after them, because these use tables. What is dropped goes in the opposite place."""


def is_mysql(autogen_context: AutogenContext) -> bool:
    """Tell whether the database is MySQL or MariaDB, which SQLAlchemy knows by either name."""
    return autogen_context.dialect.name in {"mysql", "mariadb"}


def arrange(upgrade_ops: ops.UpgradeOps, added: Iterable[ops.SchemaObjectOp]) -> None:
    """Add operations, each before or after those on tables as it needs to be."""
    upgrade_ops.ops.extend(added)
    upgrade_ops.ops.sort(key=lambda each: each.place if isinstance(each, ops.SchemaObjectOp) else 0)


def place_of(autogen_context: AutogenContext, item: SchemaObject) -> tuple[str | None, str]:
    """Return schema and name of a live object; None for the default schema."""
    if is_mysql(autogen_context):
        schema = item.text("schema")
        return (None if schema == autogen_context.snapshot.schemas[0] else schema, item.text("bare"))
    found = {each.name for each in autogen_context.snapshot.of_kind("schema")}
    schema, dot, name = item.name.partition(".")
    return (schema, name) if dot and schema in found else (None, item.name)


def live_objects(
    autogen_context: AutogenContext, schemas: set[str | None], kind: str, type_: str | None = None
) -> dict[tuple[str | None, str], SchemaObject]:
    """Return the live objects of a kind in the chosen schemas that the project's filter lets through."""
    found = {}
    for item in autogen_context.snapshot.of_kind(kind):
        schema, name = place_of(autogen_context, item)
        if schema in schemas and autogen_context.run_name_filters(name, type_ or kind, {"schema_name": schema}):
            found[schema, name] = item
    return found


def accepts(autogen_context: AutogenContext, name: str, type_: str, model: Any, live: Any) -> bool:
    """Ask the project's filter whether something is to be compared: the model's side, or else the live one."""
    if model is None:
        return autogen_context.run_object_filters(live, name, type_, True, None)
    return autogen_context.run_object_filters(model, name, type_, False, live)


def sql_name(autogen_context: AutogenContext, schema: str | None, name: str) -> str:
    """Return a name as SQL has it."""
    quote = autogen_context.dialect.identifier_preparer.quote
    return f"{quote(schema)}.{quote(name)}" if schema else quote(name)


def full_name(schema: str | None, name: str) -> str:
    """Return a name as messages have it."""
    return f"{schema}.{name}" if schema else name
