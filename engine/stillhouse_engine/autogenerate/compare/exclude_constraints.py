"""Exclusion constraints (PostgreSQL), by their names and by what they say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData, Table, column, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.sql.elements import conv

from stillhouse_engine.autogenerate.compare.constraint_texts import Kind, TextComparison, ask_server, live_definitions
from stillhouse_engine.autogenerate.dispatch import DispatchPriority, PriorityDispatchResult

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Constraint

    from stillhouse_engine.autogenerate.context import AutogenContext
    from stillhouse_engine.autogenerate.plugins import Plugin
    from stillhouse_engine.operations import ops

KIND = Kind("exclude_constraint", "exclusion", "exclusion constraint", "x")
DEFINITION = re.compile(
    r"EXCLUDE USING (?P<using>\S+) \((?P<elements>.*?)\)(?: WHERE \((?P<where>.*)\))?"
    r"(?P<deferrable> DEFERRABLE)?(?P<deferred> INITIALLY DEFERRED)?$",
    re.DOTALL,
)
NAME = re.compile(r'[a-z_][a-z0-9_$]*$|"(?:[^"]|"")+"$')


def ask_for_excludes(
    autogen_context: AutogenContext,
    upgrade_ops: ops.UpgradeOps,  # noqa: ARG001 - one signature for all comparators
    schemas: set[str | None],
) -> PriorityDispatchResult:
    """Ask PostgreSQL how it would write the models' exclusion constraints."""
    ask_server(autogen_context, schemas, KIND, excludes_of)
    return PriorityDispatchResult.CONTINUE


def excludes_of(autogen_context: AutogenContext, table: Table) -> Iterator[ExcludeConstraint]:  # noqa: ARG001 - as checks_of
    """Yield a model's exclusion constraints."""
    yield from (item for item in table.constraints if isinstance(item, ExcludeConstraint))


def compare_excludes(  # noqa: PLR0917 - every comparator's signature
    autogen_context: AutogenContext,
    modify_table_ops: ops.ModifyTableOps,
    schema: str | None,
    tname: str,
    conn_table: Table | None,
    metadata_table: Table | None,
) -> PriorityDispatchResult:
    """Compare the exclusion constraints of a table that is in both."""
    if conn_table is None or metadata_table is None:
        return PriorityDispatchResult.CONTINUE
    definitions = live_definitions(autogen_context, schema, tname, KIND)
    live = {name: live_exclude(name, said, schema, tname) for name, said in definitions.items()}
    asked = {item: autogen_context.asked.get(item) for item in excludes_of(autogen_context, metadata_table)}
    models: dict[Constraint, str | None] = {
        item: answer if isinstance(answer, str) else None for item, answer in asked.items()
    }
    TextComparison(autogen_context, modify_table_ops, KIND, live, definitions).run(models)
    return PriorityDispatchResult.CONTINUE


def live_exclude(name: str, definition: str, schema: str | None, table: str) -> ExcludeConstraint:
    """Return a live exclusion constraint as SQLAlchemy's object, on a stand-in for its table.

    Raises:
        ValueError: the definition is of a form that PostgreSQL did not have so far.
    """
    parts = split(definition)
    elements = [(element(each[0]), each[1]) for each in parts["elements"]]
    constraint = ExcludeConstraint(
        *elements,
        name=conv(name),
        using=parts["using"],
        where=text(parts["where"]) if parts["where"] else None,
        deferrable=True if parts["deferrable"] else None,
        initially="DEFERRED" if parts["deferred"] else None,
    )
    Table(table, MetaData(), schema=schema).append_constraint(constraint)
    return constraint


def element(expression: str) -> Any:
    """Return a column for a name, text for an expression."""
    if NAME.match(expression):
        return column(expression.strip('"').replace('""', '"'))
    return text(expression)


def split(definition: str) -> dict[str, Any]:
    """Return the parts of a definition: the elements are pairs of an expression and an operator.

    Raises:
        ValueError: the definition is of a form that PostgreSQL did not have so far.
    """
    start = definition.find("(")
    end = closing(definition, start)
    found = DEFINITION.match(f"{definition[: start + 1]}){definition[end + 1 :]}")
    if found is None or start < 0:
        raise ValueError(f"unknown form of an exclusion constraint: {definition}")
    pairs = [each.rpartition(" WITH ") for each in listed(definition[start + 1 : end])]
    return {**found.groupdict(), "elements": [(expression, operator) for expression, _, operator in pairs]}


def closing(sql: str, start: int) -> int:
    """Return where the parenthesis that opens at a place is closed."""
    depth = 0
    for place in range(start, len(sql)):
        depth += (sql[place] == "(") - (sql[place] == ")")
        if depth == 0:
            return place
    return len(sql)


def listed(elements: str) -> list[str]:
    """Return elements one by one: split at commas outside of parentheses."""
    found, depth = [""], 0
    for sign in elements:
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            found.append("")
        else:
            found[-1] += sign
    return [each.strip() for each in found]


def setup(plugin: Plugin) -> None:
    """Register the comparators."""
    plugin.add_autogenerate_comparator(
        ask_for_excludes, "schema", "exclude_constraints", qualifier="postgresql", priority=DispatchPriority.FIRST
    )
    plugin.add_autogenerate_comparator(compare_excludes, "table", "exclude_constraints", qualifier="postgresql")
