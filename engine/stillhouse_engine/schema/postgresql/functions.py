"""The statements that make functions, procedures and aggregates on PostgreSQL, and when they can be made."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stillhouse_engine.schema.actions import Action
from stillhouse_engine.schema.postgresql.dependants import NAME, VIEWS, has_standard_body, uses, view_depth
from stillhouse_engine.schema.postgresql.phases import Phase

if TYPE_CHECKING:
    from stillhouse_engine.schema.snapshot import SchemaObject, Snapshot

DEFINED = re.compile(rf"(CREATE OR REPLACE )(?:FUNCTION|PROCEDURE) {NAME.pattern}(?=\()")
"""How the server begins a function's definition: with the name of its schema."""


def function_statement(item: SchemaObject) -> str:
    """Return CREATE OR REPLACE FUNCTION without the function's own schema, or CREATE AGGREGATE."""
    if item.kind == "aggregate":
        return f"CREATE AGGREGATE {item.text('signature')} ({item.text('aggregate')})"
    match = DEFINED.match(item.text("create"))
    verb, tail = (match[1], item.text("create")[match.end() :]) if match else ("CREATE OR REPLACE ", "")
    return f"{verb}{item.kind.upper()} {item.text('bare')}{tail}".rstrip()


def function_place(item: SchemaObject, schema: Snapshot) -> tuple[Phase, int]:
    """Return when a function can be made: after what it names outside of a body that is only text."""
    if any(uses(item, view) for view in schema.of_kind(*VIEWS)):
        return Phase.CREATE_VIEW, view_depth(item, schema)
    signature = f"{item.text('arguments')} {item.text('result')}"
    words = set(re.findall(r'"[^"]+"|\w+', signature))
    needs_relation = any(relation.text("sql") in words for relation in schema.of_kind("table", *VIEWS))
    late = needs_relation or has_standard_body(item) or item.kind == "aggregate"
    return Phase.CREATE_LATE_FUNCTION if late else Phase.CREATE_FUNCTION, int(item.kind == "aggregate")


def placeholder(item: SchemaObject) -> Action:
    """Return what makes a function that uses nothing, so that what it uses can change, and what uses it can stay."""
    result = f" RETURNS {item.text('result')}" if item.text("result") else ""
    head = f"{item.kind.upper()} {item.text('bare')}({item.text('arguments')}){result}"
    return Action(Phase.DROP_TRIGGER, 0, f"CREATE OR REPLACE {head} LANGUAGE sql AS 'SELECT NULL'")
